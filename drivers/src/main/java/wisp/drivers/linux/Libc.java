package wisp.drivers.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static wisp.drivers.linux.Downcalls.function;
import static wisp.drivers.linux.Downcalls.unexpected;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * System calls. Each returns what the C function returns, or {@code −errno} where that is −1: no
 * exception, no second call to ask why. Pointers are addresses, unchecked: a wrong one kills the
 * JVM.
 *
 * <p>Plain downcalls with {@code errno} captured cost about 8 ns, and unlike critical ones do not
 * hold up safepoints. A thread inside one can't be interrupted, so nothing here may block for ever:
 * descriptors are non-blocking and waiting is {@link #poll} with a time limit.
 *
 * <p>An instance keeps the place where {@code errno} is captured: one per thread at a time.
 */
public final class Libc {
  public static final int O_RDONLY = 0;
  public static final int O_RDWR = 2;
  public static final int O_NONBLOCK = 0x800;
  public static final int O_CLOEXEC = 0x80000;
  public static final int AF_INET = 2;
  public static final int AF_INET6 = 10;
  public static final int AF_NETLINK = 16;
  public static final int SOCK_DGRAM = 2;
  public static final int SOCK_RAW = 3;
  public static final int SOCK_NONBLOCK = 0x800;
  public static final int SOCK_CLOEXEC = 0x80000;
  public static final int CLONE_NEWNET = 0x40000000;
  public static final int EFD_NONBLOCK = 0x800;
  public static final int EFD_CLOEXEC = 0x80000;
  public static final short POLLIN = 1;

  /**
   * Bytes of a {@code struct pollfd}: descriptor 4, events asked for 2, events that are there 2.
   */
  public static final int POLLFD_BYTES = 8;

  private static final int PR_SET_TIMERSLACK = 29;

  private static final MethodHandle OPEN = function("open", 2, JAVA_INT, JAVA_LONG, JAVA_INT);
  private static final MethodHandle CLOSE = function("close", -1, JAVA_INT, JAVA_INT);
  private static final MethodHandle READ =
      function("read", -1, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle WRITE =
      function("write", -1, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle WRITEV =
      function("writev", -1, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT);
  private static final MethodHandle IOCTL =
      function("ioctl", 2, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle PPOLL =
      function("ppoll", -1, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle EVENTFD = function("eventfd", -1, JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle SETNS = function("setns", -1, JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle SOCKET =
      function("socket", -1, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle PRCTL =
      function("prctl", 1, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle STRERROR = function("strerror", -1, JAVA_LONG, JAVA_INT);

  private final MemorySegment errno;
  private final MemorySegment timespec;

  /**
   * A caller.
   *
   * @param arena where it captures {@code errno}; it must not be used after that is closed
   */
  public Libc(Arena arena) {
    errno = arena.allocate(Downcalls.CAPTURE);
    timespec = arena.allocate(16, 8);
  }

  /** Resolves all functions, or throws what this class's initialization throws. */
  static void load() {
    if (OPEN.type().parameterCount() == 0) {
      throw new AssertionError();
    }
  }

  /** {@code open(2)}. */
  public int open(String path, int flags) {
    try (Arena arena = Arena.ofConfined()) {
      long address = arena.allocateFrom(path).address();
      return orErrno((int) OPEN.invokeExact(errno, address, flags | O_CLOEXEC));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** {@code close(2)}. Not to be repeated, whatever it returns. */
  public int close(int descriptor) {
    try {
      return orErrno((int) CLOSE.invokeExact(errno, descriptor));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** {@code read(2)} on a non-blocking descriptor. */
  public int read(int descriptor, long address, int bytes) {
    try {
      return orErrno((int) (long) READ.invokeExact(errno, descriptor, address, (long) bytes));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** {@code write(2)} on a non-blocking descriptor. */
  public int write(int descriptor, long address, int bytes) {
    try {
      return orErrno((int) (long) WRITE.invokeExact(errno, descriptor, address, (long) bytes));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * {@code writev(2)} on a non-blocking descriptor.
   *
   * @param pieces address of {@code count} structures of {@link SocketCalls#IOVEC_BYTES}
   */
  public int writePieces(int descriptor, long pieces, int count) {
    try {
      return orErrno((int) (long) WRITEV.invokeExact(errno, descriptor, pieces, count));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * {@code ioctl(2)}.
   *
   * @param argument an address, or a value where the request takes one
   */
  public int ioctl(int descriptor, long request, long argument) {
    try {
      return orErrno((int) IOCTL.invokeExact(errno, descriptor, request, argument));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * {@code ppoll(2)}: like {@code poll}, but with a limit in nanoseconds.
   *
   * @param address of {@code count} structures of {@link #POLLFD_BYTES}
   * @param timeoutNanos ≥ 0
   */
  public int poll(long address, int count, long timeoutNanos) {
    timespec.set(JAVA_LONG, 0, timeoutNanos / 1_000_000_000L);
    timespec.set(JAVA_LONG, 8, timeoutNanos % 1_000_000_000L);
    try {
      return orErrno((int) PPOLL.invokeExact(errno, address, (long) count, timespec.address(), 0L));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** {@code eventfd(2)}, non-blocking, at zero. */
  public int eventfd() {
    try {
      return orErrno((int) EVENTFD.invokeExact(errno, 0, EFD_NONBLOCK | EFD_CLOEXEC));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** {@code setns(2)}: moves the calling thread, and only it, into a network namespace. */
  public int setns(int descriptor) {
    try {
      return orErrno((int) SETNS.invokeExact(errno, descriptor, CLONE_NEWNET));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** {@code socket(2)}. */
  public int socket(int domain, int type, int protocol) {
    try {
      return orErrno((int) SOCKET.invokeExact(errno, domain, type | SOCK_CLOEXEC, protocol));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * Lets the kernel wake the calling thread at most so late (default 50 µs) when it waits with a
   * time limit.
   */
  public int timerSlack(long nanos) {
    try {
      return orErrno((int) PRCTL.invokeExact(errno, PR_SET_TIMERSLACK, nanos, 0L, 0L, 0L));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** What an error number means: {@code Device or resource busy}. */
  public String describe(int error) {
    try {
      long text = (long) STRERROR.invokeExact(errno, Math.abs(error));
      return MemorySegment.ofAddress(text).reinterpret(256).getString(0);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  private int orErrno(int result) {
    return Downcalls.orErrno(errno, result);
  }
}
