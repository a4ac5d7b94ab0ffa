package wisp.lab.links;

import java.util.Map;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.LinkOffloads;
import wisp.core.spi.TransmitPacket;
import wisp.drivers.inmemory.InMemoryPipe;

/**
 * Both ends of an in-memory link in one thread: one sends 64 packets, the other sends them back.
 */
final class MemoryWork implements Work {
  private static final int BATCH = 64;
  private static final int ROUNDS = 64;
  private static final int SLOTS = 1_024;
  private final InMemoryPipe pipe =
      new InMemoryPipe(InMemoryPipe.DEFAULT_MTU, SLOTS, LinkOffloads.NONE);
  private final Link far = pipe.a();
  private final Reflector reflector = new Reflector(pipe.b());
  private final Stack stack = new Stack(pipe.b());
  private final boolean throughStack;
  private final Burst burst = new Burst();
  private final TransmitPacket packet = new TransmitPacket();
  private final long begin = System.nanoTime();
  private long sent;
  private long arrived;

  /**
   * Both ends.
   *
   * @param throughStack whether a stack's UDP sends them back, or the reflector
   */
  MemoryWork(boolean throughStack) {
    this.throughStack = throughStack;
  }

  @Override
  public void step() {
    for (int round = 0; round < ROUNDS; round++) {
      for (int i = 0; i < BATCH && far.claim(Probe.IP_BYTES, packet); i++) {
        packet.length =
            Probe.write(
                Link.Kind.IP,
                packet.memory,
                packet.start,
                0,
                0,
                Ipv4.OURS,
                Stack.ECHO,
                Ipv4.PEER,
                Probe.KERNEL_PORT);
        far.commit(packet);
        sent++;
      }
      far.flush();
      if (throughStack) {
        stack.poll(System.nanoTime() - begin);
      } else {
        reflector.poll();
      }
      burst.clear();
      arrived += far.receive(burst);
    }
  }

  @Override
  public Map<String, Long> counts() {
    return Map.of(
        "sent",
        sent,
        "received",
        throughStack ? sent : reflector.received(),
        "echoed",
        throughStack ? arrived : reflector.echoed(),
        "arrived",
        arrived,
        "drops",
        pipe.a().drops() + pipe.b().drops());
  }

  @Override
  public void close() {
    stack.close();
    pipe.close();
  }
}
