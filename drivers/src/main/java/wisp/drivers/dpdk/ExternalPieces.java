package wisp.drivers.dpdk;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import wisp.core.spi.LinkException;

/**
 * Payload that the driver reads where the application has it: buffers that are external to DPDK.
 * Those of one packet share a count of references, which DPDK takes down as it frees each of them;
 * at 0 nobody reads them any more. The function that it calls then has nothing to do.
 *
 * <pre>
 *   struct rte_mbuf_ext_shared_info   function 8 │ its second argument 8 │ references 2       the same from 22.11 to 25.11
 *   ours, 32 B for a packet           … and behind it: number of the last packet that is done with this one 8
 *
 *   tail ────────────────────────────► head
 *   │ packet 17 │ packets 18–20 │ packet 21 │        19 and 20 were copied and are done when 18 is
 * </pre>
 */
final class ExternalPieces {
  /** Pieces of one packet. */
  static final int MOST_PIECES = 16;

  private static final int FUNCTION = 0;
  private static final int ARGUMENT = 8;
  private static final int REFERENCES = 16;
  private static final int NUMBER = 24;
  private static final int BYTES = 32;
  private static final VarHandle COUNT = ValueLayout.JAVA_SHORT.varHandle();

  /** Of the C library: takes no notice of what it is given, and does nothing. */
  private static final long NOTHING =
      Linker.nativeLinker().defaultLookup().findOrThrow("labs").address();

  private static final long COPY_TEXT =
      Linker.nativeLinker().defaultLookup().findOrThrow("strcpy").address();

  private final MemorySegment all;
  private final long mask;
  private long head;
  private long tail;
  private long committed;

  /**
   * Room for as many packets.
   *
   * @param packets 2^n
   */
  ExternalPieces(Arena arena, int packets) {
    all = arena.allocate((long) packets * BYTES, BYTES);
    mask = packets - 1L;
    for (int i = 0; i < packets; i++) {
      all.set(ValueLayout.JAVA_LONG, (long) i * BYTES + FUNCTION, NOTHING);
    }
  }

  /** Whether one more packet can be followed. */
  boolean hasRoom() {
    return head - tail <= mask || (done() >= 0 && head - tail <= mask);
  }

  /** Which place of the ring the next packet gets. */
  int next() {
    return (int) (head & mask);
  }

  /**
   * A packet whose pieces the driver will read.
   *
   * @return address of what its pieces share
   */
  long lend(int pieces) {
    long at = (head++ & mask) * BYTES;
    all.set(ValueLayout.JAVA_LONG, at + NUMBER, ++committed);
    COUNT.setRelease(all, at + REFERENCES, (short) pieces);
    return all.address() + at;
  }

  /** A packet whose pieces nobody will read: they were copied, or it was dropped. */
  void passOver() {
    committed++;
    if (head != tail) {
      all.set(ValueLayout.JAVA_LONG, (head - 1 & mask) * BYTES + NUMBER, committed);
    }
  }

  /** See {@link wisp.core.spi.Link#gathersDone}. */
  long done() {
    while (tail != head && (short) COUNT.getAcquire(all, (tail & mask) * BYTES + REFERENCES) == 0) {
      tail++;
    }
    return tail == head
        ? committed
        : tail == 0 ? 0 : all.get(ValueLayout.JAVA_LONG, (tail - 1 & mask) * BYTES + NUMBER);
  }

  /**
   * Has DPDK free two buffers that share some bytes of ours: whether it counts where we believe it
   * does, calls what we believe, and leaves the buffers as they were.
   *
   * @throws LinkException when not
   */
  static void test(Librte librte, MbufPool pool) throws LinkException {
    try (Arena arena = Arena.ofConfined()) {
      var mbufs = new MbufList(arena, 2);
      if (!pool.take(mbufs.address(0), 2)) {
        throw MbufPool.unknown(librte, "a pool gives nothing away");
      }
      var pieces = new ExternalPieces(arena, 1);
      MemorySegment bytes = arena.allocate(16);
      long shared = pieces.lend(3);
      for (int i = 0; i < 2; i++) {
        Mbuf.writeExternal(mbufs.get(i), bytes.address(), 16, shared);
      }
      mbufs.free(librte, 0, 2);
      short left = (short) COUNT.getAcquire(pieces.all, REFERENCES);
      if (left != 1) {
        throw MbufPool.unknown(librte, "references to bytes that are not its own");
      }
      MemorySegment text = arena.allocateFrom("called");
      pieces.all.set(ValueLayout.JAVA_LONG, FUNCTION, COPY_TEXT);
      pieces.all.set(ValueLayout.JAVA_LONG, ARGUMENT, text.address());
      if (!pool.take(mbufs.address(0), 1)) {
        throw MbufPool.unknown(librte, "a pool gives nothing away");
      }
      Mbuf.writeExternal(mbufs.get(0), bytes.address(), 16, shared);
      mbufs.free(librte, 0, 1);
      if ((short) COUNT.getAcquire(pieces.all, REFERENCES) != 0
          || !bytes.getString(0).equals("called")) {
        throw MbufPool.unknown(librte, "what is called when bytes are free again");
      }
    }
  }
}
