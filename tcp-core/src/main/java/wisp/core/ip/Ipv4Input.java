package wisp.core.ip;

import java.lang.foreign.MemorySegment;
import wisp.core.Counters;
import wisp.core.Counters.Event;
import wisp.core.wire.Ipv4Header;

/**
 * Which packets are ours and sound (RFC 791, RFC 1122 §3.2.1); the others are dropped, each counted
 * by the first reason found.
 */
public final class Ipv4Input {
  private final OwnAddresses own;
  private final Counters counters;

  /** For one context. */
  public Ipv4Input(OwnAddresses own, Counters counters) {
    this.own = own;
    this.counters = counters;
  }

  /**
   * Looks at a packet; {@code header} points at it afterwards.
   *
   * @return whether it is for us and may be passed on
   */
  public boolean accept(Ipv4Header header, MemorySegment memory, long start, int length) {
    if (!header.wrap(memory, start, length)) {
      return drop(
          header.problem() == Ipv4Header.PROBLEM_VERSION
              ? Event.DROP_IP_VERSION
              : Event.DROP_IP_LENGTH);
    }
    if (!header.checksumOk()) {
      return drop(Event.DROP_IP_CHECKSUM);
    }
    if (!own.contains(header.destination())) {
      return drop(Event.DROP_IP_DESTINATION);
    }
    if (!OwnAddresses.isUnicast(header.source()) || own.contains(header.source())) {
      return drop(Event.DROP_IP_SOURCE);
    }
    if (header.isFragment()) {
      return drop(Event.DROP_IP_FRAGMENT);
    }
    return true;
  }

  private boolean drop(Event reason) {
    counters.add(reason);
    return false;
  }
}
