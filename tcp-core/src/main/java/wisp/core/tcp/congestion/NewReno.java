package wisp.core.tcp.congestion;

import wisp.core.spi.AckSample;
import wisp.core.spi.CongestionControl;
import wisp.core.spi.CongestionControlProvider;
import wisp.core.spi.CongestionState;

/**
 * Slow start and congestion avoidance of RFC 5681 with byte counting (RFC 3465, L = 2 segments).
 * {@link HyStart} guards the first slow start (RFC 9406) as it does CUBIC's: its words lie where
 * this class keeps its own, since it is over when congestion avoidance begins.
 */
public final class NewReno implements CongestionControl {
  private static final int MOST = 1 << 30;
  private static final double BETA_ECN = 0.8;

  /** Most bytes that one ACK adds in slow start after a loss: RFC 3465, L = 2 segments. */
  private static final int SLOW_START_SEGMENTS = 2;

  /** Word: bytes acknowledged in congestion avoidance since cwnd grew last. */
  private static final int ACKED = 0;

  /** Finds it by name. */
  public static final class Provider implements CongestionControlProvider {
    @Override
    public String name() {
      return "newreno";
    }

    @Override
    public String description() {
      return "slow start and congestion avoidance of RFC 5681";
    }

    @Override
    public CongestionControl create() {
      return new NewReno();
    }
  }

  @Override
  public String name() {
    return "newreno";
  }

  @Override
  public void onAck(CongestionState s, AckSample ack) {
    if (s.ssthreshBytes == CongestionState.UNLIMITED) {
      int grown = HyStart.onAck(s, ack, HyStart.UNPACED_SEGMENTS);
      if (ack.limited) {
        grow(s, grown);
      }
      return;
    }
    if (!ack.limited) {
      return;
    }
    if (s.cwndBytes < s.ssthreshBytes) {
      grow(s, Math.min(ack.ackedBytes, SLOW_START_SEGMENTS * s.mss));
      return;
    }
    s.words[ACKED] += ack.ackedBytes;
    int round = wholeSegments(s);
    if (s.words[ACKED] >= round) {
      s.words[ACKED] -= round;
      grow(s, s.mss);
    }
  }

  /**
   * What a round trip acknowledges: no more than full segments are sent, and a rest of half a
   * segment, as a halved window has, would delay each growth by its share of a round trip.
   */
  private static int wholeSegments(CongestionState s) {
    return Math.max(s.cwndBytes - s.cwndBytes % s.mss, s.mss);
  }

  @Override
  public void onLoss(CongestionState s, int flightBytes, long nowNanos) {
    s.ssthreshBytes = Math.max(flightBytes / 2, 2 * s.mss);
    s.words[ACKED] = 0;
  }

  /** RFC 8511 §3: a mark comes before a loss would, so it costs less. */
  @Override
  public void onEcnEcho(CongestionState s, int flightBytes, long nowNanos) {
    s.ssthreshBytes = Math.max((int) (flightBytes * BETA_ECN), 2 * s.mss);
    s.cwndBytes = s.ssthreshBytes;
    s.words[ACKED] = 0;
  }

  @Override
  public void onTimeout(CongestionState s, int flightBytes, boolean first, long nowNanos) {
    if (first) {
      s.ssthreshBytes = Math.max(flightBytes / 2, 2 * s.mss);
    }
    s.cwndBytes = s.mss;
    s.words[ACKED] = 0;
  }

  @Override
  public void onUndo(CongestionState s, long nowNanos) {
    if (s.ssthreshBytes == CongestionState.UNLIMITED) {
      s.reset(); // the first slow start goes on
    }
  }

  private static void grow(CongestionState s, int bytes) {
    s.cwndBytes = Math.min(s.cwndBytes + bytes, MOST);
  }
}
