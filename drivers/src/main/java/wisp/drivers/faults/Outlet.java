package wisp.drivers.faults;

import java.lang.foreign.MemorySegment;
import wisp.core.spi.Link;
import wisp.core.spi.TransmitPacket;

/** Where a path ends: sends what is due over a link. */
public final class Outlet {
  private final PathModel path;
  private final Link link;
  private final TransmitPacket outgoing = new TransmitPacket();
  private long departures;
  private long latenessNanos;
  private long worstLatenessNanos;

  /** Out of a path, over a link, which stays its owner's. */
  public Outlet(PathModel path, Link link) {
    this.path = path;
    this.link = link;
  }

  /**
   * Sends and flushes what is due. What the link does not take is lost, and counted there.
   *
   * @param most packets, so that nothing else is kept waiting
   * @return packets that came out of the path
   */
  public int deliver(long nowNanos, int most) {
    int count = 0;
    while (count < most) {
      long due = path.nextDeadlineNanos();
      int slot = path.poll(nowNanos);
      if (slot == PathModel.NONE) {
        break;
      }
      int bytes = path.length(slot);
      if (link.claim(bytes, outgoing)) {
        MemorySegment.copy(
            path.memory(slot), path.start(slot), outgoing.memory, outgoing.start, bytes);
        outgoing.length = bytes;
        link.commit(outgoing);
      }
      path.release(slot);
      latenessNanos += nowNanos - due;
      worstLatenessNanos = Math.max(worstLatenessNanos, nowNanos - due);
      count++;
    }
    departures += count;
    if (count > 0) {
      link.flush();
    }
    return count;
  }

  /** Packets that came out so far. */
  public long departures() {
    return departures;
  }

  /** How much later than due they were, all together. */
  public long latenessNanos() {
    return latenessNanos;
  }

  /** How much later the latest was. */
  public long worstLatenessNanos() {
    return worstLatenessNanos;
  }
}
