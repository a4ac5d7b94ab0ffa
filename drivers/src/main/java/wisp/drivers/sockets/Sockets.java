package wisp.drivers.sockets;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.FastOpenCookies;
import wisp.core.stack.ConnectionInfo;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.core.stack.Endpoint;

/**
 * Sockets over one context, on its thread. No call waits: what would have to answers EAGAIN, and a
 * connect EINPROGRESS. Every call answers a number, 0 or more when it succeeded, else an {@link
 * Errno} with its sign changed. Somebody has to drive the context.
 *
 * <p>Numbers of options, flags and readiness are Linux's.
 */
public final class Sockets {
  /** {@link #socket}: a stream. */
  public static final int STREAM = 1;

  /** {@link #socket}: datagrams. */
  public static final int DATAGRAM = 2;

  /** SO_SNDBUF and SO_RCVBUF of a new datagram socket, before they are doubled. */
  public static final int BUFFER_BYTES = 256 << 10;

  final Context context;
  final TcpEvents events = new TcpEvents();
  private final StreamOptions streamOptions;
  private ConnectionProfile profile;
  private final Set<TcpSocket> stamped = new LinkedHashSet<>();
  private ReceiveLimits receiveLimits = ReceiveLimits.DEFAULT;
  FastOpenSettings fastOpen = FastOpenSettings.CLIENT;
  private SendLimits sendLimits = SendLimits.DEFAULT;
  private final List<@Nullable Descriptor> descriptors = new ArrayList<>();

  /** Handles given back: the least is used next. */
  private final PriorityQueue<Integer> free = new PriorityQueue<>();

  /** Over a context that somebody drives. */
  public Sockets(Context context) {
    this(context, ConnectionProfile.DEFAULT);
  }

  /** With a profile that new sockets begin with. */
  public Sockets(Context context, ConnectionProfile profile) {
    this.context = context;
    this.profile = profile;
    this.streamOptions = new StreamOptions(this);
  }

  /** What sockets do of Fast Open that listen or connect from now on. */
  public void fastOpen(FastOpenSettings settings) {
    fastOpen = settings;
  }

  /** What sockets do of Fast Open. */
  public FastOpenSettings fastOpen() {
    return fastOpen;
  }

  /** What sockets begin with that are opened, or begin a connection, from now on. */
  public void profile(ConnectionProfile usual) {
    profile = usual;
  }

  /** What sockets begin with. */
  public ConnectionProfile profile() {
    return profile;
  }

  /** What sockets may have written that are made from now on. */
  public void sendLimits(SendLimits limits) {
    sendLimits = limits;
  }

  /** What new sockets may have written. */
  public SendLimits sendLimits() {
    return sendLimits;
  }

  /** What sockets may hold unread; windows change for connections that begin from now on. */
  public void receiveLimits(ReceiveLimits limits) {
    receiveLimits = limits;
  }

  /** What sockets may hold unread. */
  public ReceiveLimits receiveLimits() {
    return receiveLimits;
  }

  // ---- Handles ---------------------------------------------------------------------------------

  private int add(Descriptor descriptor) {
    Integer handle = free.poll();
    if (handle == null) {
      descriptors.add(descriptor);
      return descriptors.size() - 1;
    }
    descriptors.set(handle, descriptor);
    return handle;
  }

  private @Nullable Descriptor at(int handle) {
    return handle >= 0 && handle < descriptors.size() ? descriptors.get(handle) : null;
  }

  private @Nullable TcpSocket stream(int handle) {
    return at(handle) instanceof TcpSocket tcp ? tcp : null;
  }

  /** A socket of type {@link #STREAM} or {@link #DATAGRAM}. */
  public int socket(int type) {
    var options = new SocketOptions(profile.congestionControl());
    return switch (type) {
      case STREAM -> add(new TcpSocket(this, options));
      case DATAGRAM -> add(new UdpSocket(context, options));
      default -> -Errno.EPROTONOSUPPORT;
    };
  }

