package wisp.core.tcp.congestion;

import wisp.core.spi.AckSample;
import wisp.core.spi.CongestionControl;
import wisp.core.spi.CongestionControlProvider;
import wisp.core.spi.CongestionState;

/**
 * CUBIC (RFC 9438): after a loss cwnd returns to where it was along a cube root of the time, never
 * slower than Reno would, and then looks for more. {@link HyStart} guards the first slow start (RFC
 * 9406): its words lie where CUBIC's will, since it is over when CUBIC begins.
 */
public final class Cubic implements CongestionControl {
  private static final int MOST = 1 << 30;

  /** What is left of the window after a loss, and after an ECN echo (RFC 8511 §3). */
  private static final double BETA = 0.7;

  private static final double BETA_ECN = 0.85;

  /** Segments per cubic second (RFC 9438 §5). */
  private static final double C = 0.4;

  /** Additive increase that makes the Reno estimate as fast as Reno is (RFC 9438 §4.3). */
  private static final double ALPHA = 3 * (1 - BETA) / (1 + BETA);

  /** Words. Where the plateau lies: W_max, bytes. */
  private static final int W_MAX = 0;

  /** When this epoch began, ms and never 0; 0: not begun. */
  private static final int EPOCH = 1;

  /** How long from the epoch's start to the plateau: K, ms. */
  private static final int K = 2;

  /** What Reno would have: W_est, bytes. */
  private static final int W_EST = 3;

  /** cwnd before the last decrease: cwnd_prior, bytes. */
  private static final int PRIOR = 4;

  /** Of cwnd's and of W_est's growth, what was less than a byte: in parts of cwnd. */
  private static final int CWND_REST = 5;

  private static final int EST_REST = 6;

  /** Finds it by name. */
  public static final class Provider implements CongestionControlProvider {
    @Override
    public String name() {
      return "cubic";
    }

    @Override
    public String description() {
      return "CUBIC of RFC 9438 with HyStart++ of RFC 9406";
    }

    @Override
    public CongestionControl create() {
      return new Cubic();
    }
  }

  /** Finds the one for links that pace. */
  public static final class PacedProvider implements CongestionControlProvider {
    @Override
    public String name() {
      return "cubic-paced";
    }

    @Override
    public String description() {
      return "cubic where something below paces: slow start follows ACKs of any size";
    }

    @Override
    public CongestionControl create() {
      return new Cubic(name(), HyStart.PACED_SEGMENTS);
    }
  }

  private final String name;
  private final int slowStartSegments;

  /** For senders that nothing paces. */
  public Cubic() {
    this("cubic", HyStart.UNPACED_SEGMENTS);
  }

  private Cubic(String name, int slowStartSegments) {
    this.name = name;
    this.slowStartSegments = slowStartSegments;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void onAck(CongestionState s, AckSample ack) {
    if (SlowStart.onAck(s, ack, slowStartSegments)) {
      return;
    }
    if (!ack.limited) {
      if (ack.flightBytes < s.cwndBytes / 2) {
        s.words[EPOCH] = 0; // the application rests: that time does not count (RFC 9438 §5.8)
      }
      return;
    }
    avoid(s, ack);
  }

  /** Congestion avoidance (RFC 9438 §4.2 to §4.5). */
  private static void avoid(CongestionState s, AckSample ack) {
    int[] w = s.words;
    int nowMillis = millis(ack.nowNanos);
    if (w[EPOCH] == 0) {
      begin(s, nowMillis);
    }
    double sinceEpoch = (nowMillis - w[EPOCH]) / 1e3;
    double rtt = ack.srttMicros / 1e6;
    long target = Math.clamp(plateau(s, sinceEpoch + rtt), s.cwndBytes, s.cwndBytes * 3L / 2);
    growEstimate(s, ack.ackedBytes);
    if (plateau(s, sinceEpoch) < w[W_EST]) {
      s.cwndBytes = Math.min(Math.max(s.cwndBytes, w[W_EST]), MOST);
      return;
    }
    long parts = (target - s.cwndBytes) * ack.ackedBytes + w[CWND_REST];
    int grown = (int) Math.min(parts / s.cwndBytes, target - s.cwndBytes);
    w[CWND_REST] = (int) (parts % s.cwndBytes);
    s.cwndBytes = Math.min(s.cwndBytes + grown, MOST);
  }

  private static void begin(CongestionState s, int nowMillis) {
    int[] w = s.words;
    w[EPOCH] = nowMillis;
    w[W_EST] = s.cwndBytes;
    w[CWND_REST] = 0;
    w[EST_REST] = 0;
    if (s.cwndBytes >= w[W_MAX]) {
      w[W_MAX] = s.cwndBytes;
      w[K] = 0;
    } else {
      double segments = (double) (w[W_MAX] - s.cwndBytes) / s.mss;
      w[K] = (int) (1e3 * Math.cbrt(segments / C));
    }
  }

  /** W_cubic at a time since the epoch's start, in bytes (RFC 9438, figure 1). */
  private static long plateau(CongestionState s, double seconds) {
    double t = seconds - s.words[K] / 1e3;
    return (long) (C * t * t * t * s.mss) + s.words[W_MAX];
  }

  private static void growEstimate(CongestionState s, int ackedBytes) {
    int[] w = s.words;
    double alpha = w[W_EST] >= w[PRIOR] ? 1 : ALPHA;
    long parts = (long) (alpha * ackedBytes * s.mss) + w[EST_REST];
    w[W_EST] = (int) Math.min(w[W_EST] + parts / s.cwndBytes, MOST);
    w[EST_REST] = (int) (parts % s.cwndBytes);
  }

  @Override
  public void onLoss(CongestionState s, int flightBytes, long nowNanos) {
    decrease(s, flightBytes, BETA);
  }

  @Override
  public void onEcnEcho(CongestionState s, int flightBytes, long nowNanos) {
    decrease(s, flightBytes, BETA_ECN);
    s.cwndBytes = Math.max(s.ssthreshBytes, s.mss);
  }

  @Override
  public void onTimeout(CongestionState s, int flightBytes, boolean first, long nowNanos) {
    if (first) {
      decrease(s, flightBytes, BETA);
    }
    s.words[EPOCH] = 0;
    s.cwndBytes = s.mss;
  }

  /** Multiplicative decrease, and fast convergence (RFC 9438 §4.6, §4.7). */
  private static void decrease(CongestionState s, int flightBytes, double beta) {
    int[] w = s.words;
    boolean firstLoss = s.ssthreshBytes == CongestionState.UNLIMITED;
    int before = firstLoss ? 0 : w[W_MAX]; // until then the words were HyStart's
    boolean isLower = s.cwndBytes < before;
    w[W_MAX] = isLower ? (int) (s.cwndBytes * ((1 + beta) / 2)) : s.cwndBytes;
    w[PRIOR] = s.cwndBytes;
    w[EPOCH] = 0;
    s.ssthreshBytes = Math.max((int) (flightBytes * beta), 2 * s.mss);
  }

  @Override
  public void onUndo(CongestionState s, long nowNanos) {
    if (SlowStart.goesOn(s)) {
      return;
    }
    s.words[W_MAX] = Math.max(s.words[W_MAX], s.words[PRIOR]);
    s.words[EPOCH] = 0;
  }

  private static int millis(long nanos) {
    int millis = (int) (nanos / 1_000_000);
    return millis == 0 ? 1 : millis;
  }
}
