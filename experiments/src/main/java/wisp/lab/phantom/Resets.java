package wisp.lab.phantom;

import java.lang.foreign.MemorySegment;
import wisp.core.stack.Endpoint;

/** Phantoms that have said nothing yet end their connections, each by an RST at RCV.NXT. */
public final class Resets implements Errand {
  private final PhantomPeers peers;
  private final Endpoint server;
  private final Order order;
  private long sent;
  private long allowed;

  /** In this order. */
  public Resets(PhantomPeers peers, Endpoint server, Order order) {
    this.peers = peers;
    this.server = server;
    this.order = order;
  }

  /** Lets so many end, counted from the start. */
  public void allow(long total) {
    allowed = Math.min(total, order.count());
  }

  /** Who has sent its RST. */
  public long sent() {
    return sent;
  }

  @Override
  public int next(MemorySegment m, long at) {
    if (sent == allowed) {
      return 0;
    }
    long number = order.at(sent++);
    return Segments.write(
        m,
        at,
        peers.address(number),
        peers.port(number),
        server.address().ipv4(),
        server.port(),
        peers.isn(number) + 1,
        0,
        Segments.RST,
        0,
        0);
  }

  @Override
  public int heard(
      long number, MemorySegment m, long at, int length, MemorySegment answers, long answer) {
    return 0;
  }
}
