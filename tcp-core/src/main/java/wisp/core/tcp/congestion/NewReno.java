package wisp.core.tcp.congestion;

/**
 * Slow start and congestion avoidance of RFC 5681 with byte counting (RFC 3465, L = 2 segments).
 */
public final class NewReno implements CongestionControl {
  private static final int MOST = 1 << 30;

  @Override
  public String name() {
    return "newreno";
  }

  @Override
  public void onAck(CongestionState s, int acknowledgedBytes, boolean limited) {
    if (!limited) {
      return;
    }
    if (s.cwndBytes < s.ssthreshBytes) {
      grow(s, Math.min(acknowledgedBytes, 2 * s.mss));
      return;
    }
    s.ackedBytes += acknowledgedBytes;
    if (s.ackedBytes >= s.cwndBytes) {
      s.ackedBytes -= s.cwndBytes;
      grow(s, s.mss);
    }
  }

  @Override
  public void onLoss(CongestionState s, int flightBytes) {
    s.ssthreshBytes = Math.max(flightBytes / 2, 2 * s.mss);
    s.ackedBytes = 0;
  }

  @Override
  public void onTimeout(CongestionState s, int flightBytes, boolean first) {
    if (first) {
      s.ssthreshBytes = Math.max(flightBytes / 2, 2 * s.mss);
    }
    s.cwndBytes = s.mss;
    s.ackedBytes = 0;
  }

  private static void grow(CongestionState s, int bytes) {
    s.cwndBytes = Math.min(s.cwndBytes + bytes, MOST);
  }
}
