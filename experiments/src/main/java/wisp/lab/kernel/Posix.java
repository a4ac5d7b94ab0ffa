package wisp.lab.kernel;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import wisp.core.ip.IpAddress;

/**
 * The few socket calls that a holder of kernel connections needs. Not {@code java.nio}: its objects
 * would grow with the connections, and what shall be measured is the kernel.
 */
final class Posix {
  private static final int AF_INET = 2;
  private static final int SOCK_STREAM = 1;
  private static final int SOL_SOCKET = 1;
  private static final int SO_REUSEADDR = 2;
  private static final int SOCK_NONBLOCK = 0x800;
  private static final int EPOLL_CTL_ADD = 1;
  private static final int EPOLLIN = 1;
  private static final int BACKLOG = 65_535;
  private static final int SOCKADDR_BYTES = 16;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");
  private static final VarHandle ERRNO_FIELD =
      Linker.Option.captureStateLayout()
          .varHandle(java.lang.foreign.MemoryLayout.PathElement.groupElement("errno"));
  private static final MethodHandle SOCKET = call("socket", JAVA_INT, JAVA_INT, JAVA_INT);
  private static final MethodHandle BIND = call("bind", JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle CONNECT = call("connect", JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle LISTEN = call("listen", JAVA_INT, JAVA_INT);
  private static final MethodHandle ACCEPT = call("accept4", JAVA_INT, ADDRESS, ADDRESS, JAVA_INT);
  private static final MethodHandle SETSOCKOPT =
      call("setsockopt", JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
  private static final MethodHandle EPOLL_CREATE = call("epoll_create1", JAVA_INT);
  private static final MethodHandle EPOLL_CTL =
      call("epoll_ctl", JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS);

  private final Arena arena = Arena.global();
  private final MemorySegment errno = arena.allocate(Linker.Option.captureStateLayout());
  private final MemorySegment address = arena.allocate(SOCKADDR_BYTES, 8);
  private final MemorySegment event = arena.allocate(16, 8);
  private final MemorySegment on = arena.allocate(JAVA_INT);

  private static MethodHandle call(String name, ValueLayout... arguments) {
    return LINKER.downcallHandle(
        LINKER.defaultLookup().findOrThrow(name),
        FunctionDescriptor.of(JAVA_INT, arguments),
        ERRNO);
  }

  private int check(String what, int result) throws IOException {
    if (result < 0) {
      throw new IOException(what + ": errno " + (int) ERRNO_FIELD.get(errno, 0L));
    }
    return result;
  }

  private void address(IpAddress ip, int port) {
    address.fill((byte) 0);
    address.set(JAVA_SHORT, 0, (short) AF_INET);
    address.set(JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN), 2, (short) port);
    address.set(JAVA_INT.withOrder(ByteOrder.BIG_ENDIAN), 4, ip.ipv4());
  }

  private int socket() throws IOException {
    try {
      return check("socket", (int) SOCKET.invokeExact(errno, AF_INET, SOCK_STREAM, 0));
    } catch (Throwable e) {
      throw asIo(e);
    }
  }

  private void bind(int socket, IpAddress ip, int port) throws IOException {
    address(ip, port);
    try {
      check("bind", (int) BIND.invokeExact(errno, socket, address, SOCKADDR_BYTES));
    } catch (Throwable e) {
      throw asIo(e);
    }
  }

  /** A socket that listens. */
  int listen(IpAddress ip, int port) throws IOException {
    int socket = socket();
    on.set(JAVA_INT, 0, 1);
    try {
      check(
          "setsockopt",
          (int) SETSOCKOPT.invokeExact(errno, socket, SOL_SOCKET, SO_REUSEADDR, on, 4));
      bind(socket, ip, port);
      check("listen", (int) LISTEN.invokeExact(errno, socket, BACKLOG));
      return socket;
    } catch (Throwable e) {
      throw asIo(e);
    }
  }

  /** The next connection; waits for it. */
  int accept(int socket) throws IOException {
    try {
      return check(
          "accept4",
          (int)
              ACCEPT.invokeExact(
                  errno, socket, MemorySegment.NULL, MemorySegment.NULL, SOCK_NONBLOCK));
    } catch (Throwable e) {
      throw asIo(e);
    }
  }

  /** A connection from a given endpoint; waits until it stands. */
  int connect(IpAddress fromIp, int fromPort, IpAddress toIp, int toPort) throws IOException {
    int socket = socket();
    bind(socket, fromIp, fromPort);
    address(toIp, toPort);
    try {
      check("connect", (int) CONNECT.invokeExact(errno, socket, address, SOCKADDR_BYTES));
      return socket;
    } catch (Throwable e) {
      throw asIo(e);
    }
  }

  int epoll() throws IOException {
    try {
      return check("epoll_create1", (int) EPOLL_CREATE.invokeExact(errno, 0));
    } catch (Throwable e) {
      throw asIo(e);
    }
  }

  /** Watches a socket for input, as a server would. */
  void watch(int epoll, int socket) throws IOException {
    event.set(JAVA_INT, 0, EPOLLIN);
    event.set(JAVA_INT, 4, socket);
    event.set(JAVA_INT, 8, 0);
    try {
      check("epoll_ctl", (int) EPOLL_CTL.invokeExact(errno, epoll, EPOLL_CTL_ADD, socket, event));
    } catch (Throwable e) {
      throw asIo(e);
    }
  }

  private static IOException asIo(Throwable e) {
    return switch (e) {
      case IOException io -> io;
      case Error error -> throw error;
      default -> throw new IllegalStateException(e);
    };
  }
}
