package wisp.core.ip;

/**
 * An IP address of either family in 128 bits; IPv4 addresses are kept in their mapped form {@code
 * ::ffff:a.b.c.d} (RFC 4291 §2.5.5.2). For configuration and the application: the packet path uses
 * the bits.
 *
 * @param high the first 64 bits
 * @param low the last 64 bits
 */
public record IpAddress(long high, long low) {
  private static final long MAPPED = 0xFFFF_0000_0000L;

  /** An IPv4 address from its 32 bits, most significant byte first. */
  public static IpAddress ofIpv4(int bits) {
    return new IpAddress(0, MAPPED | (bits & 0xFFFF_FFFFL));
  }

  /**
   * Reads {@code 10.9.0.1}.
   *
   * @throws IllegalArgumentException when it is not an IPv4 address in dotted form (IPv6 text is
   *     not read yet)
   */
  public static IpAddress parse(String text) {
    String[] parts = text.split("\\.", -1);
    if (parts.length != 4) {
      throw new IllegalArgumentException("'" + text + "' is not an IPv4 address like 10.9.0.1");
    }
    int bits = 0;
    for (String part : parts) {
      if (part.isEmpty()
          || part.length() > 3
          || !part.chars().allMatch(c -> c >= '0' && c <= '9')
          || Integer.parseInt(part) > 255) {
        throw new IllegalArgumentException("'" + text + "' is not an IPv4 address like 10.9.0.1");
      }
      bits = bits << 8 | Integer.parseInt(part);
    }
    return ofIpv4(bits);
  }

  /** Whether it is an IPv4 address. */
  public boolean isIpv4() {
    return high == 0 && low >>> 32 == 0xFFFF;
  }

  /** The 32 bits of an IPv4 address. */
  public int ipv4() {
    if (!isIpv4()) {
      throw new IllegalStateException(this + " is not an IPv4 address");
    }
    return (int) low;
  }

  @Override
  public String toString() {
    if (isIpv4()) {
      int bits = (int) low;
      return (bits >>> 24)
          + "."
          + (bits >>> 16 & 255)
          + "."
          + (bits >>> 8 & 255)
          + "."
          + (bits & 255);
    }
    var text = new StringBuilder();
    for (int shift = 48; shift >= 0; shift -= 16) {
      text.append(Long.toHexString(high >>> shift & 0xFFFF)).append(':');
    }
    for (int shift = 48; shift >= 0; shift -= 16) {
      text.append(Long.toHexString(low >>> shift & 0xFFFF)).append(shift == 0 ? "" : ":");
    }
    return text.toString();
  }
}
