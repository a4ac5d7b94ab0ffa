package wisp.lab.links;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import wisp.lab.measure.Machine;

/**
 * Who sits on which core: the peer on the first, the end that is measured on the last. With one
 * core they share it.
 */
final class Core {
  private static final int MASK_BYTES = 128;
  private static final MethodHandle SET_AFFINITY =
      Linker.nativeLinker()
          .downcallHandle(
              Linker.nativeLinker().defaultLookup().findOrThrow("sched_setaffinity"),
              FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS));

  private Core() {}

  /** The peer's. */
  static int ofPeer() {
    return 0;
  }

  /** Of what is measured. */
  static int ofOurs() {
    return Machine.cores() - 1;
  }

  /**
   * Keeps the calling thread on a core; threads that it starts from now on inherit that.
   *
   * @return false when the kernel refuses: then it stays free
   */
  static boolean pin(int core) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment mask = arena.allocate(MASK_BYTES, 8);
      mask.set(JAVA_LONG, core / 64 * 8L, 1L << core % 64);
      return (int) SET_AFFINITY.invokeExact(0, (long) MASK_BYTES, mask) == 0;
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}
