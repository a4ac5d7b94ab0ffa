package wisp.drivers.rawip;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.Parameter;
import wisp.core.spi.Parameters;
import wisp.drivers.PrefixList;

/**
 * What a raw link is to be like.
 *
 * @param device interface to receive from and send to; empty: whichever the kernel's routes choose
 * @param own the stack's addresses, of IPv4, at least one prefix
 * @param mtu largest packet to be sent, in bytes; 0: the interface's
 * @param checksum what is to be thought of the checksums of packets received
 * @param netns name or path of a network namespace; empty: the caller's
 */
public record RawIpConfig(
    String device, List<IpPrefix> own, int mtu, Checksum checksum, String netns) {

  /** What is to be thought of the checksums of packets received. */
  public enum Checksum {
    /** Partial ones are trusted, complete ones are the stack's to verify. */
    AUTO,
    /** All are trusted. */
    TRUST,
    /** All are the stack's to verify; partial ones are wrong then. */
    VERIFY
  }

  static final String PROVIDER = "rawip";

  static final List<Parameter> PARAMETERS =
      List.of(
          new Parameter("name", "", "", "interface; empty: whichever the kernel's routes choose"),
          new Parameter(
              "own",
              "",
              "prefix[+prefix…]",
              "the stack's addresses; wisp serve and load give what --own says"),
          new Parameter(
              "mtu", "0", "bytes", "largest packet sent; 0: the interface's, 1500 without one"),
          new Parameter(
              "checksum",
              "auto",
              "auto|trust|verify",
              "auto: partial ones, from this machine's own kernel, are trusted, others verified"),
          new Parameter(
              "netns", "", "name or path", "network namespace to open it in; empty: ours"));

  private static final int SMALLEST_MTU = 68; // RFC 791 §3.2
  private static final int LARGEST_MTU = 65_535;

  /** Checks what the kernel would refuse less clearly. */
  public RawIpConfig {
    own = List.copyOf(own);
    if (own.isEmpty()) {
      throw new IllegalArgumentException(
          "rawip needs to know the stack's addresses: own=10.9.1.0/24, or"
              + " own=10.9.1.0/24+10.9.2.7");
    }
    for (IpPrefix prefix : own) {
      if (!prefix.isIpv4()) {
        throw new IllegalArgumentException(
            "own="
                + prefix
                + ": rawip carries IPv4 only, for raw IPv6 sockets do not hand over headers; use"
                + " tap, tun or afpacket");
      }
      if (prefix.bits() == 0) {
        throw new IllegalArgumentException("own=" + prefix + " is every address there is");
      }
    }
    if (own.size() > PrefixFilter.MOST_PREFIXES) {
      throw new IllegalArgumentException(
          "own has " + own.size() + " prefixes, more than " + PrefixFilter.MOST_PREFIXES);
    }
  }

  /**
   * Reads the user's parameters.
   *
   * @throws IllegalArgumentException in one line for the user
   */
  public static RawIpConfig of(Map<String, String> given) {
    Parameters values = Parameters.of(PROVIDER, PARAMETERS, given);
    int mtu = (int) values.number("mtu", 0, LARGEST_MTU);
    if (mtu != 0 && mtu < SMALLEST_MTU) {
      throw new IllegalArgumentException("mtu=" + mtu + " is less than " + SMALLEST_MTU);
    }
    return new RawIpConfig(
        values.text("name"),
        PrefixList.parse(values.text("own")),
        mtu,
        checksum(values.text("checksum")),
        values.text("netns"));
  }

  private static Checksum checksum(String text) {
    for (Checksum each : Checksum.values()) {
      if (each.name().toLowerCase(Locale.ROOT).equals(text)) {
        return each;
      }
    }
    throw new IllegalArgumentException("checksum=" + text + " is none of auto, trust, verify");
  }
}
