package wisp.drivers.inmemory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.LinkOffloads;
import wisp.core.spi.TransmitPacket;
import wisp.drivers.Framing;

/**
 * Joins two or more links of kind {@code ETHERNET} as a learning switch does: broadcast, multicast
 * and what nobody has sent from yet goes to all others, the rest to whom it is for. Frames move
 * when a port is flushed; a port whose ring is full loses them.
 *
 * <p>Not thread-safe: one thread drives all ports.
 */
public final class InMemorySwitch implements AutoCloseable {
  private static final long GROUP_BIT = 1L << 40;
  private static final int SOURCE = 6;
  private static final ValueLayout.OfInt BE32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfShort BE16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private final InMemoryPipe[] pipes; // a: who uses the port, b: the switch
  private final Map<Long, Integer> learned = new HashMap<>();
  private final Burst burst = new Burst();
  private final TransmitPacket outgoing = new TransmitPacket();
  private long drops;

  /**
   * A switch; port {@code i} has the hardware address {@code firstHardwareAddress + i}.
   *
   * @param ports ≥ 2
   * @param mtu largest IP packet in bytes
   * @param slots packets each port holds, each way
   * @param firstHardwareAddress 48 bits, of port 0
   */
  public InMemorySwitch(int ports, int mtu, int slots, long firstHardwareAddress) {
    if (ports < 2) {
      throw new IllegalArgumentException("a switch joins at least two ports, not " + ports);
    }
    pipes = new InMemoryPipe[ports];
    for (int i = 0; i < ports; i++) {
      int port = i;
      long address = firstHardwareAddress + i;
      pipes[i] =
          new InMemoryPipe(
              Link.Kind.ETHERNET, mtu, slots, LinkOffloads.NONE, address, 0, () -> forward(port));
    }
  }

  /** What is plugged into port {@code i}. */
  public Link port(int i) {
    return pipes[i].a();
  }

  /** How many ports there are. */
  public int ports() {
    return pipes.length;
  }

  /** Frames that a port was too full to take. */
  public long drops() {
    return drops;
  }

  /** Forgets who is where, as a switch does after a while. */
  public void forget() {
    learned.clear();
  }

  @Override
  public void close() {
    Arrays.stream(pipes).forEach(InMemoryPipe::close);
  }

  private void forward(int from) {
    Link in = pipes[from].b();
    do {
      burst.clear();
      in.receive(burst);
      for (int i = 0; i < burst.size(); i++) {
        forward(from, burst.memory(i), burst.start(i), burst.length(i));
      }
    } while (burst.size() > 0);
    for (int to = 0; to < pipes.length; to++) {
      if (to != from) {
        pipes[to].b().flush();
      }
    }
  }

  private void forward(int from, MemorySegment memory, long start, int length) {
    if (length < Framing.ETHERNET_BYTES) {
      return;
    }
    long destination = address(memory, start);
    long source = address(memory, start + SOURCE);
    if ((source & GROUP_BIT) == 0) {
      learned.put(source, from);
    }
    Integer known = (destination & GROUP_BIT) == 0 ? learned.get(destination) : null;
    for (int to = 0; to < pipes.length; to++) {
      if (to != from && (known == null || known == to)) {
        send(pipes[to].b(), memory, start, length);
      }
    }
  }

  private void send(Link to, MemorySegment memory, long start, int length) {
    if (!to.claim(length, outgoing)) {
      drops++;
      return;
    }
    MemorySegment.copy(memory, start, outgoing.memory, outgoing.start, length);
    outgoing.length = length;
    to.commit(outgoing);
  }

  private static long address(MemorySegment memory, long at) {
    return (memory.get(BE16, at) & 0xFFFFL) << 32 | (memory.get(BE32, at + 2) & 0xFFFF_FFFFL);
  }
}
