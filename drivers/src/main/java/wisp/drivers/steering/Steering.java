package wisp.drivers.steering;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Link;

/**
 * A link for each of several contexts, over one device. Packets of a flow come to the link whose
 * place its {@link FlowNumber} is, whatever the device does: what comes in by another queue, or by
 * the only one, is handed over by rings.
 *
 * <pre>
 *   several queues:  queue 0 ── link 0 ═╗      one queue:  device ── link 0 ══ link 1 … link n−1
 *                    queue 1 ── link 1 ═╬═ …                         ══ a ring each way
 *                    queue 2 ── link 2 ═╝
 * </pre>
 *
 * <p>A thread polls one link and never waits for another one: a ring that is full loses the packet,
 * which is counted. Who has no queue of its own sends by way of link 0, whose thread must therefore
 * be the last one to go.
 */
public final class Steering {
  /** Contexts on one device, at most. */
  public static final int MOST = 32;

  /** Of a ring that all packets of a context pass: 63 of 64 KiB, 32,768 small ones. */
  private static final int ONLY_WAY_BYTES = 4 << 20;

  /** Of one for those that came in by the wrong queue, shared by all rings of a writer. */
  private static final int SIDE_WAYS_BYTES = 4 << 20;

  private static final int LEAST_BYTES = 256 << 10;

  /** Whether link 0 has the only queue. */
  final boolean alone;

  final boolean signalsToAll;
  final boolean fragmentsToAll;
  final Arena arena = Arena.ofShared();
  final AtomicInteger open;
  final SteeredLink[] links;

  /** From … to; null where nothing goes. With one queue those to link 0 hold what is to be sent. */
  final @Nullable PacketRing[][] rings;

  private Steering(Queues queues, int count) {
    if (count > MOST) {
      throw new IllegalArgumentException(count + " contexts on one device; " + MOST + " at most");
    }
    signalsToAll = queues.signalsToAll();
    fragmentsToAll = queues.fragmentsToAll();
    open = new AtomicInteger(count);
    rings = new PacketRing[count][count];
    links = new SteeredLink[count];
    alone = queues.links().size() == 1;
    int bytes =
        alone
            ? ONLY_WAY_BYTES
            : Math.max(LEAST_BYTES, Integer.highestOneBit(SIDE_WAYS_BYTES / count));
    for (int from = 0; from < count; from++) {
      for (int to = 0; to < count; to++) {
        if (from != to && (!alone || from == 0 || to == 0)) {
          rings[from][to] = new PacketRing(arena, bytes);
        }
      }
    }
    for (int i = 0; i < count; i++) {
      Link queue = i < queues.links().size() ? queues.links().get(i) : null;
      links[i] = new SteeredLink(this, i, queue, queues.links().getFirst());
    }
  }

  /**
   * Links over a device with as many queues as there are contexts.
   *
   * @param queues owned by the links from now on, each closed with its own
   */
  public static List<Link> over(Queues queues) {
    return links(new Steering(queues, queues.links().size()));
  }

  /**
   * Links over one that is polled by the first of them.
   *
   * @param link owned by the first link from now on
   * @param count of contexts
   */
  public static List<Link> over(Link link, int count) {
    return links(new Steering(Queues.of(List.of(link)), count));
  }

  private static List<Link> links(Steering steering) {
    return new ArrayList<>(List.of(steering.links));
  }
}
