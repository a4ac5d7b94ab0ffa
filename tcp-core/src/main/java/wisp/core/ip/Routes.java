package wisp.core.ip;

import java.util.List;

/**
 * Next hops: the longest prefix that holds the destination decides. Without any route every
 * destination is taken to be on the link, which is right for links that have no neighbours to tell
 * apart.
 */
public final class Routes {
  private final Route[] routes;
  private long nextHigh;
  private long nextLow;
  private boolean isForTheRest;

  /** From the configuration. */
  public Routes(List<Route> given) {
    routes =
        given.stream()
            .sorted((a, b) -> Integer.compare(b.to().wholeBits(), a.to().wholeBits()))
            .toArray(Route[]::new);
  }

  /**
   * Looks for the way to a destination; {@link #nextHigh} and {@link #nextLow} tell the next hop.
   *
   * @return false: there is none
   */
  boolean find(long high, long low) {
    nextHigh = high;
    nextLow = low;
    isForTheRest = false;
    for (Route route : routes) {
      if (route.to().contains(high, low)) {
        isForTheRest = route.to().bits() == 0;
        if (route.gateway() != null) {
          nextHigh = route.gateway().high();
          nextLow = route.gateway().low();
        }
        return true;
      }
    }
    return routes.length == 0 || Scope.isLinkLocal(high);
  }

  /** Whether what was found is the way to everything that no other route names. */
  boolean isForTheRest() {
    return isForTheRest;
  }

  /** Whether nothing was configured: then everything is taken to be on the link. */
  boolean isEmpty() {
    return routes.length == 0;
  }

  long nextHigh() {
    return nextHigh;
  }

  long nextLow() {
    return nextLow;
  }
}
