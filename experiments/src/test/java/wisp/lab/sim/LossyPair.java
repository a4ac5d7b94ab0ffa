package wisp.lab.sim;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import wisp.core.spi.Burst;
import wisp.core.spi.QuietLink;
import wisp.core.spi.TransmitPacket;

/**
 * Two links joined by a path in virtual time, which loses some packets, overtakes and doubles
 * others. All memory is there from the beginning, so that whatever is allocated while packets pass
 * is the stack's.
 */
final class LossyPair implements AutoCloseable {
  private static final int PACKETS = 1_024;
  private static final int SLOT_BYTES = 2_048;
  private static final int OF = 1_000;

  private final Arena arena = Arena.ofConfined();
  private final long delayNanos;
  final End left = new End();
  final End right = new End();

  /** Of a thousand packets. */
  int lost;

  int overtaken;
  int doubled;

  /** Nothing passes. */
  boolean isDown;

  long nowNanos = 1;
  private int random = 1;

  /** A path that takes so long one way. */
  LossyPair(long delayNanos) {
    this.delayNanos = delayNanos;
    left.peer = right;
    right.peer = left;
  }

  private boolean happens(int ofAThousand) {
    random = random * 1_664_525 + 1_013_904_223;
    return (random >>> 8) % OF < ofAThousand;
  }

  @Override
  public void close() {
    arena.close();
  }

  /** One of the two links. */
  final class End extends QuietLink {
    private final MemorySegment[] memory = new MemorySegment[PACKETS];
    private final int[] length = new int[PACKETS];
    private final long[] arrival = new long[PACKETS];

    /** Slots of packets on the way, in no order; behind them those that are free. */
    private final int[] slots = new int[PACKETS];

    private int underWay;
    private End peer = this;

    private End() {
      super(arena.allocate(SLOT_BYTES));
      for (int i = 0; i < PACKETS; i++) {
        memory[i] = arena.allocate(SLOT_BYTES);
        slots[i] = i;
      }
    }

    /** Those that are due, the earliest first; among equals the one that left first. */
    @Override
    public int receive(Burst burst) {
      int n = 0;
      while (!burst.isFull()) {
        int first = -1;
        for (int i = 0; i < underWay; i++) {
          boolean isDue = arrival[slots[i]] <= nowNanos;
          if (isDue && (first < 0 || arrival[slots[i]] < arrival[slots[first]])) {
            first = i;
          }
        }
        if (first < 0) {
          return n;
        }
        int slot = slots[first];
        burst.add(memory[slot], 0, length[slot], 0);
        slots[first] = slots[--underWay];
        slots[underWay] = slot;
        n++;
      }
      return n;
    }

    @Override
    public void commit(TransmitPacket packet) {
      if (isDown || happens(lost)) {
        return;
      }
      long at = nowNanos + delayNanos + (happens(overtaken) ? delayNanos / 2 : 0);
      peer.arrives(transmit, packet.length, at);
      if (happens(doubled)) {
        peer.arrives(transmit, packet.length, at);
      }
    }

    private void arrives(MemorySegment bytes, int packetBytes, long at) {
      if (underWay == PACKETS) {
        return;
      }
      int slot = slots[underWay++];
      MemorySegment.copy(bytes, 0, memory[slot], 0, packetBytes);
      length[slot] = packetBytes;
      // One nanosecond apart: an order for what leaves at one time.
      arrival[slot] = at + underWay;
    }
  }
}
