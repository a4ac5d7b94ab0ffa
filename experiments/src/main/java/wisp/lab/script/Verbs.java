package wisp.lab.script;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.function.IntSupplier;
import wisp.core.stack.ConnectionInfo;
import wisp.core.stack.Endpoint;
import wisp.drivers.sockets.Errno;
import wisp.drivers.sockets.Message;
import wisp.drivers.sockets.Notice;
import wisp.drivers.sockets.Option;
import wisp.drivers.sockets.Ready;
import wisp.drivers.sockets.Sockets;

/** Requests as calls on a session's sockets. */
final class Verbs {
  private static final int INET6 = 10;
  private static final int TYPE_MASK = 0xF;
  private static final int NON_BLOCK = 0x800;
  private static final int READ_WRITE = 2;
  private static final int GET_FLAGS = 3;
  private static final int SET_FLAGS = 4;
  private static final int DONT_WAIT = 0x40;
  private static final int ERROR_QUEUE = 0x2000;
  private static final int TRUNCATED = 0x20;
  private static final int UNREAD = 0x541B;
  private static final int UNSENT = 0x5411;
  private static final int POLLED_BYTES = 6;
  private static final byte[] NO_BYTES = {};
  private static final int TCP_INFO = Option.of(6, 11);
  private static final int TCP_CC_INFO = Option.of(6, 26);
  private static final int TCP_FASTOPEN_KEY = Option.of(6, 33);
  private static final int TCP_CONGESTION = Option.of(6, 13);
  private static final int SO_MEMINFO = Option.of(1, 55);

  private final Session session;
  private final Sockets sockets;

  /** Handles of sockets of family 10: addresses of IPv4 are told in mapped form. */
  private final Set<Integer> ipv6 = new HashSet<>();

  Verbs(Session session) {
    this.session = session;
    this.sockets = session.sockets;
  }

  /** Handles one request; its answer may come later. */
  void handle(Verb verb, Request r) {
    switch (verb) {
      case SOCKET -> socket(r);
      case BIND -> bind(r);
      case LISTEN -> session.answer(r, sockets.listen(r.nextInt(), r.nextInt()), null);
      case ACCEPT -> accept(r);
      case CONNECT -> connect(r);
      case READ -> read(r);
      case WRITE -> write(r);
      case CLOSE -> session.answer(r, close(r.nextInt()), null);
      case SHUTDOWN -> shutdown(r);
      case GETSOCKOPT -> getOption(r);
      case SETSOCKOPT -> setOption(r);
      case FCNTL -> fcntl(r);
      case IOCTL -> ioctl(r);
      case POLL -> poll(r);
      case EPOLL_CREATE -> session.answer(r, sockets.epoll(), null);
      case EPOLL_CTL -> {
        int result =
            sockets.epollControl(r.nextInt(), r.nextInt(), r.nextInt(), r.nextInt(), r.nextLong());
        session.answer(r, result, null);
      }
      case EPOLL_WAIT -> epollWait(r);
      case PKT_IN -> {
        session.link.put(r.rest());
        session.answer(r, 0, null);
      }
      case PKT_OUT -> packetOut(r);
      case ADVANCE -> {
        session.advanceTo(session.nowMicros() + Math.max(0, r.nextLong()));
        session.answer(r, 0, null);
      }
      case HELLO, BYE, SYSCTL, CONNS -> session.answer(r, -Errno.ENOSYS, null);
    }
  }

  // ---- Sockets ---------------------------------------------------------------------------------

  private void socket(Request r) {
    int family = r.nextInt();
    int type = r.nextInt();
    int handle = sockets.socket(type & TYPE_MASK);
    if (handle >= 0) {
      sockets.setBlocking(handle, (type & NON_BLOCK) == 0);
      if (family == INET6) {
        ipv6.add(handle);
      }
    }
    session.answer(r, handle, null);
  }

  private int close(int handle) {
    ipv6.remove(handle);
    return sockets.close(handle);
  }

  private void bind(Request r) {
    int handle = r.nextInt();
    Endpoint local = r.nextAddress();
    int result = local == null ? -Errno.EINVAL : sockets.bind(handle, local);
    session.answer(r, result, null);
  }

  private void accept(Request r) {
    int handle = r.nextInt();
    var body = new Body();
    IntSupplier attempt =
        () -> {
          int accepted = sockets.accept(handle);
          if (accepted >= 0) {
            boolean mapped = ipv6.contains(handle);
            if (mapped) {
              ipv6.add(accepted);
            }
            body.putAddress(sockets.remote(accepted), mapped);
          }
          return accepted;
        };
    call(r, handle, 0, attempt, body);
  }

