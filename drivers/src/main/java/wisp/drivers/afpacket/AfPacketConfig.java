package wisp.drivers.afpacket;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.LinkException;
import wisp.core.spi.Parameter;
import wisp.core.spi.Parameters;
import wisp.drivers.StationAddress;
import wisp.drivers.linux.NetworkInterface;

/**
 * What an {@link AfPacketLink} is to be like.
 *
 * @param name of the interface
 * @param slots frames that the kernel may hold for us
 * @param slotBytes room for each of them, with what the kernel writes before it
 * @param netns name or path of the interface's network namespace; empty: the caller's
 * @param hardwareAddress ours, 48 bits; {@link #MADE} or {@link #OF_INTERFACE}
 * @param mtu of the IP packet, in bytes; 0: the interface's
 * @param offload whether checksums and segmentation are left to the interface
 * @param bypass whether frames pass by the interface's queueing discipline
 * @param fanout who shares the interface with us; null: nobody
 */
public record AfPacketConfig(
    String name,
    int slots,
    int slotBytes,
    String netns,
    long hardwareAddress,
    int mtu,
    boolean offload,
    boolean bypass,
    @Nullable Fanout fanout) {

  /** One made from the interface's name and its own address. */
  static final long MADE = 0;

  /** The interface's own. */
  static final long OF_INTERFACE = -1;

  static final List<Parameter> PARAMETERS =
      List.of(
          new Parameter("name", "", "interface", "whose frames; first item: afpacket:eth0"),
          new Parameter("frames", "256", "frames", "that the kernel may hold for us"),
          new Parameter(
              "slot",
              String.valueOf(RingShape.USUAL_SLOT_BYTES),
              "bytes",
              "room for each; less will do where nobody sends more than the MTU: 2Ki"),
          new Parameter(
              "netns", "", "name or path", "network namespace of the interface; empty: ours"),
          new Parameter(
              "mac",
              "",
              "address like 02:00:00:00:00:01, or interface",
              "our hardware address; empty: one made from the interface's name and address"),
          new Parameter("mtu", "", "bytes", "largest IP packet; empty: the interface's"),
          new Parameter(
              "offload",
              "on",
              "on|off",
              "packets up to 64 KiB leave uncut and with a partial checksum"),
          new Parameter(
              "bypass",
              "on",
              "on|off",
              "frames pass by the interface's queueing discipline (and by tcpdump on it)"),
          new Parameter(
              "fanout",
              "",
              "GROUP[/hash|cbpf]",
              "links of one group share the interface, each connection at one of them"));

  private static final int MOST_SLOTS = 1 << 20;

  /** The kernel takes what a ring asks for from all other processes, before it refuses. */
  private static final long MOST_RING_BYTES = 1L << 30;

  private static final int SMALLEST_MTU = 576;
  private static final int LARGEST_MTU = 65_535;
  private static final String INTERFACE = "interface";

  /** Checks what would bring down the machine. */
  public AfPacketConfig {
    long bytes = RingShape.of(slots, slotBytes).bytes();
    if (bytes > MOST_RING_BYTES) {
      throw new IllegalArgumentException(
          "frames="
              + slots
              + " of slot="
              + slotBytes
              + " bytes take "
              + (bytes >> 20)
              + " MiB of the kernel's memory; use fewer, or smaller ones: 1024 MiB are the most");
    }
  }

  /**
   * Reads the user's parameters.
   *
   * @throws IllegalArgumentException in one line for the user
   */
  public static AfPacketConfig of(Map<String, String> given) {
    Parameters values = Parameters.of("afpacket", PARAMETERS, given);
    if (values.text("name").isEmpty()) {
      throw new IllegalArgumentException(
          "afpacket needs the name of an interface, like afpacket:eth0");
    }
    return new AfPacketConfig(
        values.text("name"),
        (int) values.number("frames", 2, MOST_SLOTS),
        (int) values.number("slot", RingShape.LEAST_SLOT_BYTES, RingShape.MOST_SLOT_BYTES),
        values.text("netns"),
        hardwareAddress(values.text("mac")),
        values.text("mtu").isEmpty() ? 0 : (int) values.number("mtu", SMALLEST_MTU, LARGEST_MTU),
        values.isOn("offload"),
        values.isOn("bypass"),
        Fanout.parse(values.text("fanout")));
  }

  /** The same with others that share the interface. */
  AfPacketConfig withFanout(Fanout others) {
    return new AfPacketConfig(
        name, slots, slotBytes, netns, hardwareAddress, mtu, offload, bypass, others);
  }

  private static long hardwareAddress(String text) {
    return switch (text) {
      case "" -> MADE;
      case INTERFACE -> OF_INTERFACE;
      default -> StationAddress.parse(text);
    };
  }

  /** Our hardware address on an interface. Two machines' interfaces of one name differ. */
  long hardwareAddressOn(NetworkInterface device) {
    if (hardwareAddress == OF_INTERFACE) {
      return device.hardwareAddress();
    }
    return hardwareAddress == MADE
        ? StationAddress.madeFrom(device.name() + '@' + device.hardwareAddress())
        : hardwareAddress;
  }

  /**
   * The MTU that we may use on an interface.
   *
   * @throws LinkException when it is not wide enough, or a frame of it does not fit a slot
   */
  int mtuOn(NetworkInterface device) throws LinkException {
    if (mtu > device.mtu()) {
      throw new LinkException(
          label()
              + " has an MTU of "
              + device.mtu()
              + ", less than mtu="
              + mtu
              + "; widen it with: ip link set "
              + name
              + " mtu "
              + mtu);
    }
    int most = Math.min(device.mtu(), LARGEST_MTU);
    int needed = RingShape.slotBytesFor(most);
    if (slotBytes < needed) {
      throw new LinkException(
          label()
              + ": slot="
              + slotBytes
              + " has no room for its MTU of "
              + most
              + "; use slot="
              + needed
              + " or more");
    }
    return mtu == 0 ? most : mtu;
  }

  /** For people. */
  String label() {
    return "afpacket:" + name;
  }
}
