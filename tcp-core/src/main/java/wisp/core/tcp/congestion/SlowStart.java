package wisp.core.tcp.congestion;

import wisp.core.spi.AckSample;
import wisp.core.spi.CongestionState;

/**
 * What comes before congestion avoidance, whichever that is: the first slow start under {@link
 * HyStart} (RFC 9406), whose words lie where the algorithm keeps its own, since it is over when
 * that begins; later ones with byte counting (RFC 3465, L = 2 segments).
 */
final class SlowStart {
  private static final int MOST = 1 << 30;

  /** Most bytes that one ACK adds in slow start after a loss: RFC 3465, L = 2 segments. */
  private static final int SEGMENTS = 2;

  private SlowStart() {}

  /**
   * Grows cwnd by an ACK if that is slow start's to do; false: the ACK is the algorithm's own. One
   * that finds cwnd unused is so too, except in the first slow start.
   *
   * @param firstSegments most segments that one ACK adds in the first slow start
   */
  static boolean onAck(CongestionState s, AckSample ack, int firstSegments) {
    if (s.ssthreshBytes == CongestionState.UNLIMITED) {
      int grown = HyStart.onAck(s, ack, firstSegments);
      if (ack.limited) {
        grow(s, grown);
      }
      return true;
    }
    if (!ack.limited || s.cwndBytes >= s.ssthreshBytes) {
      return false;
    }
    grow(s, Math.min(ack.ackedBytes, SEGMENTS * s.mss));
    return true;
  }

  /** The loss was none: true, the first slow start goes on. */
  static boolean goesOn(CongestionState s) {
    if (s.ssthreshBytes != CongestionState.UNLIMITED) {
      return false;
    }
    s.reset();
    return true;
  }

  static void grow(CongestionState s, int bytes) {
    s.cwndBytes = Math.min(s.cwndBytes + bytes, MOST);
  }
}
