package wisp.drivers;

import wisp.core.ip.IpAddress;

/**
 * A host's address of either family with the length of its network's prefix, as {@code ip address}
 * writes it: {@code 10.9.0.1/16}, {@code fd09::1/64}.
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
    IpAddress address = IpAddress.parse(slash < 0 ? text : text.substring(0, slash));
    int most = address.isIpv4() ? 32 : 128;
    String bits = slash < 0 ? String.valueOf(most) : text.substring(slash + 1);
    if (!bits.matches("[0-9]{1,3}") || Integer.parseInt(bits) > most) {
      throw new IllegalArgumentException(
          "'" + text + "' is not an address with a prefix like 10.9.0.1/16 or fd09::1/64");
    }
    return new HostPrefix(address, Integer.parseInt(bits));
  }

  @Override
  public String toString() {
    return address + "/" + bits;
  }
}
