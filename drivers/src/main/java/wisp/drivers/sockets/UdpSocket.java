package wisp.drivers.sockets;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import wisp.core.stack.Context;
import wisp.core.stack.Datagram;
import wisp.core.stack.DatagramHandler;
import wisp.core.stack.DatagramPort;
import wisp.core.stack.Endpoint;

/**
 * A datagram socket. What comes faster than it is read is dropped, and counted, once what waits
 * costs more than twice SO_RCVBUF; as in Linux that may be passed by one datagram.
 */
final class UdpSocket extends Descriptor implements DatagramHandler {
  private static final int PEEK = 2;
  private static final int LARGEST = 65_507;

  /** What each datagram costs beside its bytes, as in Linux: else empty ones would be free. */
  private static final int OVERHEAD = 768;

  private static final int LEAST_LIMIT = 2_304;

  /** One that came. */
  private record Received(Endpoint source, byte[] bytes) {
    int cost() {
      return OVERHEAD + bytes.length;
    }
  }

  private final Context context;
  private final ArrayDeque<Received> received = new ArrayDeque<>();
  final SocketOptions options;
  private @Nullable DatagramPort port;
  private @Nullable Endpoint source;
  private int receivedCost;
  private long dropped;
  private int error;

  UdpSocket(Context context, SocketOptions options) {
    this.context = context;
    this.options = options;
  }

  int bind(Endpoint endpoint) {
    return port != null ? -Errno.EINVAL : open(endpoint, null);
  }

  int connect(Endpoint to) {
    Endpoint from = port == null ? Endpoint.any(0) : port.local();
    close();
    return open(from, to);
  }

  int disconnect() {
    if (port != null && port.remote() != null) {
      Endpoint from = port.local();
      close();
      return open(from, null);
    }
    return 0;
  }

  private int open(Endpoint from, @Nullable Endpoint to) {
    try {
      port = to == null ? context.bind(from, this) : context.bind(from, to, this);
      return 0;
    } catch (IllegalArgumentException e) {
      return to == null ? -Errno.EADDRNOTAVAIL : -Errno.ENETUNREACH;
    } catch (IllegalStateException e) {
      return -Errno.EADDRINUSE;
    }
  }

  @Nullable Endpoint local() {
    return port == null ? null : port.local();
  }

  @Nullable Endpoint remote() {
    return port == null ? null : port.remote();
  }

  int write(byte[] from, int at, int length, @Nullable Endpoint to) {
    if (error != 0) {
      return -takeError();
    }
    if (length > LARGEST) {
      return -Errno.EMSGSIZE;
    }
    if (port == null) {
      int bound = bind(Endpoint.any(0));
      if (bound < 0) {
        return bound;
      }
    }
    DatagramPort open = port;
    if (open == null || (to == null && open.remote() == null)) {
      return -Errno.EDESTADDRREQ;
    }
    if (to != null && open.remote() != null && !to.equals(open.remote())) {
      return -Errno.EISCONN;
    }
    MemorySegment bytes = MemorySegment.ofArray(from);
    boolean sent = to == null ? open.send(bytes, at, length) : open.send(to, bytes, at, length);
    return sent ? length : -Errno.ENETUNREACH;
  }

  int read(byte[] into, int at, int most, int flags) {
    if (error != 0) {
      return -takeError();
    }
    Received first = received.peek();
    if (first == null) {
      return -Errno.EAGAIN;
    }
    source = first.source;
    int n = Math.min(most, first.bytes.length);
    System.arraycopy(first.bytes, 0, into, at, n);
    if ((flags & PEEK) == 0) {
      received.remove();
      receivedCost -= first.cost();
    }
    return n;
  }

  /** Where what was read last came from. */
  @Nullable Endpoint source() {
    return source;
  }

  int unreadBytes() {
    Received first = received.peek();
    return first == null ? 0 : first.bytes.length;
  }

  int option(int option) {
    if (option == Option.SO_ERROR) {
      return takeError();
    }
    if (option == Option.SO_TYPE) {
      return Sockets.DATAGRAM;
    }
    if (option == Option.SO_RCVBUF) {
      return receiveLimit();
    }
    if (option == Option.SO_SNDBUF) {
      return 2 * options.get(option, Sockets.BUFFER_BYTES);
    }
    return options.get(option, option == Option.SO_LINGER ? -1 : 0);
  }

  private int receiveLimit() {
    return Math.max(LEAST_LIMIT, 2 * options.get(Option.SO_RCVBUF, Sockets.BUFFER_BYTES));
  }

  /** Datagrams that came and were not kept. */
  long dropped() {
    return dropped;
  }

  private int takeError() {
    int e = error;
    error = 0;
    return e;
  }

  @Override
  public void onDatagram(Context c, DatagramPort p, Datagram datagram) {
    if (receivedCost > receiveLimit()) {
      dropped++;
      return;
    }
    byte[] copy = new byte[datagram.length()];
    MemorySegment.copy(
        datagram.memory(), datagram.start(), MemorySegment.ofArray(copy), 0, copy.length);
    var last = new Received(datagram.source(), copy);
    received.add(last);
    receivedCost += last.cost();
    inEvents++;
  }

  @Override
  public void onError(Context c, DatagramPort p, int type, int code) {
    boolean tooBig = (type == 3 && code == 4) || type == 2;
    if (!tooBig) {
      error = Errno.ofIcmp(type, code);
      inEvents++;
      outEvents++;
    }
  }

  @Override
  int ready() {
    return Ready.OUT
        | (received.isEmpty() && error == 0 ? 0 : Ready.IN)
        | (error == 0 ? 0 : Ready.ERR);
  }

  @Override
  void close() {
    if (port != null) {
      port.close();
      port = null;
    }
  }
}
