package wisp.drivers.faults;

import org.jspecify.annotations.Nullable;

/**
 * The narrowest place of a path: one queue, first in first out, that is emptied at a steady rate or
 * at the opportunities of a trace. As no packet overtakes another in it, it is known when one
 * leaves as soon as it enters.
 */
final class Bottleneck {
  private final long rateBitsPerSecond;
  private final @Nullable DeliveryTrace trace;
  private final int queueBytes;

  // When each packet in it will have left.
  private final long[] departures;
  private final int[] bytes;
  private int head;
  private int count;
  private long queuedBytes;

  private long busyUntilNanos = Long.MIN_VALUE;
  private long rateRemainder;

  /** The opportunity that the last packet left in; −1: none has. */
  private long opportunity = -1;

  private int leftOfOpportunity;

  Bottleneck(PathConfig path) {
    rateBitsPerSecond = path.rateBitsPerSecond();
    trace = path.trace();
    queueBytes = path.queueBytes();
    departures = new long[path.queuePackets()];
    bytes = new int[path.queuePackets()];
  }

  /** Whether a packet that comes now finds room in the queue. */
  boolean hasRoom(int packetBytes, long nowNanos) {
    while (count > 0 && departures[head] <= nowNanos) {
      queuedBytes -= bytes[head];
      head = head + 1 == departures.length ? 0 : head + 1;
      count--;
    }
    return count < departures.length
        && (queueBytes == 0 || queuedBytes + packetBytes <= queueBytes);
  }

  /**
   * When a packet that enters now will have left. {@link #hasRoom} must have said yes.
   *
   * @param frameBytes how many of its bytes are before the IP header
   */
  long depart(int packetBytes, int frameBytes, long nowNanos) {
    long departure =
        trace == null
            ? departAtRate(packetBytes, nowNanos)
            : departByTrace(trace, packetBytes - frameBytes, nowNanos);
    int tail = head + count;
    tail = tail >= departures.length ? tail - departures.length : tail;
    departures[tail] = departure;
    bytes[tail] = packetBytes;
    queuedBytes += packetBytes;
    count++;
    return departure;
  }

  /** Exact over time: no rounding adds up. */
  private long departAtRate(int packetBytes, long nowNanos) {
    if (busyUntilNanos < nowNanos) {
      busyUntilNanos = nowNanos;
      rateRemainder = 0;
    }
    long work = 8L * packetBytes * 1_000_000_000L + rateRemainder;
    busyUntilNanos += work / rateBitsPerSecond;
    rateRemainder = work % rateBitsPerSecond;
    return busyUntilNanos;
  }

  /**
   * An opportunity carries what waits when it comes, several small packets or part of a large one;
   * what it has room for beyond that is lost for ever.
   */
  private long departByTrace(DeliveryTrace opportunities, int packetBytes, long nowNanos) {
    if (opportunity < 0 || opportunities.timeNanos(opportunity) <= nowNanos) {
      opportunity = opportunities.firstAfter(nowNanos);
      leftOfOpportunity = DeliveryTrace.OPPORTUNITY_BYTES;
    }
    int open = packetBytes;
    while (open > leftOfOpportunity) {
      open -= leftOfOpportunity;
      opportunity++;
      leftOfOpportunity = DeliveryTrace.OPPORTUNITY_BYTES;
    }
    leftOfOpportunity -= open;
    return opportunities.timeNanos(opportunity);
  }
}
