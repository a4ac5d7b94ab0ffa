package wisp.core.stack;

import java.util.function.Consumer;
import wisp.core.spi.EcnMode;
import wisp.core.spi.FastOpenMode;
import wisp.core.tcp.congestion.Cubic;

/**
 * Options of a connection, shared by all that were made with the same profile. Change what differs
 * from another one with {@link #with}.
 *
 * @param nagle whether small segments wait while something is in flight (RFC 9293 §3.7.4)
 * @param retransmissionLimitNanos R2, the user timeout: how long the oldest byte is resent before
 *     the connection is given up; {@link Long#MAX_VALUE}: for ever (RFC 9293 §3.8.3)
 * @param ttl time to live of its packets, 1 … 255
 * @param dscp differentiated services code point, 0 … 63
 * @param congestionControl name of a {@link wisp.core.spi.CongestionControlProvider}; listen and
 *     connect refuse one that isn't there
 * @param ecn whether routers may mark its packets instead of dropping them (RFC 3168)
 * @param userTimeoutOption whether the peer is told the retransmission limit, and what it tells is
 *     followed within limits (RFC 5482)
 * @param errorReports whether the handler hears of soft errors and of repeated resending (SHLD-20)
 * @param keepAlive whether and how a silent peer is asked if it is still there
 * @param windowScaling whether our SYN offers window scale and the peer's offer is taken (RFC 7323)
 * @param sackPermitted likewise SACK (RFC 2018)
 * @param timestamps likewise timestamps (RFC 7323)
 * @param fastOpen whether a connection that we open may say something with its SYN (RFC 7413)
 * @param mssLimit our MSS option says no more, and no larger segments are sent: 88 … 65535 bytes,
 *     options of later segments not subtracted; 0: link and path alone decide
 * @param receiveWindowBytes the window it offers, while it is not paused, up to 2^30; 0: the
 *     context's. With classic socket buffers no more than one holds
 * @param leastWindowShift our window scale is no less, 0 … 14, even if the window needs none: for
 *     whoever must look like a stack whose windows grow
 */
public record ConnectionProfile(
    boolean nagle,
    long retransmissionLimitNanos,
    int ttl,
    int dscp,
    String congestionControl,
    EcnMode ecn,
    boolean userTimeoutOption,
    boolean errorReports,
    KeepAlive keepAlive,
    boolean windowScaling,
    boolean sackPermitted,
    boolean timestamps,
    FastOpenMode fastOpen,
    int mssLimit,
    int receiveWindowBytes,
    int leastWindowShift) {
  private static final int LEAST_MSS_LIMIT = 88;

  /**
   * Nagle on, R2 = 15 minutes, TTL 64, best effort, CUBIC, ECN if asked for, no user timeout
   * option, error reports, no keep-alive, all options of the SYN but Fast Open, no MSS limit, the
   * context's receive window.
   */
  public static final ConnectionProfile DEFAULT = new Builder().build();

  /** Nagle off, else as {@link #DEFAULT}. */
  public static final ConnectionProfile NO_DELAY = DEFAULT.with(b -> b.nagle = false);

  /** Checks ranges. */
  public ConnectionProfile {
    if (ttl < 1 || ttl > 255) {
      throw new IllegalArgumentException("TTL " + ttl + " is outside 1 … 255");
    }
    if (dscp < 0 || dscp > 63) {
      throw new IllegalArgumentException("DSCP " + dscp + " is outside 0 … 63");
    }
    if (retransmissionLimitNanos < 1) {
      throw new IllegalArgumentException(
          "retransmission limit " + retransmissionLimitNanos + " ns is not positive");
    }
    if (mssLimit != 0 && (mssLimit < LEAST_MSS_LIMIT || mssLimit > 65_535)) {
      throw new IllegalArgumentException(
          "MSS limit " + mssLimit + " is outside " + LEAST_MSS_LIMIT + " … 65535, and not 0");
    }
    if (receiveWindowBytes < 0 || receiveWindowBytes > 1 << 30) {
      throw new IllegalArgumentException(
          "receive window " + receiveWindowBytes + " is outside 0 … 2^30 bytes");
    }
    if (leastWindowShift < 0 || leastWindowShift > 14) {
      throw new IllegalArgumentException("window scale " + leastWindowShift + " is outside 0 … 14");
    }
  }

  /** What is usual but for these four. */
  public ConnectionProfile(boolean nagle, long retransmissionLimitNanos, int ttl, int dscp) {
    this(nagle, retransmissionLimitNanos, ttl, dscp, new Builder());
  }

  private ConnectionProfile(
      boolean nagle, long retransmissionLimitNanos, int ttl, int dscp, Builder usual) {
    this(
        nagle,
        retransmissionLimitNanos,
        ttl,
        dscp,
        usual.congestionControl,
        usual.ecn,
        usual.userTimeoutOption,
        usual.errorReports,
        usual.keepAlive,
        usual.windowScaling,
        usual.sackPermitted,
        usual.timestamps,
        usual.fastOpen,
        usual.mssLimit,
        usual.receiveWindowBytes,
        usual.leastWindowShift);
  }

  /** This profile with changes: {@code profile.with(b -> b.nagle = false)}. */
  public ConnectionProfile with(Consumer<Builder> change) {
    Builder b = new Builder();
    b.nagle = nagle;
    b.retransmissionLimitNanos = retransmissionLimitNanos;
    b.ttl = ttl;
    b.dscp = dscp;
    b.congestionControl = congestionControl;
    b.ecn = ecn;
    b.userTimeoutOption = userTimeoutOption;
    b.errorReports = errorReports;
    b.keepAlive = keepAlive;
    b.windowScaling = windowScaling;
    b.sackPermitted = sackPermitted;
    b.timestamps = timestamps;
    b.fastOpen = fastOpen;
    b.mssLimit = mssLimit;
    b.receiveWindowBytes = receiveWindowBytes;
    b.leastWindowShift = leastWindowShift;
    change.accept(b);
    return b.build();
  }

  /** The components of a profile, each with what is usual. */
  public static final class Builder {
    public boolean nagle = true;
    public long retransmissionLimitNanos = 900_000_000_000L;
    public int ttl = 64;
    public int dscp;
    public String congestionControl = new Cubic().name();
    public EcnMode ecn = EcnMode.ON_REQUEST;
    public boolean userTimeoutOption;
    public boolean errorReports = true;
    public KeepAlive keepAlive = KeepAlive.OFF;
    public boolean windowScaling = true;
    public boolean sackPermitted = true;
    public boolean timestamps = true;
    public FastOpenMode fastOpen = FastOpenMode.OFF;
    public int mssLimit;
    public int receiveWindowBytes;
    public int leastWindowShift;

    private Builder() {}

    private ConnectionProfile build() {
      return new ConnectionProfile(
          nagle,
          retransmissionLimitNanos,
          ttl,
          dscp,
          congestionControl,
          ecn,
          userTimeoutOption,
          errorReports,
          keepAlive,
          windowScaling,
          sackPermitted,
          timestamps,
          fastOpen,
          mssLimit,
          receiveWindowBytes,
          leastWindowShift);
    }
  }
}
