package wisp.lab.broadcast;

import java.lang.foreign.MemorySegment;
import wisp.core.spi.Link;
import wisp.lab.phantom.PhantomPeers;
import wisp.lab.phantom.ReceivingPhantoms;

/** Phantoms: a message to 100,000 of them takes no memory on the other side. */
final class PhantomAudience implements Audience {
  private final ReceivingPhantoms phantoms;

  PhantomAudience(int count, byte[] message, int roundTripMillis, long seed) {
    phantoms =
        new ReceivingPhantoms(
            new PhantomPeers(seed),
            BroadcastPoint.SERVER,
            count,
            MemorySegment.ofArray(message),
            roundTripMillis);
  }

  @Override
  public Link link() {
    return phantoms;
  }

  @Override
  public int poll(long nowNanos) {
    phantoms.clock(nowNanos);
    return 0;
  }

  @Override
  public long nextNanos() {
    return phantoms.nextNanos();
  }

  @Override
  public void listen() {
    phantoms.listen();
  }

  @Override
  public int complete() {
    return phantoms.complete();
  }

  @Override
  public long wrong() {
    return phantoms.wrong();
  }

  @Override
  public void close() {
    phantoms.close();
  }
}