  /** Gives the handle back. Unread bytes, or lingering for 0 s, end a connection with RST. */
  public int close(int handle) {
    Descriptor descriptor = at(handle);
    if (descriptor == null) {
      return -Errno.EBADF;
    }
    descriptors.set(handle, null);
    free.add(handle);
    for (Epoll epoll : descriptor.watchers) {
      epoll.forget(handle);
    }
    descriptor.close();
    return 0;
  }

  /**
   * An attempt for {@link Calls} that speaks of this handle: EBADF once it is given back, also when
   * its number has become another's meanwhile.
   */
  public IntSupplier whileOpen(int handle, IntSupplier attempt) {
    Descriptor meant = at(handle);
    return () -> meant == null || at(handle) != meant ? -Errno.EBADF : attempt.getAsInt();
  }

  /** Whether calls on it that can't go on are meant to wait: for {@link Calls}. */
  public boolean isBlocking(int handle) {
    Descriptor descriptor = at(handle);
    return descriptor != null && !descriptor.nonBlocking;
  }

  /** O_NONBLOCK. */
  public int setBlocking(int handle, boolean blocking) {
    Descriptor descriptor = at(handle);
    if (descriptor == null) {
      return -Errno.EBADF;
    }
    descriptor.nonBlocking = !blocking;
    return 0;
  }

  // ---- Opening ---------------------------------------------------------------------------------

  /** Gives it a local endpoint; {@link Endpoint#any} for every own address. */
  public int bind(int handle, Endpoint local) {
    return switch (at(handle)) {
      case TcpSocket tcp -> tcp.bind(local);
      case UdpSocket udp -> udp.bind(local);
      case Epoll _ -> -Errno.EINVAL;
      case null -> -Errno.EBADF;
    };
  }

  /**
   * Takes connections. While more than {@code backlog} wait, further handshakes are not completed:
   * the peer goes on trying, and what it sends meanwhile it has to send again.
   */
  public int listen(int handle, int backlog) {
    return switch (at(handle)) {
      case TcpSocket tcp -> tcp.listen(backlog);
      case UdpSocket _, Epoll _ -> -Errno.EOPNOTSUPP;
      case null -> -Errno.EBADF;
    };
  }

  /** The handle of the oldest connection that waits. */
  public int accept(int handle) {
    return switch (at(handle)) {
      case TcpSocket tcp -> {
        if (tcp.phase != TcpSocket.Phase.LISTENING) {
          yield -Errno.EINVAL;
        }
        TcpSocket accepted = tcp.accept();
        yield accepted == null ? -Errno.EAGAIN : add(accepted);
      }
      case UdpSocket _, Epoll _ -> -Errno.EOPNOTSUPP;
      case null -> -Errno.EBADF;
    };
  }

  /** Begins a connection: EINPROGRESS, then {@link #connectResult} tells. */
  public int connect(int handle, Endpoint remote) {
    return switch (at(handle)) {
      case TcpSocket tcp -> tcp.connect(remote);
      case UdpSocket udp -> udp.connect(remote);
      case Epoll _ -> -Errno.EINVAL;
      case null -> -Errno.EBADF;
    };
  }

  /** Whether a connection was begun and its handshake goes on. */
  public boolean isConnecting(int handle) {
    TcpSocket tcp = stream(handle);
    return tcp != null && tcp.phase == TcpSocket.Phase.CONNECTING;
  }

  /** How a connect that was begun stands: 0, EAGAIN while it goes on, or why it failed. */
  public int connectResult(int handle) {
    TcpSocket tcp = stream(handle);
    return tcp == null ? -Errno.EBADF : tcp.connectResult();
  }

  /** Undoes connect (AF_UNSPEC); a stream's connection is reset. */
  public int disconnect(int handle) {
    return switch (at(handle)) {
      case TcpSocket tcp -> tcp.disconnect();
      case UdpSocket udp -> udp.disconnect();
      case Epoll _ -> -Errno.EINVAL;
      case null -> -Errno.EBADF;
    };
  }

  // ---- Data ------------------------------------------------------------------------------------

  /**
   * Reads what is there.
   *
   * @param flags {@link Message#PEEK} or 0
   * @return bytes; 0: the end
   */
  public int read(int handle, byte[] into, int at, int most, int flags) {
    return switch (at(handle)) {
      case TcpSocket tcp -> tcp.read(into, at, most, flags);
      case UdpSocket udp -> udp.read(into, at, most, flags);
      case Epoll _ -> -Errno.EINVAL;
      case null -> -Errno.EBADF;
    };
  }

