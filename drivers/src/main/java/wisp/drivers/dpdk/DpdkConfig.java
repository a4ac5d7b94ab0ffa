package wisp.drivers.dpdk;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import wisp.core.spi.Parameter;
import wisp.core.spi.Parameters;

/**
 * What a DPDK link is to be like.
 *
 * @param device name of a virtual device, such as {@code net_tap0}; empty for a physical one
 * @param arguments of the virtual device, as DPDK writes them: {@code iface=veth0,framecnt=512}
 * @param pci address of a physical device, such as {@code 0000:03:00.0}; empty for a virtual one
 * @param hardwareAddress ours, 48 bits; 0: the device's own
 * @param mtu of the IP packet, in bytes; 0: that of the interface below, at most 1500
 * @param mbufs packet buffers of this link
 * @param checksum whether received checksums are trusted
 * @param tso whether the device is to cut large packets
 * @param huge whether DPDK's memory lies in huge pages
 * @param memoryMegabytes of all of DPDK, in MiB
 * @param ealArguments further ones for DPDK
 * @param netns name or path of a network namespace; empty: the caller's
 */
public record DpdkConfig(
    String device,
    String arguments,
    String pci,
    long hardwareAddress,
    int mtu,
    int mbufs,
    Trust checksum,
    boolean tso,
    Huge huge,
    int memoryMegabytes,
    List<String> ealArguments,
    String netns) {

  /** Whether DPDK's memory lies in huge pages. */
  public enum Huge {
    /** In them when enough are free. */
    AUTO,
    ON,
    OFF
  }

  private enum Tso {
    OFF,
    ON
  }

  /** Whether the checksum of a received packet is believed when the device has not looked at it. */
  public enum Trust {
    /** Where no wire can have spoilt it: on a veth pair and between processes. */
    AUTO,
    VERIFY,
    TRUST
  }

  private static final int ROOM_BYTES = 2048;
  private static final int LARGE_ROOM_BYTES = 16_384; // a power of two: slots fill blocks
  private static final int LARGEST_SMALL_MTU = ROOM_BYTES - 18; // Ethernet header and VLAN tag
  private static final int LARGEST_MTU = 9_216;
  private static final int SMALLEST_MTU = 68; // RFC 791 §3.2
  private static final long GROUP_BIT = 1L << 40;
  private static final Pattern DEVICE = Pattern.compile("net_[a-z_]+[a-z][0-9]*");
  private static final Pattern PCI =
      Pattern.compile("([0-9a-fA-F]{4}:)?[0-9a-fA-F]{2}:[0-9a-fA-F]{2}\\.[0-7]");
  private static final Pattern MAC = Pattern.compile("([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}");

  /** Those of the process, which every kind of link over DPDK has. */
  static final List<Parameter> COMMON =
      List.of(
          new Parameter(
              "mac",
              "",
              "address like 02:00:00:00:00:01",
              "our hardware address; empty: the device's"),
          new Parameter(
              "mtu", "0", "bytes", "largest IP packet; 0: the interface's own, at most 1500"),
          new Parameter("mbufs", "8191", "buffers", "packets that it can hold; best 2^n - 1"),
          new Parameter("huge", "auto", "auto|on|off", "DPDK's memory in huge pages"),
          new Parameter("memory", "256", "MiB", "for DPDK, once a process"),
          new Parameter("eal", "", "arguments", "further ones for DPDK, between spaces"));

  static final List<Parameter> PARAMETERS =
      Stream.concat(
              Stream.of(
                  new Parameter(
                      "vdev",
                      "",
                      "device[,argument=value…]",
                      "a virtual device: net_tap0, net_af_packet0,iface=veth0, net_ring0, …"),
                  new Parameter("pci", "", "address", "a physical device: 0000:03:00.0"),
                  new Parameter(
                      "checksum",
                      "auto",
                      "auto|verify|trust",
                      "received ones; auto: trusted where there is no wire (veth)"),
                  new Parameter(
                      "tso", "off", "off|on", "whether the device cuts large packets of TCP"),
                  new Parameter(
                      "netns", "", "name or path", "network namespace to open it in; empty: ours")),
              COMMON.stream())
          .toList();

  /** Checks what DPDK would refuse less clearly. */
  public DpdkConfig {
    if (device.isEmpty() == pci.isEmpty()) {
      throw new IllegalArgumentException(
          "dpdk needs a device, vdev= or pci=: dpdk:vdev=net_af_packet0,iface=veth0");
    }
    if (!device.isEmpty() && !DEVICE.matcher(device).matches()) {
      throw new IllegalArgumentException(
          "vdev=" + device + " is not a virtual device of DPDK like net_tap0");
    }
    if (!pci.isEmpty() && !PCI.matcher(pci).matches()) {
      throw new IllegalArgumentException("pci=" + pci + " is not an address like 0000:03:00.0");
    }
    if ((hardwareAddress & GROUP_BIT) != 0 || hardwareAddress >>> 48 != 0) {
      throw new IllegalArgumentException(
          "mac: a hardware address has 48 bits, and its first byte is even");
    }
    if (mtu > LARGEST_SMALL_MTU && device.startsWith("net_af_xdp")) {
      throw new IllegalArgumentException(
          "mtu: a packet of net_af_xdp lies in one page; at most " + LARGEST_SMALL_MTU);
    }
    ealArguments = List.copyOf(ealArguments);
  }

  /**
   * Reads the user's parameters. Those that a link has not are the device's: {@code
   * vdev=net_af_packet0,iface=veth0} arrives here as two.
   *
   * @throws IllegalArgumentException in one line for the user
   */
  public static DpdkConfig of(Map<String, String> given) {
    var ours = new LinkedHashMap<String, String>();
    var devices = new StringBuilder();
    given.forEach(
        (name, value) -> {
          if (name.equals("name")) {
            ours.put("vdev", value); // dpdk:net_tap0
          } else if (name.equals("host")) {
            throw new IllegalArgumentException(
                "on dpdk links the kernel gets no address from us; give it with: ip address add");
          } else if (PARAMETERS.stream().anyMatch(p -> p.name().equals(name))) {
            ours.put(name, value);
          } else {
            devices.append(',').append(name).append('=').append(value);
          }
        });
    var values = Parameters.of("dpdk", PARAMETERS, ours);
    String all = values.text("vdev") + devices;
    int comma = all.indexOf(',');
    if (comma == 0) {
      throw new IllegalArgumentException(
          "dpdk has no parameter '" + all.substring(1, all.indexOf('=')) + "' without a vdev=");
    }
    return read(
        values,
        comma < 0 ? all : all.substring(0, comma),
        comma < 0 ? "" : all.substring(comma + 1),
        values.text("pci"),
        choice(values, "checksum", Trust.class),
        choice(values, "tso", Tso.class) == Tso.ON,
        values.text("netns"));
  }

  /** With {@link #COMMON} parameters read, and the rest as given. */
  static DpdkConfig read(
      Parameters values,
      String device,
      String arguments,
      String pci,
      Trust checksum,
      boolean tso,
      String netns) {
    String eal = values.text("eal").strip();
    return new DpdkConfig(
        device,
        arguments,
        pci,
        hardwareAddress(values.text("mac")),
        values.text("mtu").equals("0") ? 0 : (int) values.number("mtu", SMALLEST_MTU, LARGEST_MTU),
        (int) values.number("mbufs", 1023, 1 << 22),
        checksum,
        tso,
        choice(values, "huge", Huge.class),
        (int) values.number("memory", 32, 1 << 20),
        eal.isEmpty() ? List.of() : List.of(eal.split("\\s+")),
        netns);
  }

  /** Data that one buffer holds; what is longer can't be received. */
  int roomBytes() {
    return isLarge() ? LARGE_ROOM_BYTES : ROOM_BYTES;
  }

  private boolean isLarge() {
    return mtu > LARGEST_SMALL_MTU;
  }

  /** What the device is told: as given, and slots that hold the MTU where its own are smaller. */
  String deviceArguments() {
    if (!isLarge()) {
      return arguments;
    }
    return switch (driver()) {
      case "net_af_packet" ->
          arguments
              + (argument("framesz").isEmpty() ? ",framesz=" + LARGE_ROOM_BYTES : "")
              + (argument("blocksz").isEmpty() ? ",blocksz=" + LARGE_ROOM_BYTES : "");
      case "net_memif" ->
          arguments + (argument("bsize").isEmpty() ? ",bsize=" + LARGE_ROOM_BYTES : "");
      default -> arguments;
    };
  }

  /**
   * Whether the driver moves packets of any length, though it says otherwise when it is asked.
   *
   * @see Port
   */
  boolean isMtuOurs() {
    return switch (driver()) {
      case "net_af_packet", "net_memif", "net_ring", "net_null" -> true;
      default -> false;
    };
  }

  /** The driver of a virtual device: {@code net_tap} of {@code net_tap0}. */
  String driver() {
    return device.replaceAll("[0-9]+$", "");
  }

  /** The value of an argument of the virtual device; empty when it is not given. */
  String argument(String name) {
    for (String item : arguments.split(",", -1)) {
      if (item.startsWith(name + "=")) {
        return item.substring(name.length() + 1);
      }
    }
    return "";
  }

  /**
   * The kernel's interface that the device lies on and that has to be there before; empty: none.
   * That of net_tap is made by it.
   */
  String interfaceBelow() {
    return driver().equals("net_tap") ? "" : argument("iface");
  }

  /**
   * Whether the driver reads what it sends by the processor, wherever it lies, and no one else
   * does: a card needs to be told of memory first, and what is sent to net_ring is received as it
   * is.
   */
  boolean isForeignMemoryRead() {
    return pci.isEmpty() && !driver().equals("net_ring") && !argument("zero-copy").equals("yes");
  }

  /** As the user knows it. */
  String label() {
    return pci.isEmpty() ? device : pci;
  }

  long memoryBytes() {
    return (long) memoryMegabytes << 20;
  }

  private static long hardwareAddress(String text) {
    if (text.isEmpty()) {
      return 0;
    }
    if (!MAC.matcher(text).matches()) {
      throw new IllegalArgumentException(
          "mac=" + text + " is not a hardware address like 02:00:00:00:00:01");
    }
    return Long.parseLong(text.replace(":", ""), 16);
  }

  private static <E extends Enum<E>> E choice(Parameters values, String name, Class<E> kind) {
    for (E constant : kind.getEnumConstants()) {
      if (constant.name().toLowerCase(java.util.Locale.ROOT).equals(values.text(name))) {
        return constant;
      }
    }
    throw new IllegalArgumentException(
        name
            + "="
            + values.text(name)
            + " is none of "
            + PARAMETERS.stream()
                .filter(p -> p.name().equals(name))
                .map(Parameter::unit)
                .findFirst()
                .orElse(""));
  }
}
