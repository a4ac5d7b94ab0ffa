package wisp.core.tcp.congestion;

import wisp.core.spi.AckSample;
import wisp.core.spi.CongestionState;

/**
 * HyStart++ (RFC 9406): leaves slow start when round trips grow, before the queue overflows. First
 * it only slows down, for five rounds; if round trips shrink again it was a false alarm.
 */
final class HyStart {
  /** L where nothing paces what is sent, and where something does (RFC 9406 §4.3). */
  static final int UNPACED_SEGMENTS = 8;

  static final int PACED_SEGMENTS = Integer.MAX_VALUE;

  /** Words: the least round trip of the last round and of this one, µs; 0: none. */
  private static final int LAST_MIN = 0;

  private static final int CURRENT_MIN = 1;

  /** Samples in this round. */
  private static final int SAMPLES = 2;

  /** In conservative slow start, the least round trip when it began, µs; 0: ordinary. */
  private static final int BASELINE = 3;

  /** Rounds of conservative slow start that are over. */
  private static final int ROUNDS = 4;

  private static final int LEAST_RISE_MICROS = 4_000;
  private static final int MOST_RISE_MICROS = 16_000;
  private static final int RISE_DIVISOR = 8;
  private static final int ENOUGH_SAMPLES = 8;
  private static final int GROWTH_DIVISOR = 4;
  private static final int CONSERVATIVE_ROUNDS = 5;

  private HyStart() {}

  /**
   * An acknowledgment in the first slow start; sets ssthresh when that is over.
   *
   * @param mostSegments L: what one ACK adds at most
   * @return bytes by which cwnd may grow if it is what limits
   */
  static int onAck(CongestionState s, AckSample ack, int mostSegments) {
    int[] w = s.words;
    if (ack.roundOver && endRound(s)) {
      return 0;
    }
    if (ack.rttMicros > 0) {
      w[CURRENT_MIN] =
          w[CURRENT_MIN] == 0 ? ack.rttMicros : Math.min(w[CURRENT_MIN], ack.rttMicros);
      w[SAMPLES]++;
      judge(w);
    }
    int bytes = (int) Math.min(ack.ackedBytes, (long) mostSegments * s.mss);
    return w[BASELINE] == 0 ? bytes : bytes / GROWTH_DIVISOR;
  }

  /** Whether that was the end of slow start: the words are no longer its own. */
  private static boolean endRound(CongestionState s) {
    int[] w = s.words;
    w[LAST_MIN] = w[CURRENT_MIN];
    w[CURRENT_MIN] = 0;
    w[SAMPLES] = 0;
    if (w[BASELINE] != 0 && ++w[ROUNDS] >= CONSERVATIVE_ROUNDS) {
      s.reset();
      s.ssthreshBytes = s.cwndBytes;
      return true;
    }
    return false;
  }

  private static void judge(int[] w) {
    if (w[SAMPLES] < ENOUGH_SAMPLES || w[LAST_MIN] == 0) {
      return;
    }
    if (w[BASELINE] != 0) {
      if (w[CURRENT_MIN] < w[BASELINE]) { // a false alarm: it was no queue
        w[BASELINE] = 0;
        w[ROUNDS] = 0;
      }
      return;
    }
    int rise = Math.clamp(w[LAST_MIN] / RISE_DIVISOR, LEAST_RISE_MICROS, MOST_RISE_MICROS);
    if (w[CURRENT_MIN] >= w[LAST_MIN] + rise) {
      w[BASELINE] = w[CURRENT_MIN];
      w[ROUNDS] = 0;
    }
  }
}
