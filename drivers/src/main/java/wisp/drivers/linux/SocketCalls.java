package wisp.drivers.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static wisp.drivers.linux.Downcalls.function;
import static wisp.drivers.linux.Downcalls.unexpected;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * System calls on sockets other than {@link Libc#socket}. As in {@link Libc}: each returns what the
 * C function returns, or {@code −errno} where that is −1; pointers are addresses, unchecked; one
 * instance per thread at a time.
 *
 * <pre>
 *   struct mmsghdr (64 B)   name 8 │ name length 4, pad 4 │ iov 8 │ iov length 8 │ control 8 │ control length 8 │ flags 4, pad 4 │ bytes 4, pad 4
 *   struct iovec (16 B)     base 8 │ length 8
 * </pre>
 */
public final class SocketCalls {
  public static final int SOL_SOCKET = 1;
  public static final int SO_ATTACH_FILTER = 26;
  public static final int SO_SNDBUFFORCE = 32;
  public static final int SO_RCVBUFFORCE = 33;
  public static final int MSG_DONTWAIT = 0x40;

  /** Bytes of a {@code struct mmsghdr}. */
  public static final int MMSGHDR_BYTES = 64;

  /** Where in it the name is, its length, the pieces, how many, the flags, the bytes moved. */
  public static final int MMSG_NAME = 0;

  public static final int MMSG_NAME_LENGTH = 8;
  public static final int MMSG_IOV = 16;
  public static final int MMSG_IOV_COUNT = 24;
  public static final int MMSG_FLAGS = 48;
  public static final int MMSG_BYTES = 56;

  /** Bytes of a {@code struct iovec}: address 8, length 8. */
  public static final int IOVEC_BYTES = 16;

  private static final MethodHandle BIND =
      function("bind", -1, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT);
  private static final MethodHandle CONNECT =
      function("connect", -1, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT);
  private static final MethodHandle SETSOCKOPT =
      function("setsockopt", -1, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT);
  private static final MethodHandle GETSOCKOPT =
      function("getsockopt", -1, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
  private static final MethodHandle SENDTO =
      function(
          "sendto", -1, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT);
  private static final MethodHandle RECVFROM =
      function(
          "recvfrom",
          -1,
          JAVA_LONG,
          JAVA_INT,
          JAVA_LONG,
          JAVA_LONG,
          JAVA_INT,
          JAVA_LONG,
          JAVA_LONG);
  private static final MethodHandle SENDMMSG =
      function("sendmmsg", -1, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT);
  private static final MethodHandle RECVMMSG =
      function("recvmmsg", -1, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG);

  private final MemorySegment errno;
  private final MemorySegment number;

  /**
   * A caller.
   *
   * @param arena where it captures {@code errno}; it must not be used after that is closed
   */
  public SocketCalls(Arena arena) {
    errno = arena.allocate(Downcalls.CAPTURE);
    number = arena.allocate(16, 8);
  }

  /** {@code bind(2)}. */
  public int bind(int socket, MemorySegment address) {
    try {
      return Downcalls.orErrno(
          errno,
          (int) BIND.invokeExact(errno, socket, address.address(), (int) address.byteSize()));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** {@code connect(2)}. */
  public int connect(int socket, MemorySegment address) {
    try {
      return Downcalls.orErrno(
          errno,
          (int) CONNECT.invokeExact(errno, socket, address.address(), (int) address.byteSize()));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** {@code setsockopt(2)} with a number of 32 bits. */
  public int setOption(int socket, int level, int option, int value) {
    number.set(JAVA_INT, 0, value);
    return setOption(socket, level, option, number.asSlice(0, 4));
  }

  /** {@code setsockopt(2)} with a structure. */
  public int setOption(int socket, int level, int option, MemorySegment value) {
    try {
      return Downcalls.orErrno(
          errno,
          (int)
              SETSOCKOPT.invokeExact(
                  errno, socket, level, option, value.address(), (int) value.byteSize()));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * {@code getsockopt(2)}.
   *
   * @return bytes that the kernel wrote to {@code into}
   */
  public int option(int socket, int level, int option, MemorySegment into) {
    number.set(JAVA_INT, 8, (int) into.byteSize());
    try {
      int result =
          Downcalls.orErrno(
              errno,
              (int)
                  GETSOCKOPT.invokeExact(
                      errno, socket, level, option, into.address(), number.address() + 8));
      return result < 0 ? result : number.get(JAVA_INT, 8);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * {@code sendto(2)}.
   *
   * @param to address of a socket address; 0: none
   */
  public int sendTo(int socket, long address, int bytes, int flags, long to, int toBytes) {
    try {
      return (int)
          Downcalls.orErrno(
              errno,
              (long) SENDTO.invokeExact(errno, socket, address, (long) bytes, flags, to, toBytes));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** {@code recvfrom(2)} that does not ask from whom. */
  public int receive(int socket, long address, int bytes, int flags) {
    try {
      return (int)
          Downcalls.orErrno(
              errno,
              (long) RECVFROM.invokeExact(errno, socket, address, (long) bytes, flags, 0L, 0L));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /**
   * {@code sendmmsg(2)}.
   *
   * @param messages address of {@code count} structures of {@link #MMSGHDR_BYTES}
   * @return how many were sent
   */
  public int sendMany(int socket, long messages, int count, int flags) {
    try {
      return Downcalls.orErrno(
          errno, (int) SENDMMSG.invokeExact(errno, socket, messages, count, flags));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** {@code recvmmsg(2)}: how many were received. */
  public int receiveMany(int socket, long messages, int count, int flags) {
    try {
      return Downcalls.orErrno(
          errno, (int) RECVMMSG.invokeExact(errno, socket, messages, count, flags, 0L));
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }
}
