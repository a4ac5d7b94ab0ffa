package wisp.drivers.steering;

import java.util.List;
import wisp.core.spi.Link;

/**
 * A device's queues, each a link, and what the device hands to all of them by itself. All else
 * comes in by one of them, and it may be the wrong one.
 *
 * @param links of one device, of the same kind, with the same hardware address
 * @param signalsToAll ARP, neighbour discovery and ICMP errors
 * @param fragmentsToAll pieces of datagrams
 */
public record Queues(List<Link> links, boolean signalsToAll, boolean fragmentsToAll) {
  /** Keeps a copy of the list. */
  public Queues {
    links = List.copyOf(links);
    if (links.isEmpty()) {
      throw new IllegalArgumentException("a device without a queue");
    }
  }

  /** A device that knows nothing of our flows. */
  public static Queues of(List<Link> links) {
    return new Queues(links, false, false);
  }
}
