package wisp.lab.links;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Map;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.TransmitPacket;

/**
 * The far end of a link between two processes: sends as much as the link takes, counts what comes
 * back, and says who it is when it is asked by ARP.
 *
 * <pre>
 *   ARP   14 Ethernet │ 6 │ operation 2 at 20 │ sender: hardware 6 at 22, address 4 at 28 │ target: the same at 32 and 38
 * </pre>
 */
final class FloodWork implements Work {
  private static final int BATCH = 64;
  private static final int ROUNDS = 64;
  private static final long GREETING_NANOS = 1_000_000;
  private static final int ARP_BYTES = 42;
  private static final int ARP = 0x0806;
  private static final ValueLayout.OfShort BE16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private final Link link;
  private final long to;
  private final Burst burst = new Burst();
  private final TransmitPacket packet = new TransmitPacket();
  private long last = System.nanoTime();
  private long sent;
  private long arrived;

  /**
   * Around a link, which it owns.
   *
   * @param to hardware address of the end
   */
  FloodWork(Link link, long to) {
    this.link = link;
    this.to = to;
  }

  @Override
  public void step() {
    for (int round = 0; round < ROUNDS; round++) {
      int packets = due();
      for (int i = 0; i < packets && link.claim(Probe.bytes(link.kind()), packet); i++) {
        packet.length =
            Probe.write(
                link.kind(),
                packet.memory,
                packet.start,
                to,
                link.hardwareAddress(),
                Ipv4.OURS,
                Stack.ECHO,
                Ipv4.PEER,
                Probe.KERNEL_PORT);
        link.commit(packet);
        sent++;
      }
      burst.clear();
      link.receive(burst);
      for (int i = 0; i < burst.size(); i++) {
        take(burst.memory(i), burst.start(i), burst.length(i));
      }
      link.flush();
    }
  }

  /** One a millisecond until the first has come back: in a flood the end's ARP would be lost. */
  private int due() {
    if (arrived > 0) {
      return BATCH;
    }
    long now = System.nanoTime();
    if (now - last < GREETING_NANOS) {
      return 0;
    }
    last = now;
    return 1;
  }

  private void take(MemorySegment memory, long start, int length) {
    if (Probe.isOne(link.kind(), memory, start, length)) {
      arrived++;
    } else if (length >= ARP_BYTES
        && (memory.get(BE16, start + 12) & 0xFFFF) == ARP
        && memory.get(BE16, start + 20) == 1
        && link.claim(ARP_BYTES, packet)) {
      answer(memory, start);
    }
  }

  private void answer(MemorySegment asked, long start) {
    MemorySegment answer = packet.memory;
    long at = packet.start;
    MemorySegment.copy(asked, start, answer, at, ARP_BYTES);
    MemorySegment.copy(asked, start + 6, answer, at, 6);
    Probe.hardware(answer, at + 6, link.hardwareAddress());
    answer.set(BE16, at + 20, (short) 2);
    Probe.hardware(answer, at + 22, link.hardwareAddress());
    MemorySegment.copy(asked, start + 38, answer, at + 28, 4);
    MemorySegment.copy(asked, start + 22, answer, at + 32, 10);
    packet.length = ARP_BYTES;
    link.commit(packet);
  }

  @Override
  public Map<String, Long> counts() {
    return Map.of("sent", sent, "arrived", arrived, "drops", link.drops());
  }

  @Override
  public long hardwareAddress() {
    return link.hardwareAddress();
  }

  @Override
  public void close() {
    link.close();
  }
}
