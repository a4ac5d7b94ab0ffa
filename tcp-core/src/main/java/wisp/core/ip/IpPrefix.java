package wisp.core.ip;

/**
 * A block of IPv4 addresses, such as {@code 10.9.1.0/24}.
 *
 * @param address the first address
 * @param bits length of the prefix, 0 … 32
 */
public record IpPrefix(IpAddress address, int bits) {
  /** Checks that no bit beyond the prefix is set. */
  public IpPrefix {
    if (bits < 0 || bits > 32) {
      throw new IllegalArgumentException("prefix length " + bits + " is outside 0 … 32");
    }
    if ((address.ipv4() & ~mask(bits)) != 0) {
      throw new IllegalArgumentException(
          address
              + "/"
              + bits
              + " has bits beyond its prefix; did you mean "
              + IpAddress.ofIpv4(address.ipv4() & mask(bits))
              + "/"
              + bits
              + "?");
    }
  }

  /**
   * Reads {@code 10.9.1.0/24}, or one address.
   *
   * @throws IllegalArgumentException in one line for the user
   */
  public static IpPrefix parse(String text) {
    int slash = text.indexOf('/');
    if (slash < 0) {
      return new IpPrefix(IpAddress.parse(text), 32);
    }
    int bits;
    try {
      bits = Integer.parseInt(text.substring(slash + 1));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("'" + text + "' is not a prefix like 10.9.1.0/24", e);
    }
    return new IpPrefix(IpAddress.parse(text.substring(0, slash)), bits);
  }

  /** Whether an IPv4 address lies in it. */
  public boolean contains(int ipv4) {
    return (ipv4 & mask(bits)) == address.ipv4();
  }

  /** How many addresses it holds. */
  public long size() {
    return 1L << (32 - bits);
  }

  private static int mask(int bits) {
    return bits == 0 ? 0 : -1 << (32 - bits);
  }

  @Override
  public String toString() {
    return address + "/" + bits;
  }
}
