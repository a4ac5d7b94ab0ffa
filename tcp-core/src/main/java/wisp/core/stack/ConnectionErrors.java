package wisp.core.stack;

import wisp.core.Counters;
import wisp.core.Counters.Event;
import wisp.core.ip.IcmpError;
import wisp.core.ip.TransportErrors;
import wisp.core.tcp.IcmpReaction;
import wisp.core.tcp.Tcb;
import wisp.core.wire.Ipv4Header;

/** Brings ICMP errors to the connection whose segment they quote. */
final class ConnectionErrors implements TransportErrors {
  private final Demultiplexer demultiplexer;
  private final TcbDesk desk;
  private final IcmpReaction reaction;
  private final Counters counters;

  ConnectionErrors(
      Demultiplexer demultiplexer, TcbDesk desk, IcmpReaction reaction, Counters counters) {
    this.demultiplexer = demultiplexer;
    this.desk = desk;
    this.reaction = reaction;
    this.counters = counters;
  }

  @Override
  public void receive(IcmpError error, long nowNanos) {
    boolean isTcp = error.quote.protocol() == Ipv4Header.PROTOCOL_TCP && error.quote.hasTransport();
    int slot = isTcp ? find(error) : Records.NONE;
    if (slot == Records.NONE) {
      counters.add(Event.DROP_ICMP);
      return;
    }
    Tcb tcb = desk.open(slot);
    try {
      reaction.receive(tcb, error);
    } finally {
      desk.close(tcb);
    }
  }

  private int find(IcmpError error) {
    return demultiplexer.find(
        error.quote.sourceHigh(),
        error.quote.sourceLow(),
        error.quote.sourcePort(),
        error.quote.destinationHigh(),
        error.quote.destinationLow(),
        error.quote.destinationPort());
  }
}
