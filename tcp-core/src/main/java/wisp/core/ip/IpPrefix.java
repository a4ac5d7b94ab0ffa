package wisp.core.ip;

/**
 * A block of addresses, such as {@code 10.9.1.0/24} or {@code 2001:db8:1::/64}.
 *
 * @param address the first address
 * @param bits length of the prefix: 0 … 32 for IPv4, 0 … 128 for IPv6
 */
public record IpPrefix(IpAddress address, int bits) {
  private static final int MAPPED_BITS = 96;

  /** Checks that no bit beyond the prefix is set. */
  public IpPrefix {
    int most = address.isIpv4() ? 32 : 128;
    if (bits < 0 || bits > most) {
      throw new IllegalArgumentException("prefix length " + bits + " is outside 0 … " + most);
    }
    int whole = bits + 128 - most;
    var first = new IpAddress(address.high() & maskHigh(whole), address.low() & maskLow(whole));
    if (!first.equals(address)) {
      throw new IllegalArgumentException(
          address
              + "/"
              + bits
              + " has bits beyond its prefix; did you mean "
              + first
              + "/"
              + bits
              + "?");
    }
  }

  /**
   * Reads {@code 10.9.1.0/24}, {@code 2001:db8:1::/64}, or one address.
   *
   * @throws IllegalArgumentException in one line for the user
   */
  public static IpPrefix parse(String text) {
    int slash = text.indexOf('/');
    if (slash < 0) {
      IpAddress one = IpAddress.parse(text);
      return of(one);
    }
    String bits = text.substring(slash + 1);
    if (!bits.matches("[0-9]{1,3}")) {
      throw new IllegalArgumentException(
          "'" + text + "' is not a prefix like 10.9.1.0/24 or 2001:db8:1::/64");
    }
    return new IpPrefix(IpAddress.parse(text.substring(0, slash)), Integer.parseInt(bits));
  }

  /** One address as a prefix. */
  public static IpPrefix of(IpAddress address) {
    return new IpPrefix(address, address.isIpv4() ? 32 : 128);
  }

  /** Whether it holds IPv4 addresses. */
  public boolean isIpv4() {
    return address.isIpv4();
  }

  /** Length of the prefix in 128 bits, the 96 of the mapped form included for IPv4. */
  public int wholeBits() {
    return bits + (isIpv4() ? MAPPED_BITS : 0);
  }

  /** Whether an address lies in it. */
  public boolean contains(long high, long low) {
    return (high & maskHigh(wholeBits())) == address.high()
        && (low & maskLow(wholeBits())) == address.low()
        && IpAddress.isIpv4(high, low) == isIpv4();
  }

  /** How many addresses it holds, at most 2^62. */
  public long size() {
    return 1L << Math.min(62, 128 - wholeBits());
  }

  /** Mask of the first 64 bits of a prefix of so many of 128. */
  public static long maskHigh(int wholeBits) {
    return wholeBits == 0 ? 0 : wholeBits >= 64 ? -1 : -1L << (64 - wholeBits);
  }

  /** Mask of the last 64 bits. */
  public static long maskLow(int wholeBits) {
    return wholeBits <= 64 ? 0 : wholeBits == 128 ? -1 : -1L << (128 - wholeBits);
  }

  @Override
  public String toString() {
    return address + "/" + bits;
  }
}