  /** Writes as much as there is room for. */
  public int write(int handle, byte[] from, int at, int length) {
    return write(handle, from, at, length, null, 0);
  }

  /** As above; a datagram may go to somebody. */
  public int write(int handle, byte[] from, int at, int length, @Nullable Endpoint to) {
    return write(handle, from, at, length, to, 0);
  }

  /**
   * As above.
   *
   * @param flags of {@link Message}, for a stream. With {@link Message#FAST_OPEN} a stream that is
   *     fresh connects: one that is not blocking answers how much the SYN took, or EINPROGRESS if
   *     nothing; a blocking one takes all into its first frame, and {@link #connectResult} tells
   *     when it may go on
   */
  public int write(int handle, byte[] from, int at, int length, @Nullable Endpoint to, int flags) {
    return switch (at(handle)) {
      case TcpSocket tcp -> tcp.write(from, at, length, flags, to);
      case UdpSocket udp -> udp.write(from, at, length, to);
      case Epoll _ -> -Errno.EINVAL;
      case null -> -Errno.EBADF;
    };
  }

  /**
   * One write that waits until all of it is written, for {@link Calls}; a datagram's does not.
   *
   * @param flags of {@link Message}, for a stream
   */
  public IntSupplier writeAll(
      int handle, byte[] from, int at, int length, @Nullable Endpoint to, int flags) {
    return at(handle) instanceof TcpSocket tcp
        ? new WaitingWrite(tcp, from, at, length, flags, to)
        : () -> write(handle, from, at, length, to, flags);
  }

  /** Takes the oldest notice from a stream's error queue (MSG_ERRQUEUE), or null. */
  public @Nullable Notice notice(int handle) {
    TcpSocket tcp = stream(handle);
    return tcp == null ? null : tcp.notices.poll();
  }

  /**
   * To be called after each poll of the context, with the same time, by whoever uses {@link
   * Option#SO_TIMESTAMPING}: what has happened until then gets this time.
   */
  public void polled(long nowNanos) {
    stamped.removeIf(tcp -> tcp.polled(nowNanos));
  }

  /** Times of what was written to it are wanted. */
  void stamped(TcpSocket tcp) {
    stamped.add(tcp);
  }

  /** Ends one direction, or both. ENOBUFS: no memory for that; nothing has changed. */
  public int shutdown(int handle, boolean reading, boolean writing) {
    return switch (at(handle)) {
      case TcpSocket tcp -> tcp.shutdown(reading, writing);
      case UdpSocket udp -> udp.remote() == null ? -Errno.ENOTCONN : 0;
      case Epoll _ -> -Errno.EINVAL;
      case null -> -Errno.EBADF;
    };
  }

  // ---- Readiness -------------------------------------------------------------------------------

  /** Bits of {@link Ready}, for poll. */
  public int ready(int handle) {
    Descriptor descriptor = at(handle);
    return descriptor == null ? -Errno.EBADF : descriptor.ready();
  }

  /** A set of sockets to be watched. */
  public int epoll() {
    return add(new Epoll());
  }

  /**
   * Adds (1), removes (2) or changes (3) what is watched.
   *
   * @param bits of {@link Ready}
   * @param data comes back with the events
   */
  public int epollControl(int epoll, int operation, int handle, int bits, long data) {
    Descriptor socket = at(handle);
    return socket != null && at(epoll) instanceof Epoll set
        ? set.control(operation, handle, socket, bits, data)
        : -Errno.EBADF;
  }

  /** What is ready: how many, or EAGAIN. */
  public int epollTake(int epoll, int[] bits, long[] data, int most) {
    return at(epoll) instanceof Epoll set ? set.take(bits, data, most) : -Errno.EBADF;
  }

  // ---- Asking ----------------------------------------------------------------------------------

  /** Our endpoint, if it has one yet. */
  public @Nullable Endpoint local(int handle) {
    return switch (at(handle)) {
      case TcpSocket tcp -> tcp.local;
      case UdpSocket udp -> udp.local();
      case Epoll _ -> null;
      case null -> null;
    };
  }

