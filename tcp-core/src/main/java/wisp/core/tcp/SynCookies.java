package wisp.core.tcp;

import wisp.core.spi.EcnMode;
import wisp.core.spi.KeyedHash;

/**
 * Initial sequence numbers that remember a SYN for us (RFC 4987 §3.6): whoever acknowledges one has
 * received it, so the SYN came from where it said, and nothing had to be kept meanwhile.
 *
 * <pre>
 *   cookie:           period modulo 4 (2 bits) | MSS (3) | keyed hash of all that and the SYN (27)
 *   timestamp's end:  ours, rounded down:  ECN (1) | SACK permitted (1) | Snd.Wind.Scale, 15: none (4)
 * </pre>
 *
 * <p>The MSS is one of a table, rounded down. The other options are in the low bits of our
 * timestamp, which comes back as its echo; a peer without timestamps is not offered them. They need
 * no protection: a peer that changes them harms itself.
 *
 * <p>A cookie holds for the period it was made in and the next: how long a period is the listener
 * says. What it can't do: a SYN-ACK that is lost is not resent, the peer's SYN is; a lost ACK that
 * nothing follows leaves the peer with a connection that we don't know of.
 */
public final class SynCookies {
  /** A period, if the listener does not say otherwise. */
  public static final long PERIOD_NANOS = 64_000_000_000L;

  /** What {@link #check} says of what is no cookie, or too old for it to tell. */
  static final int NEVER_MADE = -1;

  /** Periods for which a cookie holds. */
  static final int HOLDS = 2;

  /** After so many periods a cookie can't be told any more from one that was never made. */
  private static final int REMEMBERED = 64;

  private static final int[] MSS = {48, 256, 536, 1_220, 1_360, 1_440, 1_460, 8_960};
  private static final int PERIOD_PLACE = 30;
  private static final int MSS_PLACE = 27;
  private static final int HASH_MASK = (1 << MSS_PLACE) - 1;

  private static final int OPTION_BITS = 6;
  private static final int SACK_PERMITTED = 1 << 4;
  private static final int ECN = 1 << 5;
  private static final int NO_SCALE = 15;

  private final KeyedHash hash;

  /** With a secret of its own. */
  public SynCookies(KeyedHash hash) {
    this.hash = hash;
  }

  /** The cookie for the SYN that this connection's variables were read from. */
  @SeqNum
  int make(Tcb tcb, long periodNanos, long nowNanos) {
    int mss = MSS.length - 1;
    while (mss > 0 && MSS[mss] > tcb.peerMss) {
      mss--;
    }
    return make(endpoints(tcb), tcb.rcvNxt - 1, nowNanos / periodNanos, mss);
  }

  private long endpoints(Tcb tcb) {
    long ports = (long) tcb.localPort << 16 | tcb.remotePort;
    long local = hash.hash(tcb.localHigh, tcb.localLow, ports);
    return hash.hash(local, tcb.remoteHigh, tcb.remoteLow);
  }

  private @SeqNum int make(long endpoints, @SeqNum int irs, long period, int mss) {
    long what = period << 3 | mss;
    int proof = (int) hash.hash(endpoints, irs & 0xFFFF_FFFFL, what) & HASH_MASK;
    return (int) period << PERIOD_PLACE | mss << MSS_PLACE | proof;
  }

  /**
   * How many periods ago we have made this cookie for a SYN with the number before RCV.NXT; sets
   * the peer's MSS if we have. It holds while that is less than {@link #HOLDS}.
   *
   * @param remembersOld whether it is worth finding out that a cookie is one, but too old
   * @return {@link #NEVER_MADE}: it is none, or older than that
   */
  int check(Tcb tcb, @SeqNum int cookie, long periodNanos, long nowNanos, boolean remembersOld) {
    long now = nowNanos / periodNanos;
    int mss = cookie >>> MSS_PLACE & MSS.length - 1;
    long endpoints = endpoints(tcb);
    int most = remembersOld ? REMEMBERED : HOLDS;
    for (int age = (int) now - (cookie >>> PERIOD_PLACE) & 3; age < most; age += 4) {
      if (make(endpoints, tcb.rcvNxt - 1, now - age, mss) == cookie) {
        tcb.peerMss = MSS[mss];
        return age;
      }
    }
    return NEVER_MADE;
  }

  /** The last timestamp, now or a little before, that carries what was agreed on. */
  static int timestamp(int now, Tcb tcb) {
    int options =
        (tcb.windowScaling ? tcb.sndScale : NO_SCALE)
            | (tcb.sackPermitted ? SACK_PERMITTED : 0)
            | (tcb.ecn ? ECN : 0);
    int timestamp = now >>> OPTION_BITS << OPTION_BITS | options;
    return timestamp - now > 0 ? timestamp - (1 << OPTION_BITS) : timestamp;
  }

  /** Reads back what {@link #timestamp} carries. */
  static void recall(Tcb tcb, int echo) {
    int scale = echo & 15;
    tcb.windowScaling = scale != NO_SCALE;
    tcb.sndScale = tcb.windowScaling ? scale : 0;
    tcb.sackPermitted = (echo & SACK_PERMITTED) != 0;
    tcb.ecn = (echo & ECN) != 0 && tcb.ecnMode != EcnMode.OFF;
  }
}
