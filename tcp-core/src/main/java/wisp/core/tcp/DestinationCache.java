package wisp.core.tcp;

import wisp.core.spi.CongestionState;
import wisp.core.spi.KeyedHash;

/**
 * What connections to one address have learnt and the next one may start from (RFC 9040):
 * round-trip time, the back-off that no sample has ended yet, and how much the path reorders.
 * Bounded: an array in which a newer destination displaces an older one with the same hash. What
 * nobody has confirmed for ten minutes, as long as a narrow path is believed in, counts no more.
 * cwnd is not kept: waking starts from the restart window. ssthresh is kept for the connection that
 * has one and slept last: one that lost much would else slow down all that come to the same host.
 * It is three quarters of cwnd at least, as after any rest (RFC 7661 §4.4.3).
 */
public final class DestinationCache {
  private static final int SIZE = 1024;

  /** Eight times the RTO: more would be too much to ask of a connection that has not lost any. */
  private static final int MOST_BACK_OFF = 3;

  private static final int MOST_AGE_SECONDS = 600;
  private static final int NOBODY = -1;

  private final KeyedHash hash;
  private final long[] high = new long[SIZE];
  private final long[] low = new long[SIZE];
  private final int[] srttMicros = new int[SIZE];
  private final int[] rttvarMicros = new int[SIZE];
  private final byte[] backOff = new byte[SIZE];
  private final byte[] reorderingSegments = new byte[SIZE];
  private final int[] ssthreshBytes = new int[SIZE];

  /** Whose ssthresh that is. */
  private final int[] slot = new int[SIZE];

  private final int[] seconds = new int[SIZE];

  /** Empty. */
  public DestinationCache(KeyedHash hash) {
    this.hash = hash;
  }

  void remember(Tcb tcb, long nowNanos) {
    int i = place(tcb);
    boolean isNew = srttMicros[i] != tcb.srttMicros || rttvarMicros[i] != tcb.rttvarMicros;
    boolean isOther = low[i] != tcb.remoteLow || high[i] != tcb.remoteHigh;
    boolean sleeps = tcb.isQuiet(); // else it ends, and leaves its slot to others
    boolean hasLimit = tcb.congestion.ssthreshBytes != CongestionState.UNLIMITED;
    if (isOther || sleeps && hasLimit || slot[i] == tcb.slot) {
      ssthreshBytes[i] = Math.max(tcb.congestion.ssthreshBytes, tcb.congestion.cwndBytes / 4 * 3);
      slot[i] = sleeps ? tcb.slot : NOBODY;
    }
    if (isNew || isOther) {
      seconds[i] = seconds(nowNanos); // else it may only have been recalled
    }
    high[i] = tcb.remoteHigh;
    low[i] = tcb.remoteLow;
    srttMicros[i] = tcb.srttMicros;
    rttvarMicros[i] = tcb.rttvarMicros;
    backOff[i] = (byte) Math.min(tcb.backOff, MOST_BACK_OFF);
    reorderingSegments[i] = (byte) tcb.reorderingSegments;
  }

  void recall(Tcb tcb, long nowNanos) {
    int i = place(tcb);
    boolean isKnown = low[i] == tcb.remoteLow && high[i] == tcb.remoteHigh && srttMicros[i] != 0;
    if (isKnown && seconds(nowNanos) - seconds[i] <= MOST_AGE_SECONDS) {
      tcb.srttMicros = srttMicros[i];
      tcb.rttvarMicros = rttvarMicros[i];
      if (tcb.state.isSynchronized()) { // a SYN's own answer will tell
        tcb.backOff = backOff[i];
        tcb.backOffInherited = true;
        if (slot[i] == tcb.slot) {
          tcb.congestion.ssthreshBytes = ssthreshBytes[i];
        }
      }
      tcb.minRttMicros = tcb.srttMicros;
      tcb.reorderingSegments = reorderingSegments[i];
    }
  }

  /** Bytes that it occupies. */
  public long reservedBytes() {
    return 38L * SIZE;
  }

  private static int seconds(long nanos) {
    return (int) (nanos / 1_000_000_000L);
  }

  private int place(Tcb tcb) {
    return (int) hash.hash(tcb.remoteHigh, tcb.remoteLow) & (SIZE - 1);
  }
}
