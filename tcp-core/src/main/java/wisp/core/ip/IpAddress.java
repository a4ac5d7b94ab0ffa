package wisp.core.ip;

import wisp.core.wire.Mapped;

/**
 * An IP address of either family in 128 bits; IPv4 addresses are kept in their mapped form {@code
 * ::ffff:a.b.c.d} (RFC 4291 §2.5.5.2), which never appears on the wire, so that one comparison
 * serves both. For configuration and the application: the packet path uses the bits.
 *
 * @param high the first 64 bits
 * @param low the last 64 bits
 */
public record IpAddress(long high, long low) {
  private static final int GROUPS = 8;

  /** {@code ::}, the IPv6 address that stands for none. */
  public static final IpAddress UNSPECIFIED_IPV6 = new IpAddress(0, 0);

  /** {@code 0.0.0.0}. */
  public static final IpAddress UNSPECIFIED_IPV4 = ofIpv4(0);

  /** An IPv4 address from its 32 bits, most significant byte first. */
  public static IpAddress ofIpv4(int bits) {
    return new IpAddress(0, mapped(bits));
  }

  /** Low 64 bits of the mapped form of an IPv4 address; the high ones are 0. */
  public static long mapped(int ipv4) {
    return Mapped.low(ipv4);
  }

  /** Whether 128 bits are the mapped form of an IPv4 address. */
  public static boolean isIpv4(long high, long low) {
    return Mapped.isIpv4(high, low);
  }

  /**
   * Reads {@code 10.9.0.1} or {@code 2001:db8::1} (RFC 4291 §2.2).
   *
   * @throws IllegalArgumentException in one line for the user
   */
  public static IpAddress parse(String text) {
    return text.indexOf(':') < 0 ? ofIpv4(parseIpv4(text, text)) : parseIpv6(text);
  }

  private static int parseIpv4(String text, String whole) {
    String[] parts = text.split("\\.", -1);
    if (parts.length != 4) {
      throw notAnAddress(whole);
    }
    int bits = 0;
    for (String part : parts) {
      if (part.isEmpty()
          || part.length() > 3
          || !part.chars().allMatch(c -> c >= '0' && c <= '9')
          || Integer.parseInt(part) > 255) {
        throw notAnAddress(whole);
      }
      bits = bits << 8 | Integer.parseInt(part);
    }
    return bits;
  }

  private static IpAddress parseIpv6(String text) {
    int gap = text.indexOf("::");
    if (gap >= 0 && text.indexOf("::", gap + 1) >= 0) {
      throw notAnAddress(text);
    }
    int[] groups = new int[GROUPS];
    if (gap < 0) {
      if (parseGroups(text, text, groups, /* isEnd= */ true) != GROUPS) {
        throw notAnAddress(text);
      }
    } else {
      int before = parseGroups(text.substring(0, gap), text, groups, /* isEnd= */ false);
      int[] tail = new int[GROUPS];
      int after = parseGroups(text.substring(gap + 2), text, tail, /* isEnd= */ true);
      if (before + after >= GROUPS) {
        throw notAnAddress(text);
      }
      System.arraycopy(tail, 0, groups, GROUPS - after, after);
    }
    long high = 0;
    long low = 0;
    for (int i = 0; i < GROUPS / 2; i++) {
      high = high << 16 | groups[i];
      low = low << 16 | groups[i + GROUPS / 2];
    }
    return new IpAddress(high, low);
  }

  /**
   * Groups of a part without {@code ::}; the last one of the whole text may be an IPv4 address.
   *
   * @param isEnd whether the text ends with this part
   */
  private static int parseGroups(String part, String whole, int[] groups, boolean isEnd) {
    if (part.isEmpty()) {
      return 0;
    }
    int n = 0;
    String[] texts = part.split(":", -1);
    for (int i = 0; i < texts.length; i++) {
      boolean isIpv4 = isEnd && i == texts.length - 1 && texts[i].indexOf('.') >= 0;
      if (n + (isIpv4 ? 2 : 1) > GROUPS) {
        throw notAnAddress(whole);
      }
      if (isIpv4) {
        int bits = parseIpv4(texts[i], whole);
        groups[n++] = bits >>> 16;
        groups[n++] = bits & 0xFFFF;
      } else {
        groups[n++] = parseGroup(texts[i], whole);
      }
    }
    return n;
  }

  private static int parseGroup(String text, String whole) {
    if (text.isEmpty()
        || text.length() > 4
        || !text.chars().allMatch(c -> Character.digit(c, 16) >= 0 && c < 128)) {
      throw notAnAddress(whole);
    }
    return Integer.parseInt(text, 16);
  }

  private static IllegalArgumentException notAnAddress(String text) {
    return new IllegalArgumentException(
        "'" + text + "' is not an IP address like 10.9.0.1 or 2001:db8::1");
  }

  /** Whether it is an IPv4 address. */
  public boolean isIpv4() {
    return isIpv4(high, low);
  }

  /** Whether it is {@code ::} or {@code 0.0.0.0}. */
  public boolean isUnspecified() {
    return equals(UNSPECIFIED_IPV6) || equals(UNSPECIFIED_IPV4);
  }

  /** The 32 bits of an IPv4 address. */
  public int ipv4() {
    if (!isIpv4()) {
      throw new IllegalStateException(this + " is not an IPv4 address");
    }
    return (int) low;
  }

  /** As RFC 5952 recommends: {@code 2001:db8::1}; IPv4 in dotted form. */
  @Override
  public String toString() {
    return isIpv4() ? dotted((int) low) : colons();
  }

  private static String dotted(int bits) {
    return (bits >>> 24)
        + "."
        + (bits >>> 16 & 255)
        + "."
        + (bits >>> 8 & 255)
        + "."
        + (bits & 255);
  }

  private String colons() {
    int[] groups = new int[GROUPS];
    for (int i = 0; i < GROUPS; i++) {
      groups[i] = (int) ((i < 4 ? high : low) >>> (48 - 16 * (i % 4))) & 0xFFFF;
    }
    int gap = -1;
    int gapLength = 1; // a single zero group is not shortened
    for (int i = 0; i < GROUPS; i++) {
      int end = i;
      while (end < GROUPS && groups[end] == 0) {
        end++;
      }
      if (end - i > gapLength) {
        gap = i;
        gapLength = end - i;
      }
    }
    var text = new StringBuilder();
    for (int i = 0; i < GROUPS; i++) {
      if (i == gap) {
        text.append("::");
        i += gapLength - 1;
      } else {
        text.append(i == 0 || i == gap + gapLength && gap >= 0 ? "" : ":");
        text.append(Integer.toHexString(groups[i]));
      }
    }
    return text.toString();
  }
}
