package wisp.core.ip;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import wisp.core.Counters;
import wisp.core.Counters.Event;
import wisp.core.spi.Burst;

/**
 * Packets from one of our addresses to another: they turn round here and are received with the next
 * burst. A ring of bytes, reserved with the first of them; when it is full they are dropped, as on
 * any link.
 */
public final class Loopback {
  /** Flag of packets that come from here: their source is ours. */
  public static final int LOOPED = 1 << 8;

  private static final int BYTES = 1 << 19;
  private static final int LENGTH_BYTES = 8;
  private static final int WRAP = -1;

  private final Counters counters;
  private MemorySegment ring = MemorySegment.NULL;
  private int head;
  private int tail;
  private int used;
  private int lent;
  private int packets;

  /** Empty. */
  public Loopback(Counters counters) {
    this.counters = counters;
  }

  /** Copies a packet in; drops it when there is no room. */
  void add(MemorySegment memory, long start, int bytes) {
    if (ring.byteSize() == 0) {
      ring = MemorySegment.ofArray(new byte[BYTES]);
    }
    int place = LENGTH_BYTES + (bytes + 7 & ~7);
    int toEnd = BYTES - tail;
    int needed = place <= toEnd ? place : toEnd + place;
    if (used + needed > BYTES) {
      counters.add(Event.DROP_LINK_FULL);
      return;
    }
    if (place > toEnd) {
      setLength(tail, WRAP);
      used += toEnd;
      tail = 0;
    }
    setLength(tail, bytes);
    MemorySegment.copy(memory, start, ring, tail + LENGTH_BYTES, bytes);
    tail = (tail + place) % BYTES;
    used += place;
    packets++;
  }

  /** Whether nothing waits. */
  public boolean isEmpty() {
    return packets == 0;
  }

  /** Adds what waits to a burst; the memory is lent until {@link #takeBack}. */
  public int receive(Burst burst) {
    int n = 0;
    int at = head;
    lent = 0;
    while (n < packets && !burst.isFull()) {
      int bytes = length(at);
      if (bytes == WRAP) {
        lent += BYTES - at;
        at = 0;
        bytes = length(0);
      }
      burst.add(ring, at + LENGTH_BYTES, bytes, Burst.CHECKSUM_TRUSTED | LOOPED);
      int place = LENGTH_BYTES + (bytes + 7 & ~7);
      lent += place;
      at = (at + place) % BYTES;
      n++;
    }
    head = at;
    packets -= n;
    return n;
  }

  /** The packets of the last {@link #receive} have been dealt with. */
  public void takeBack() {
    used -= lent;
    lent = 0;
  }

  /** Bytes that it occupies. */
  public long reservedBytes() {
    return ring.byteSize();
  }

  private void setLength(int at, int value) {
    ring.set(ValueLayout.JAVA_INT_UNALIGNED, at, value);
  }

  private int length(int at) {
    return ring.get(ValueLayout.JAVA_INT_UNALIGNED, at);
  }
}
