package wisp.core.tcp;

import wisp.core.spi.CongestionState;

/**
 * Spreads what is sent over time: where an algorithm asks for a rate, and the first flight after a
 * pause, when no ACKs come that would space it (RFC 7661 §4.4.2, RFC 9002 §7.7). A bucket of one
 * word: when the next segment may leave, in the ticks of {@link SendTimes}.
 *
 * <p>The bucket holds two milliseconds' worth, since timers are no finer, and a little more: after
 * a pause the initial window, which may always leave at once.
 */
final class Pacer {
  /** The first flight after a pause leaves within half a round trip. */
  private static final int WINDOWS_A_ROUND_TRIP = 2;

  /** On shorter round trips the bucket would hold the whole window. */
  private static final int LEAST_ROUND_TRIP_MICROS = 4_000;

  private static final int BUCKETS_A_SECOND = 500;

  /** Nothing waits longer: what seems later is long ago, 32 bits of ticks having run over. */
  private static final int MOST_WAIT_TICKS = SendTimes.ticks(1_000_000_000L);

  private static final int LONG_AGO_TICKS = 1 << 30;

  private final TcpEnvironment env;
  private final ConnectionTimers timers;
  private long bytesPerSecond;
  private int bucketBytes;

  Pacer(TcpEnvironment env, ConnectionTimers timers) {
    this.env = env;
    this.timers = timers;
  }

  /** At rest: nothing was sent for long. */
  static int rest(long nowNanos) {
    return SendTimes.ticks(nowNanos) - LONG_AGO_TICKS;
  }

  /**
   * Whether the next segment has to wait; then the timer is set. Else {@link #limit} and {@link
   * #sent} go by the rate found here.
   *
   * @param recovering losses are being repaired, so that ACKs come
   */
  boolean holds(Tcb tcb, boolean recovering) {
    chooseRate(tcb, recovering);
    int wait = tcb.releaseTicks - SendTimes.ticks(env.nowNanos);
    if (bytesPerSecond == 0 || wait <= 0 || wait > MOST_WAIT_TICKS) {
      return false;
    }
    timers.arm(tcb, TimerKind.PACING, env.nowNanos + SendTimes.nanos(wait));
    return true;
  }

  private void chooseRate(Tcb tcb, boolean recovering) {
    CongestionState c = tcb.congestion;
    bytesPerSecond = tcb.control.pacingRate(c, tcb.srttMicros);
    bucketBytes = 2 * c.mss;
    if (bytesPerSecond == 0 && !recovering && tcb.srttMicros >= LEAST_ROUND_TRIP_MICROS) {
      bytesPerSecond = WINDOWS_A_ROUND_TRIP * 1_000_000L * c.cwndBytes / tcb.srttMicros;
      bucketBytes = CongestionState.initialWindow(c.mss);
      if (c.cwndBytes <= bucketBytes || !(isAfterPause(tcb) || isSpreading(tcb))) {
        bytesPerSecond = 0;
      }
    }
    bucketBytes = (int) Math.clamp(bytesPerSecond / BUCKETS_A_SECOND, bucketBytes, 1 << 30);
  }

  /** All has been acknowledged, and that was not just now. */
  private boolean isAfterPause(Tcb tcb) {
    return tcb.sndUna == tcb.sndNxt
        && env.nowNanos - tcb.progressNanos > 1_000L * tcb.srttMicros / 4;
  }

  /**
   * A flight that began after a pause goes on as it began, until cwnd or the application ends it.
   */
  private boolean isSpreading(Tcb tcb) {
    int late = SendTimes.ticks(env.nowNanos) - tcb.releaseTicks;
    return late > -MOST_WAIT_TICKS && late < bucketTicks();
  }

  private int bucketTicks() {
    return ticksOf(Math.max(bucketBytes, bytesPerSecond / BUCKETS_A_SECOND));
  }

  private int ticksOf(long bytes) {
    return (int) Math.min(MOST_WAIT_TICKS, bytes * SendTimes.TICKS_A_SECOND / bytesPerSecond + 1);
  }

  /** No more than a bucket at once, in whole segments. */
  int limit(Tcb tcb, int length) {
    if (bytesPerSecond == 0 || length <= bucketBytes) {
      return length;
    }
    return Math.max(1, bucketBytes / tcb.effectiveMss()) * tcb.effectiveMss();
  }

  /** So much has left. */
  void sent(Tcb tcb, int bytes) {
    if (bytesPerSecond == 0) {
      tcb.releaseTicks = rest(env.nowNanos);
      return;
    }
    int full = SendTimes.ticks(env.nowNanos) - bucketTicks();
    int since = tcb.releaseTicks - full;
    boolean isFull = since < 0 || since > MOST_WAIT_TICKS + bucketTicks();
    tcb.releaseTicks = (isFull ? full : tcb.releaseTicks) + ticksOf(bytes);
  }
}
