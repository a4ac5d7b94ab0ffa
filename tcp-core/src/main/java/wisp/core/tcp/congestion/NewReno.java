package wisp.core.tcp.congestion;

import wisp.core.spi.AckSample;
import wisp.core.spi.CongestionControl;
import wisp.core.spi.CongestionControlProvider;
import wisp.core.spi.CongestionState;

/**
 * Congestion avoidance of RFC 5681 with byte counting (RFC 3465), after the {@link SlowStart} that
 * CUBIC has too.
 */
public final class NewReno implements CongestionControl {
  private static final double BETA_ECN = 0.8;

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
      return "congestion avoidance of RFC 5681 with HyStart++ of RFC 9406";
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
    if (SlowStart.onAck(s, ack, HyStart.UNPACED_SEGMENTS) || !ack.limited) {
      return;
    }
    s.words[ACKED] += ack.ackedBytes;
    int round = wholeSegments(s);
    if (s.words[ACKED] >= round) {
      s.words[ACKED] -= round;
      SlowStart.grow(s, s.mss);
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
    SlowStart.goesOn(s);
  }
}
