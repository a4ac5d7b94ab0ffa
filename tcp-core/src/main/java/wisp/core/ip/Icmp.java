package wisp.core.ip;

import wisp.core.Counters;
import wisp.core.Counters.Event;
import wisp.core.wire.IcmpHeader;
import wisp.core.wire.Ipv4Header;

/**
 * ICMP as a host speaks it (RFC 792, RFC 1122 §3.2.2): answers echo, tells that a UDP port or a
 * protocol is not there. Errors are limited to some a second (RFC 1812 §4.3.2.8); echo is not, so
 * errors can't starve it.
 */
public final class Icmp {
  private static final int TTL = 64;
  private static final int MOST_ERRORS_IN_A_SECOND = 1_000;

  private final Ipv4Output output;
  private final Counters counters;
  private final IcmpHeader header = new IcmpHeader();
  private long errorSecond = -1;
  private int errorsInSecond;

  /** For one context. */
  public Icmp(Ipv4Output output, Counters counters) {
    this.output = output;
    this.counters = counters;
  }

  /** A message for us. */
  public void receive(Ipv4Header ip) {
    if (!header.wrap(ip.memory(), ip.payloadStart(), ip.payloadLength())
        || !header.checksumOk()
        || header.type() != IcmpHeader.ECHO_REQUEST
        || header.code() != 0
        || ip.payloadLength() > output.maxTransportBytes()) {
      counters.add(Event.DROP_ICMP);
      return;
    }
    int length = ip.payloadLength();
    if (output.begin(length)) {
      IcmpHeader.writeEchoReply(
          ip.memory(), ip.payloadStart(), length, output.memory(), output.start());
      output.sendTransport(
          Ipv4Header.PROTOCOL_ICMP,
          /* source= */ ip.destination(),
          /* destination= */ ip.source(),
          TTL,
          ip.dscp(),
          length);
      counters.add(Event.ECHO_REPLIES);
    }
  }

  /** Tells the sender of a UDP datagram that nobody listens. */
  public void portUnreachable(Ipv4Header ip, long nowNanos) {
    unreachable(ip, IcmpHeader.CODE_PORT_UNREACHABLE, nowNanos);
  }

  /** Tells the sender that we don't speak this protocol. */
  public void protocolUnreachable(Ipv4Header ip, long nowNanos) {
    unreachable(ip, IcmpHeader.CODE_PROTOCOL_UNREACHABLE, nowNanos);
  }

  private void unreachable(Ipv4Header ip, int code, long nowNanos) {
    int quoted = Math.min(ip.totalLength(), IcmpHeader.MAX_QUOTED);
    int length = IcmpHeader.LENGTH + quoted;
    if (!mayTell(nowNanos) || !output.begin(length)) {
      return;
    }
    IcmpHeader.writeUnreachable(
        output.memory(), output.start(), code, ip.memory(), ip.start(), quoted);
    output.sendTransport(
        Ipv4Header.PROTOCOL_ICMP,
        /* source= */ ip.destination(),
        /* destination= */ ip.source(),
        TTL,
        0,
        length);
    counters.add(Event.ICMP_ERRORS_SENT);
  }

  private boolean mayTell(long nowNanos) {
    long second = nowNanos / 1_000_000_000L;
    if (second != errorSecond) {
      errorSecond = second;
      errorsInSecond = 0;
    }
    return errorsInSecond++ < MOST_ERRORS_IN_A_SECOND;
  }
}
