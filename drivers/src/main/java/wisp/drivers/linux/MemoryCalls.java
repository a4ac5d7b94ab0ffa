package wisp.drivers.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static wisp.drivers.linux.Downcalls.function;
import static wisp.drivers.linux.Downcalls.unexpected;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Memory shared with the kernel. Results as in {@link Libc}: {@code −errno} when it failed. */
public final class MemoryCalls {
  public static final int PROT_READ_WRITE = 3;
  public static final int MAP_SHARED = 0x01;
  public static final int MAP_PRIVATE = 0x02;
  public static final int MAP_ANONYMOUS = 0x20;
  public static final int MAP_POPULATE = 0x8000;

  private static final MethodHandle MMAP =
      function(
          "mmap", -1, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG);
  private static final MethodHandle MUNMAP = function("munmap", -1, JAVA_INT, JAVA_LONG, JAVA_LONG);

  private final MemorySegment errno;

  /**
   * A caller.
   *
   * @param arena where it captures {@code errno}; it must not be used after that is closed
   */
  public MemoryCalls(Arena arena) {
    errno = arena.allocate(Downcalls.CAPTURE);
  }

  /**
   * {@code mmap(2)} readable and writable, where the kernel likes.
   *
   * @param descriptor −1 with {@link #MAP_ANONYMOUS}
   * @return the address, or {@code −errno}, which lies above −4096
   */
  public long map(long bytes, int flags, int descriptor, long offset) {
    try {
      return Downcalls.orErrno(
          errno,
          (long) MMAP.invokeExact(errno, 0L, bytes, PROT_READ_WRITE, flags, descriptor, offset));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** Whether {@link #map} failed. */
  public static boolean isError(long address) {
    return address < 0 && address > -4096;
  }

  /** {@code munmap(2)}. */
  public int unmap(long address, long bytes) {
    try {
      return Downcalls.orErrno(errno, (int) MUNMAP.invokeExact(errno, address, bytes));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** A bounded view of mapped memory; whoever unmaps it must not use it afterwards. */
  public static MemorySegment view(long address, long bytes) {
    return MemorySegment.ofAddress(address).reinterpret(bytes);
  }
}
