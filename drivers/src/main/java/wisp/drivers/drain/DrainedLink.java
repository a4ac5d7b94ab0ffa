package wisp.drivers.drain;

import java.lang.foreign.MemorySegment;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.drivers.LinkWrapper;

/**
 * Empties the link's queue into a ring of its own, up to so many packets, before the stack sees the
 * first of them. A burst that comes while the application is busy then waits in memory that the
 * application has chosen, not in a queue of the kernel's, at the price of one copy of each packet.
 *
 * <p>Whether that is worth it is for a measurement to say; the stack does not need it.
 */
public final class DrainedLink extends LinkWrapper {
  private final PacketRing ring;
  private final Burst incoming = new Burst();
  private int taken;
  private long tooLarge;
  private boolean closed;

  /**
   * Wraps a link.
   *
   * @param link owned from now on
   * @param packets at most so many are kept, ≥ 1
   * @param bytes at most so many; a packet that is larger than all of it is dropped
   */
  public DrainedLink(Link link, int packets, long bytes) {
    super(link);
    ring = new PacketRing(packets, bytes);
  }

  @Override
  public String name() {
    return "drain:" + link.name();
  }

  @Override
  public int receive(Burst burst) {
    if (closed) {
      return 0;
    }
    ring.takeBack();
    drain();
    return ring.lend(burst);
  }

  /** Until the link has no more, or the ring is full. */
  private void drain() {
    do {
      while (taken < incoming.size()) {
        if (ring.put(incoming, taken)) {
          taken++;
        } else if (ring.takes(incoming.length(taken))) {
          return; // what is left stays the link's until there is room
        } else {
          taken++;
          tooLarge++;
        }
      }
      incoming.clear();
      taken = 0;
    } while (link.receive(incoming) > 0);
  }

  private boolean hasSome() {
    return !closed && (ring.waiting() > 0 || taken < incoming.size());
  }

  @Override
  public long nanosUntilDue() {
    return hasSome() ? 0 : super.nanosUntilDue();
  }

  @Override
  public void awaitReadable(long timeoutNanos) {
    if (!hasSome()) {
      link.awaitReadable(timeoutNanos);
    }
  }

  @Override
  public int gatherPieces() {
    return link.gatherPieces();
  }

  @Override
  public MemorySegment frameMemory() {
    return link.frameMemory();
  }

  @Override
  public int leastGathered() {
    return link.leastGathered();
  }

  @Override
  public boolean gathers(MemorySegment memory) {
    return link.gathers(memory);
  }

  @Override
  public long gathersDone() {
    return link.gathersDone();
  }

  @Override
  public long drops() {
    return link.drops() + tooLarge;
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    try (ring) {
      super.close();
    }
  }
}
