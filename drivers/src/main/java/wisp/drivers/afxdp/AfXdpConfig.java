package wisp.drivers.afxdp;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.Parameter;
import wisp.core.spi.Parameters;
import wisp.drivers.StationAddress;

/**
 * What an {@link AfXdpLink} is to be like.
 *
 * @param name of the interface
 * @param own addresses whose packets are taken from the kernel
 * @param queue of the interface
 * @param mode where the program is attached
 * @param zeroCopy whether the card writes into our memory itself
 * @param frames chunks for what comes in, a power of two
 * @param chunkBytes 2048 or 4096
 * @param payloadBytes of memory in which applications can write what is sent from there; 0: none
 * @param netns name or path of the interface's network namespace; empty: the caller's
 * @param hardwareAddress ours, 48 bits; 0: the interface's
 * @param checksum whether the checksums of what comes in are verified
 */
public record AfXdpConfig(
    String name,
    List<IpPrefix> own,
    int queue,
    Mode mode,
    ZeroCopy zeroCopy,
    int frames,
    int chunkBytes,
    long payloadBytes,
    String netns,
    long hardwareAddress,
    Trust checksum) {

  /** Where packets are taken from. */
  public enum Mode {
    /** From the driver, where it can do that; but from the stack on a veth. */
    AUTO,
    /** From the driver. */
    NATIVE,
    /** From the kernel's stack, before it looks at them. */
    SKB
  }

  /** Whether the kernel copies packets. */
  public enum ZeroCopy {
    /** Not where the driver can do without. */
    AUTO,
    /** Never. */
    ON,
    /** Always. */
    OFF
  }

  /** Who looks at the checksums of what comes in. */
  public enum Trust {
    /** We do, but on a veth nobody. */
    AUTO,
    /** We do. */
    VERIFY,
    /** Nobody. */
    TRUST
  }

  static final List<Parameter> PARAMETERS =
      List.of(
          new Parameter("name", "", "interface", "whose packets; first item: afxdp:eth0"),
          new Parameter(
              "own",
              "",
              "prefix[+prefix…]",
              "addresses whose packets are taken; all others stay with the kernel"),
          new Parameter(
              "queue", "0", "number", "of the interface's queues; one link for each of them"),
          new Parameter(
              "mode",
              "auto",
              "auto|native|skb",
              "taken in the driver, or in the kernel's stack before it looks"),
          new Parameter(
              "zerocopy", "auto", "auto|on|off", "the card writes into our memory by itself"),
          new Parameter("frames", "4096", "chunks", "for what comes in; a power of two"),
          new Parameter("chunk", "4096", "2048|4096", "bytes of a chunk, 256 of them the kernel's"),
          new Parameter(
              "payload",
              "0",
              "bytes",
              "memory in which applications write what leaves from there without our copy"),
          new Parameter(
              "netns", "", "name or path", "network namespace of the interface; empty: ours"),
          new Parameter(
              "mac",
              "",
              "address like 02:00:00:00:00:01",
              "our hardware address; empty: the interface's"),
          new Parameter(
              "checksum",
              "auto",
              "auto|verify|trust",
              "of what comes in; auto trusts a veth, which does not complete them"));

  private static final int LEAST_FRAMES = 64;
  private static final int MOST_FRAMES = 1 << 18;
  private static final long MOST_PAYLOAD = 1L << 34;

  /** Checks what the kernel would refuse less clearly. */
  public AfXdpConfig {
    own = List.copyOf(own);
    if (name.isEmpty()) {
      throw new IllegalArgumentException("afxdp needs the name of an interface, like afxdp:eth0");
    }
    if (own.isEmpty()) {
      throw new IllegalArgumentException(
          "afxdp needs the addresses that it takes from the kernel, like own=10.9.1.0/24");
    }
    if (Integer.bitCount(frames) != 1) {
      throw new IllegalArgumentException(
          "frames=" + frames + " is no power of two; try " + Integer.highestOneBit(frames));
    }
    if (chunkBytes != 2048 && chunkBytes != 4096) {
      throw new IllegalArgumentException("chunk=" + chunkBytes + " is neither 2048 nor 4096");
    }
    if (mode == Mode.SKB && zeroCopy == ZeroCopy.ON) {
      throw new IllegalArgumentException("zerocopy=on needs mode=native");
    }
    if (hardwareAddress != 0) {
      StationAddress.checked(hardwareAddress);
    }
  }

  /**
   * Reads the user's parameters.
   *
   * @throws IllegalArgumentException in one line for the user
   */
  public static AfXdpConfig of(Map<String, String> given) {
    Parameters values = Parameters.of("afxdp", PARAMETERS, given);
    String mac = values.text("mac");
    return new AfXdpConfig(
        values.text("name"),
        prefixes(values.text("own")),
        (int) values.number("queue", 0, XdpProgram.MOST_QUEUES - 1),
        choice(values, "mode", Mode.values()),
        choice(values, "zerocopy", ZeroCopy.values()),
        (int) values.number("frames", LEAST_FRAMES, MOST_FRAMES),
        (int) values.number("chunk", 0, Integer.MAX_VALUE),
        values.number("payload", 0, MOST_PAYLOAD),
        values.text("netns"),
        mac.isEmpty() ? 0 : StationAddress.parse(mac),
        choice(values, "checksum", Trust.values()));
  }

  private static List<IpPrefix> prefixes(String text) {
    return Stream.of(text.split("\\+", -1))
        .map(String::strip)
        .filter(item -> !item.isEmpty())
        .map(IpPrefix::parse)
        .toList();
  }

  private static <E extends Enum<E>> E choice(Parameters values, String name, E[] choices) {
    for (E choice : choices) {
      if (word(choice).equals(values.text(name))) {
        return choice;
      }
    }
    List<String> words = Stream.of(choices).map(AfXdpConfig::word).toList();
    throw new IllegalArgumentException(
        name + "=" + values.text(name) + " is none of " + String.join(", ", words));
  }

  private static String word(Enum<?> choice) {
    return choice.name().toLowerCase(Locale.ROOT);
  }

  /** For people. */
  String label() {
    return "afxdp:" + name + (queue == 0 ? "" : ",queue=" + queue);
  }
}
