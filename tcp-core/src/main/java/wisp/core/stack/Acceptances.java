package wisp.core.stack;

import org.jspecify.annotations.Nullable;
import wisp.core.Counters.Event;
import wisp.core.ip.IpPacket;
import wisp.core.memory.Blocks;
import wisp.core.tcp.Tcb;
import wisp.core.wire.TcpHeader;

/** Makes the records of connections that listeners take in. */
final class Acceptances {
  private final Bindings bindings;
  private final TcbDesk desk;
  private final Blocks blocks;

  /** Why the last {@link #create} made nothing. */
  private Event refusal = Event.DROP_NO_RECORD;

  Acceptances(Bindings bindings, TcbDesk desk, Blocks blocks) {
    this.bindings = bindings;
    this.desk = desk;
    this.blocks = blocks;
  }

  /** Why the last {@link #create} made nothing. */
  Event refusal() {
    return refusal;
  }

  /**
   * The connection between the endpoints of a segment, laid out; the caller closes it.
   *
   * @return null: no memory, or no binding; nothing has changed
   */
  @Nullable Tcb create(
      Listeners.Listener listener, IpPacket ip, TcpHeader seg, TcbDesk.Beginning beginning) {
    int binding =
        bindings.intern(
            false,
            ip.destinationHigh,
            ip.destinationLow,
            seg.destinationPort(),
            listener.handler(),
            listener.profile(),
            listener.backlog());
    boolean isBound = binding != Bindings.NONE;
    Tcb tcb =
        !isBound
            ? null
            : desk.create(ip.sourceHigh, ip.sourceLow, seg.sourcePort(), binding, beginning);
    if (tcb == null) {
      bindings.dropIfUnused(binding);
      refusal = isBound && !desk.recordRefused() ? blocks.dropReason() : Event.DROP_NO_RECORD;
    }
    return tcb;
  }
}
