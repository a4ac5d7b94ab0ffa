package wisp.core.ip;

import org.jspecify.annotations.Nullable;

/**
 * Where packets for a block of addresses go on an Ethernet link.
 *
 * @param to the destinations
 * @param gateway the router's address on the link; null: they are on the link themselves
 */
public record Route(IpPrefix to, @Nullable IpAddress gateway) {
  /** Checks that both are of one family. */
  public Route {
    if (gateway != null && gateway.isIpv4() != to.isIpv4()) {
      throw new IllegalArgumentException(
          "the way to " + to + " can't lead over " + gateway + ": that is the other IP");
    }
  }

  /** Destinations on the link. */
  public static Route onLink(IpPrefix to) {
    return new Route(to, null);
  }

  /**
   * Reads {@code 10.9.0.0/16} (on the link), {@code 10.0.0.0/8=10.9.0.1}, or {@code 10.9.0.1}: the
   * router for everything else of its family.
   *
   * @throws IllegalArgumentException in one line for the user
   */
  public static Route parse(String text) {
    int equals = text.indexOf('=');
    if (equals >= 0) {
      return new Route(
          IpPrefix.parse(text.substring(0, equals)), IpAddress.parse(text.substring(equals + 1)));
    }
    if (text.indexOf('/') >= 0) {
      return onLink(IpPrefix.parse(text));
    }
    IpAddress router = IpAddress.parse(text);
    IpAddress any = router.isIpv4() ? IpAddress.UNSPECIFIED_IPV4 : IpAddress.UNSPECIFIED_IPV6;
    return new Route(new IpPrefix(any, 0), router);
  }
}