  /** The peer's. */
  public @Nullable Endpoint remote(int handle) {
    return switch (at(handle)) {
      case TcpSocket tcp -> tcp.remote;
      case UdpSocket udp -> udp.remote();
      case Epoll _ -> null;
      case null -> null;
    };
  }

  /** Where the datagram came from that was read last. */
  public @Nullable Endpoint source(int handle) {
    return at(handle) instanceof UdpSocket udp ? udp.source() : null;
  }

  /** Bytes that can be read. */
  public int unreadBytes(int handle) {
    return switch (at(handle)) {
      case TcpSocket tcp -> tcp.unreadBytes();
      case UdpSocket udp -> udp.unreadBytes();
      case Epoll _ -> -Errno.EINVAL;
      case null -> -Errno.EBADF;
    };
  }

  /** Datagrams that a socket had no room for. */
  public long droppedDatagrams(int handle) {
    return at(handle) instanceof UdpSocket udp ? udp.dropped() : -Errno.EBADF;
  }

  /** Bytes that can be read; 1 when nothing but the end of a stream is left to be read. */
  public int readableHint(int handle) {
    return at(handle) instanceof TcpSocket tcp ? tcp.readableHint() : unreadBytes(handle);
  }

  /** Bytes of a stream that the peer has not confirmed. */
  public int unacknowledgedBytes(int handle) {
    TcpSocket tcp = stream(handle);
    return tcp == null ? -Errno.EINVAL : tcp.unacknowledgedBytes();
  }

  /** State of a stream by RFC 9293's name. */
  public String state(int handle) {
    TcpSocket tcp = stream(handle);
    return tcp == null ? "CLOSED" : tcp.state();
  }

  /** What a stream's connection is doing; null: it has none. */
  public @Nullable ConnectionInfo info(int handle) {
    TcpSocket tcp = stream(handle);
    return tcp == null ? null : tcp.info();
  }

  // ---- Options ---------------------------------------------------------------------------------

  /** The value of an {@link Option}. */
  public int option(int handle, int option) {
    return switch (at(handle)) {
      case TcpSocket tcp -> streamOptions.get(tcp, option);
      case UdpSocket udp -> udp.option(option);
      case Epoll _ -> -Errno.EBADF;
      case null -> -Errno.EBADF;
    };
  }

  /** Sets an {@link Option}; one that is not known is kept and has no effect. */
  public int setOption(int handle, int option, int value) {
    SocketOptions options = optionsOf(handle);
    if (options == null) {
      return -Errno.EBADF;
    }
    TcpSocket tcp = stream(handle);
    return tcp == null ? options.set(option, value) : streamOptions.set(tcp, option, value);
  }

  /** What clients of a listener are given for Fast Open, instead of what the settings say. */
  public int fastOpenCookies(int handle, FastOpenCookies cookies) {
    TcpSocket tcp = stream(handle);
    if (tcp == null) {
      return -Errno.EBADF;
    }
    tcp.fastOpenCookies(cookies);
    return 0;
  }

  /** Name of the congestion control that connections begin with. */
  public String congestionControl(int handle) {
    SocketOptions options = optionsOf(handle);
    return options == null ? "" : options.congestionControl();
  }

  /** Whether there is a congestion control of this name. */
  public boolean knows(String congestionControl) {
    return context.hasCongestionControl(congestionControl);
  }

  /** Chooses one by name, for a connection that is still to begin. */
  public int setCongestionControl(int handle, String name) {
    SocketOptions options = optionsOf(handle);
    if (options == null) {
      return -Errno.EBADF;
    }
    if (!context.hasCongestionControl(name)) {
      return -Errno.ENOENT;
    }
    options.congestionControl(name);
    if (at(handle) instanceof TcpSocket tcp) {
      tcp.optionsChanged();
    }
    return 0;
  }

  private @Nullable SocketOptions optionsOf(int handle) {
    return switch (at(handle)) {
      case TcpSocket tcp -> tcp.options;
      case UdpSocket udp -> udp.options;
      case Epoll _ -> null;
      case null -> null;
    };
  }
}