  /** A call that waits unless the socket, or its own flag, says not to. */
  private void call(Request r, int handle, int flags, IntSupplier attempt, Body body) {
    if (sockets.isBlocking(handle) && (flags & DONT_WAIT) == 0) {
      session.call(r, -1, sockets.whileOpen(handle, attempt), () -> body);
    } else {
      session.answer(r, attempt.getAsInt(), body);
    }
  }

  private void connect(Request r) {
    int handle = r.nextInt();
    Endpoint remote = r.nextAddress();
    if (remote == null) {
      session.answer(r, sockets.disconnect(handle), null);
      return;
    }
    int begun = sockets.connect(handle, remote);
    if (begun == -Errno.EINPROGRESS && sockets.isBlocking(handle)) {
      IntSupplier attempt = () -> sockets.connectResult(handle);
      session.call(r, -1, sockets.whileOpen(handle, attempt), Body::new);
    } else {
      session.answer(r, begun, null);
    }
  }

  private void read(Request r) {
    int handle = r.nextInt();
    int most = Math.min(r.nextInt(), 1 << 19);
    int flags = r.nextInt();
    if ((flags & ERROR_QUEUE) != 0) {
      notice(r, handle);
      return;
    }
    byte[] into = new byte[Math.max(0, most)];
    var body = new Body();
    IntSupplier attempt =
        () -> {
          int n = sockets.read(handle, into, 0, into.length, flags & Message.PEEK);
          if (n >= 0) {
            Endpoint source = sockets.source(handle);
            boolean tellsRest = sockets.option(handle, Option.TCP_INQ) > 0;
            body.putInt(0)
                .putAddress(source, ipv6.contains(handle))
                .putBytes(
                    tellsRest ? ControlMessages.unread(sockets.readableHint(handle)) : NO_BYTES)
                .put(into, n);
          }
          return n;
        };
    call(r, handle, flags, attempt, body);
  }

  /** The error queue never waits. A send time would come with its packet, which is cut off. */
  private void notice(Request r, int handle) {
    Notice notice = sockets.notice(handle);
    if (notice == null) {
      session.answer(r, -Errno.EAGAIN, null);
      return;
    }
    int flags = ERROR_QUEUE | (notice.origin() == Notice.SEND_TIME ? TRUNCATED : 0);
    byte[] control = ControlMessages.notice(notice, ipv6.contains(handle));
    session.answer(r, 0, new Body().putInt(flags).putAddress(null, false).putBytes(control));
  }

  private void write(Request r) {
    int handle = r.nextInt();
    int flags = r.nextInt();
    Endpoint to = r.nextAddress();
    r.nextBytes(r.nextInt());
    byte[] data = r.rest();
    var body = new Body();
    if (sockets.isBlocking(handle) && (flags & DONT_WAIT) == 0) {
      // holds its socket itself, and still tells of a part
      IntSupplier attempt = sockets.writeAll(handle, data, 0, data.length, to, flags);
      session.call(r, -1, attempt, () -> body);
    } else {
      session.answer(r, sockets.write(handle, data, 0, data.length, to, flags), body);
    }
  }

  private void shutdown(Request r) {
    int handle = r.nextInt();
    int how = r.nextInt();
    session.answer(r, sockets.shutdown(handle, how != 1, how != 0), null);
  }

  private void fcntl(Request r) {
    int handle = r.nextInt();
    int command = r.nextInt();
    int argument = r.nextInt();
    int result =
        switch (command) {
          case GET_FLAGS -> READ_WRITE | (sockets.isBlocking(handle) ? 0 : NON_BLOCK);
          case SET_FLAGS -> sockets.setBlocking(handle, (argument & NON_BLOCK) == 0);
          default -> 0;
        };
    session.answer(r, result, null);
  }

  private void ioctl(Request r) {
    int handle = r.nextInt();
    int value =
        switch (r.nextInt()) {
          case UNREAD -> sockets.unreadBytes(handle);
          case UNSENT -> sockets.unacknowledgedBytes(handle);
          default -> -Errno.EINVAL;
        };
    session.answer(r, Math.min(0, value), new Body().putInt(value));
  }

  // ---- Options ---------------------------------------------------------------------------------

  private void getOption(Request r) {
    int handle = r.nextInt();
    int option = Option.of(r.nextInt(), r.nextInt());
    int most = Math.clamp(r.nextInt(), 0, 1 << 16);
    byte[] value;
    if (option == TCP_INFO) {
      value = TcpInfo.of(sockets.info(handle), sockets.state(handle));
      value = Arrays.copyOf(value, Math.max(value.length, most));
    } else if (option == TCP_CC_INFO || option == SO_MEMINFO) {
      value = new byte[most];
    } else if (option == TCP_CONGESTION) {
      String name = Settings.linuxName(sockets.congestionControl(handle));
      value = (name + "\0").getBytes(StandardCharsets.UTF_8);
    } else if (option == Option.SO_LINGER) {
      int seconds = sockets.option(handle, option);
      value = littleEndian(seconds < 0 ? 0 : 1, Math.max(0, seconds));
    } else {
      value = littleEndian(sockets.option(handle, option));
    }
    session.answer(r, 0, new Body().put(value));
  }

