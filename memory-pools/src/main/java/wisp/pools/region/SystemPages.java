package wisp.pools.region;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;

/**
 * Address space from the kernel, whose pages cost memory from the first touch until they are {@link
 * #discard discarded}: what malloc would do too, if it did not keep for itself what is given back
 * (glibc raises its threshold for mappings with the first free, and 4 million connections gone left
 * 137 MB resident). Linux alone.
 */
final class SystemPages {
  /** Failed. */
  static final long NONE = 0;

  /** Bytes of a page. */
  static final int BYTES = 4096;

  /** Bytes of a huge page. */
  static final int HUGE_BYTES = 2 << 20;

  private static final int PROT_READ_WRITE = 3;
  private static final int MAP_PRIVATE_ANONYMOUS_NORESERVE = 0x02 | 0x20 | 0x4000;
  private static final int MADV_DONTNEED = 4;
  private static final int MADV_HUGEPAGE = 14;

  private static final MethodHandle MMAP =
      function(
          "mmap",
          FunctionDescriptor.of(
              JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
  private static final MethodHandle MUNMAP =
      function("munmap", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
  private static final MethodHandle MADVISE =
      function("madvise", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));

  private SystemPages() {}

  private static MethodHandle function(String name, FunctionDescriptor descriptor) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), descriptor);
  }

  /**
   * So many bytes of address space, of zeros, beginning at a multiple of {@link #HUGE_BYTES}; or
   * {@link #NONE}.
   *
   * @param bytes a multiple of {@link #HUGE_BYTES}
   * @param huge whether the kernel may back it by huge pages: fewer misses of its page tables, and
   *     2 MiB at the first touch
   */
  static long map(long bytes, boolean huge) {
    try {
      long address =
          (long)
              MMAP.invokeExact(
                  0L, bytes + HUGE_BYTES, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS_NORESERVE, -1, 0L);
      if (address == -1) {
        return NONE;
      }
      long start = address + HUGE_BYTES - 1 & -HUGE_BYTES;
      unmap(address, start - address);
      unmap(start + bytes, address + HUGE_BYTES - start);
      if (huge) {
        advise(start, bytes, MADV_HUGEPAGE);
      }
      return start;
    } catch (Throwable e) {
      throw new AssertionError("mmap", e);
    }
  }

  /** Gives address space back. Whoever uses it afterwards kills the process. */
  static void unmap(long address, long bytes) {
    if (bytes == 0) {
      return;
    }
    try {
      int result = (int) MUNMAP.invokeExact(address, bytes);
      assert result == 0 : "munmap " + address + ", " + bytes;
    } catch (Throwable e) {
      throw new AssertionError("munmap", e);
    }
  }

  /** Gives the memory behind whole pages back; they read as zeros again. */
  static void discard(long from, long to) {
    long first = from + BYTES - 1 & -BYTES;
    long end = to & -BYTES;
    if (first < end) {
      advise(first, end - first, MADV_DONTNEED);
    }
  }

  private static void advise(long address, long bytes, int advice) {
    try {
      // A kernel without huge pages says no: then they are small.
      int ignored = (int) MADVISE.invokeExact(address, bytes, advice);
      assert ignored == 0 || advice == MADV_HUGEPAGE : "madvise " + advice;
    } catch (Throwable e) {
      throw new AssertionError("madvise", e);
    }
  }
}
