package wisp.core.ip;

import wisp.core.wire.IcmpQuote;

/**
 * An ICMP or ICMPv6 error that came in, about a packet of ours. One instance is reused for ever.
 */
public final class IcmpError {
  /** What it means for a transport (RFC 1122 §4.2.3.9, RFC 4443 §3, RFC 5461 §2). */
  public enum Kind {
    /** A router had to cut the packet and may not. */
    PACKET_TOO_BIG,
    /** May pass: network or host unreachable, time exceeded, a header that a router disliked. */
    SOFT,
    /** Will not pass: no such port or protocol, prohibited, unknown. */
    HARD
  }

  public Kind kind = Kind.SOFT;
  public int type;
  public int code;

  /** Largest packet that would fit; 0: it does not say. Of {@link Kind#PACKET_TOO_BIG} only. */
  public int mtu;

  /** The packet of ours that it quotes. Borrowed. */
  public final IcmpQuote quote = new IcmpQuote();
}