  private static byte[] littleEndian(int... values) {
    ByteBuffer b = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int value : values) {
      b.putInt(value);
    }
    return b.array();
  }

  private void setOption(Request r) {
    int handle = r.nextInt();
    int option = Option.of(r.nextInt(), r.nextInt());
    byte[] bytes = r.rest();
    int result;
    if (option == TCP_CONGESTION) {
      String name = new String(bytes, StandardCharsets.UTF_8).replace("\0", "");
      result = sockets.setCongestionControl(handle, Settings.congestionControl(name));
    } else if (option == TCP_FASTOPEN_KEY) {
      result = setFastOpenKey(handle, bytes);
    } else {
      ByteBuffer b = ByteBuffer.wrap(Arrays.copyOf(bytes, 8)).order(ByteOrder.LITTLE_ENDIAN);
      int value = b.getInt(0);
      if (option == Option.SO_LINGER) {
        value = value == 0 ? -1 : b.getInt(4);
      }
      result = sockets.setOption(handle, option, value);
    }
    session.answer(r, result, null);
  }

  /** One key, or two while they change. */
  private int setFastOpenKey(int handle, byte[] bytes) {
    if (bytes.length != 16 && bytes.length != 32) {
      return -Errno.EINVAL;
    }
    return sockets.fastOpenCookies(handle, LinuxFastOpenCookies.of(bytes));
  }

  // ---- Waiting ---------------------------------------------------------------------------------

  private static long micros(int millis) {
    return millis < 0 ? -1 : millis * 1_000L;
  }

  private void poll(Request r) {
    int n = r.nextInt();
    int millis = r.nextInt();
    r.expect(n, POLLED_BYTES);
    IntSupplier[] polled = new IntSupplier[n];
    int[] wanted = new int[n];
    int[] ready = new int[n];
    for (int i = 0; i < n; i++) {
      int handle = r.nextInt();
      polled[i] = sockets.whileOpen(handle, () -> sockets.ready(handle));
      wanted[i] = r.body().getShort() & 0xFFFF;
    }
    IntSupplier attempt =
        () -> {
          int count = 0;
          for (int i = 0; i < n; i++) {
            ready[i] = Math.max(0, polled[i].getAsInt()) & (wanted[i] | Ready.ERR | Ready.HUP);
            count += ready[i] == 0 ? 0 : 1;
          }
          return count == 0 ? -Errno.EAGAIN : count;
        };
    session.call(
        r,
        micros(millis),
        attempt,
        () -> {
          var body = new Body();
          for (int bits : ready) {
            body.putShort(bits);
          }
          return body;
        });
  }

  private void epollWait(Request r) {
    int epoll = r.nextInt();
    int most = Math.clamp(r.nextInt(), 1, 1_024);
    int millis = r.nextInt();
    int[] bits = new int[most];
    long[] data = new long[most];
    var body = new Body();
    IntSupplier attempt =
        () -> {
          int count = sockets.epollTake(epoll, bits, data, most);
          for (int i = 0; i < count; i++) {
            body.putInt(bits[i]).putLong(data[i]);
          }
          return count;
        };
    session.call(r, micros(millis), sockets.whileOpen(epoll, attempt), () -> body);
  }

  private void packetOut(Request r) {
    var body = new Body();
    IntSupplier attempt =
        () -> {
          PacketLink.Packet packet = session.link.take();
          if (packet == null) {
            return -Errno.EAGAIN;
          }
          body.putLong(packet.micros()).put(packet.bytes());
          return packet.bytes().length;
        };
    session.call(r, Math.max(0, r.nextLong()), attempt, () -> body);
  }

  // ---- Control sessions ------------------------------------------------------------------------

  /** One line a connection: STATE family local-port remote-port. */
  String connections() {
    var text = new StringBuilder();
    session.context.inspect(
        info ->
            text.append(name(info))
                .append(info.local().address().isIpv4() ? " 4 " : " 6 ")
                .append(info.local().port())
                .append(' ')
                .append(info.remote().port())
                .append('\n'));
    return text.toString();
  }

  private static String name(ConnectionInfo info) {
    String name = info.state().name();
    return name.equals("SYN_RECEIVED") ? "SYN_RCVD" : name;
  }
}
