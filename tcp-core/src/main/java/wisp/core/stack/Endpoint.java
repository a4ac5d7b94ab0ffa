package wisp.core.stack;

import wisp.core.ip.IpAddress;

/**
 * An address and a port.
 *
 * @param address where; {@link #ANY} stands for every address of the context
 * @param port 0 … 65535; 0 lets the stack choose
 */
public record Endpoint(IpAddress address, int port) {
  /** Every own address. */
  public static final IpAddress ANY = IpAddress.ofIpv4(0);

  /** Checks the port. */
  public Endpoint {
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException("port " + port + " is outside 0 … 65535");
    }
  }

  /** The port on every own address. */
  public static Endpoint any(int port) {
    return new Endpoint(ANY, port);
  }

  /** From text and a port. */
  public static Endpoint of(String address, int port) {
    return new Endpoint(IpAddress.parse(address), port);
  }

  @Override
  public String toString() {
    return address + ":" + port;
  }
}
