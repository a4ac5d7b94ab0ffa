package wisp.drivers;

import java.net.Inet6Address;
import wisp.core.ip.IpAddress;

/**
 * An address of either family with the length of its network's prefix, as {@code ip address} writes
 * it: {@code 10.9.0.1/16}, {@code fd09::1/64}.
 *
 * @param address may have bits beyond the prefix
 * @param bits length of the prefix: 0 … 32, or 0 … 128 for IPv6
 */
public record HostPrefix(IpAddress address, int bits) {
  /** Checks the length. */
  public HostPrefix {
    int most = address.isIpv4() ? 32 : 128;
    if (bits < 0 || bits > most) {
      throw new IllegalArgumentException("prefix length " + bits + " is outside 0 … " + most);
    }
  }

  /**
   * Reads an address with a prefix, or without one: then all bits count.
   *
   * @throws IllegalArgumentException in one line for the user
   */
  public static HostPrefix parse(String text) {
    int slash = text.indexOf('/');
    IpAddress address = parseAddress(slash < 0 ? text : text.substring(0, slash));
    int most = address.isIpv4() ? 32 : 128;
    String bits = slash < 0 ? String.valueOf(most) : text.substring(slash + 1);
    if (!bits.matches("[0-9]{1,3}") || Integer.parseInt(bits) > most) {
      throw new IllegalArgumentException(
          "'" + text + "' is not an address with a prefix like 10.9.0.1/16 or fd09::1/64");
    }
    return new HostPrefix(address, Integer.parseInt(bits));
  }

  /**
   * Reads {@code 10.9.0.1} or {@code fd09::1}.
   *
   * @throws IllegalArgumentException in one line for the user
   */
  public static IpAddress parseAddress(String text) {
    if (text.indexOf(':') < 0) {
      return IpAddress.parse(text);
    }
    byte[] bytes = {};
    if (text.matches("[0-9a-fA-F:.]+")) {
      try {
        bytes = Inet6Address.ofLiteral(text).getAddress();
      } catch (IllegalArgumentException e) {
        bytes = new byte[0]; // told below, with an example
      }
    }
    if (bytes.length != 16) { // 4: an IPv4 address in its mapped form
      throw new IllegalArgumentException("'" + text + "' is not an IPv6 address like fd09::1");
    }
    return new IpAddress(word(bytes, 0), word(bytes, 8));
  }

  /** Whether no bit beyond the prefix is set: then it names a network. */
  public boolean isNetwork() {
    int length = address.isIpv4() ? 96 + bits : bits;
    long high = length >= 64 ? 0 : length == 0 ? -1 : -1L >>> length;
    long low = length >= 128 ? 0 : length <= 64 ? -1 : -1L >>> (length - 64);
    return (address.high() & high) == 0 && (address.low() & low) == 0;
  }

  private static long word(byte[] bytes, int from) {
    long word = 0;
    for (int i = from; i < from + 8; i++) {
      word = word << 8 | (bytes[i] & 0xFF);
    }
    return word;
  }

  @Override
  public String toString() {
    return address + "/" + bits;
  }
}
