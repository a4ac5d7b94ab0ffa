package wisp.lab.links;

import java.lang.foreign.MemorySegment;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.TransmitPacket;

/**
 * Sends back what a link brings, turned round: no stack, so that what is measured is the link. A
 * packet that does not fit into the link's ring is lost, as with a stack.
 */
final class Reflector {
  private final Link link;
  private final Link.Kind kind;
  private final Burst burst = new Burst();
  private final TransmitPacket packet = new TransmitPacket();
  private long received;
  private long echoed;

  Reflector(Link link) {
    this.link = link;
    kind = link.kind();
  }

  /** Handles one burst; returns how many packets that were. */
  int poll() {
    burst.clear();
    int packets = link.receive(burst);
    if (packets == 0) {
      return 0;
    }
    for (int i = 0; i < packets; i++) {
      reflect(burst.memory(i), burst.start(i), burst.length(i));
    }
    link.flush();
    return packets;
  }

  private void reflect(MemorySegment memory, long start, int length) {
    if (!Probe.isOne(kind, memory, start, length)) {
      return;
    }
    received++;
    if (link.claim(length, packet)) {
      MemorySegment.copy(memory, start, packet.memory, packet.start, length);
      Probe.turn(kind, packet.memory, packet.start);
      packet.length = length;
      link.commit(packet);
      echoed++;
    }
  }

  /** Packets that came. */
  long received() {
    return received;
  }

  /** Packets that the link took back. */
  long echoed() {
    return echoed;
  }
}
