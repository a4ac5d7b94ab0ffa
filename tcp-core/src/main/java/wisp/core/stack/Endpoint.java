package wisp.core.stack;

import wisp.core.ip.IpAddress;

/**
 * An address and a port.
 *
 * @param address where; {@code ::} stands for every address of the context, {@code 0.0.0.0} for
 *     every IPv4 address
 * @param port 0 … 65535; 0 lets the stack choose
 * @param zone of a link-local address, the name of the link it is meant on (RFC 4007 §11); empty:
 *     the context's. It does not belong to the identity of a connection
 */
public record Endpoint(IpAddress address, int port, String zone) {
  /** Every own address of both families. */
  public static final IpAddress ANY = IpAddress.UNSPECIFIED_IPV6;

  /** Every own IPv4 address. */
  public static final IpAddress ANY_IPV4 = IpAddress.UNSPECIFIED_IPV4;

  /** Checks the port. */
  public Endpoint {
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException("port " + port + " is outside 0 … 65535");
    }
  }

  /** On the context's link. */
  public Endpoint(IpAddress address, int port) {
    this(address, port, "");
  }

  /** The port on every own address. */
  public static Endpoint any(int port) {
    return new Endpoint(ANY, port);
  }

  /**
   * From text, with a zone or without ({@code fe80::1%wisp0}), and a port.
   *
   * @throws IllegalArgumentException when it is not an address, in one line for the user
   */
  public static Endpoint of(String address, int port) {
    int percent = address.indexOf('%');
    return percent < 0
        ? new Endpoint(IpAddress.parse(address), port)
        : new Endpoint(
            IpAddress.parse(address.substring(0, percent)), port, address.substring(percent + 1));
  }

  /** {@code 10.9.0.1:80}, {@code [2001:db8::1]:80}. */
  @Override
  public String toString() {
    String text = zone.isEmpty() ? address.toString() : address + "%" + zone;
    return address.isIpv4() ? text + ":" + port : "[" + text + "]:" + port;
  }
}
