package wisp.core.ip;

import java.util.List;

/**
 * How a context behaves below TCP.
 *
 * @param routes next hops, for Ethernet links; empty: every destination is on the link
 * @param autoconfiguration whether IPv6 addresses and routers are taken from router advertisements
 *     (RFC 4862), on Ethernet links
 * @param fragmentBytes memory for datagrams that are not whole yet, of the shared pool; 0:
 *     fragments are dropped
 * @param fragmentDatagrams such datagrams at a time
 * @param neighbours entries of the neighbour cache at most, on Ethernet links
 * @param sourceRoutes whether connections may have IPv4 source routes, given or received; else
 *     those received are skipped as any other option
 */
public record NetworkConfig(
    List<Route> routes,
    boolean autoconfiguration,
    int fragmentBytes,
    int fragmentDatagrams,
    int neighbours,
    boolean sourceRoutes) {
  /**
   * No routes, no autoconfiguration, 512 KiB for 64 datagrams, 1,024 neighbours, no source routes.
   */
  public static final NetworkConfig DEFAULT =
      new NetworkConfig(List.of(), false, 512 << 10, 64, 1_024, false);

  /** Checks ranges. */
  public NetworkConfig {
    routes = List.copyOf(routes);
    if (fragmentBytes < 0 || fragmentDatagrams < 1 || neighbours < 16) {
      throw new IllegalArgumentException(
          "fragments need 0 bytes or more and 1 datagram or more, neighbours 16 or more");
    }
  }

  /** Without source routes. */
  public NetworkConfig(
      List<Route> routes,
      boolean autoconfiguration,
      int fragmentBytes,
      int fragmentDatagrams,
      int neighbours) {
    this(routes, autoconfiguration, fragmentBytes, fragmentDatagrams, neighbours, false);
  }

  /** With source routes or without. */
  public NetworkConfig withSourceRoutes(boolean on) {
    return new NetworkConfig(
        routes, autoconfiguration, fragmentBytes, fragmentDatagrams, neighbours, on);
  }

  /** With these routes. */
  public NetworkConfig withRoutes(List<Route> routes) {
    return new NetworkConfig(
        routes, autoconfiguration, fragmentBytes, fragmentDatagrams, neighbours, sourceRoutes);
  }

  /** With autoconfiguration or without. */
  public NetworkConfig withAutoconfiguration(boolean on) {
    return new NetworkConfig(
        routes, on, fragmentBytes, fragmentDatagrams, neighbours, sourceRoutes);
  }

  /** With another budget for fragments. */
  public NetworkConfig withFragments(int bytes, int datagrams) {
    return new NetworkConfig(routes, autoconfiguration, bytes, datagrams, neighbours, sourceRoutes);
  }
}
