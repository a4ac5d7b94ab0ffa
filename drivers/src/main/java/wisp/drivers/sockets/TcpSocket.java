package wisp.drivers.sockets;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.FastOpenCookies;
import wisp.core.spi.FastOpenMode;
import wisp.core.stack.CloseReason;
import wisp.core.stack.ConnectionInfo;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.core.stack.Endpoint;
import wisp.core.stack.ListenConfig;

/** A stream socket: at first nothing, then a listener or a connection, in the end nothing again. */
final class TcpSocket extends Descriptor {
  /** What it is at present. */
  enum Phase {
    FRESH,
    LISTENING,
    /** Connected as far as the application knows: the first write will do it. */
    DEFERRED,
    CONNECTING,
    CONNECTED,
    ENDED
  }

  private final Sockets all;
  private final Context context;
  final SocketOptions options;
  Phase phase = Phase.FRESH;
  @Nullable Endpoint local;
  @Nullable Endpoint remote;
  long connection = -1;

  private final ByteQueue received = new ByteQueue();
  final SendBuffer sending;
  final SendNotices notices = new SendNotices(() -> inEvents++);
  private final ArrayDeque<TcpSocket> accepted = new ArrayDeque<>();
  private int backlog;

  /** One more than the backlog may wait, as in Linux. */
  private final BooleanSupplier hasRoomToAccept;

  private @Nullable ConnectionProfile listensWith;
  private @Nullable ListenConfig listensBy;
  private @Nullable FastOpenCookies fastOpenCookies;
  private int error;
  private boolean paused;
  private boolean peerClosed;
  private boolean readShut;
  private boolean writeShut;

  /** A connection was begun and its end has not been told by {@link #connectResult}. */
  private boolean connectPending;

  TcpSocket(Sockets all, SocketOptions options) {
    this.all = all;
    this.context = all.context;
    this.options = options;
    this.hasRoomToAccept = () -> accepted.size() <= Math.max(0, backlog);
    this.sending = new SendBuffer(context, options, all.sendLimits());
  }

  // ---- Opening ---------------------------------------------------------------------------------

  int bind(Endpoint endpoint) {
    if (phase != Phase.FRESH || local != null) {
      return -Errno.EINVAL;
    }
    local = endpoint;
    return 0;
  }

  int listen(int limit) {
    if (phase == Phase.LISTENING) {
      backlog = limit;
      return 0;
    }
    if (phase != Phase.FRESH || local == null || local.port() == 0) {
      return -Errno.EINVAL;
    }
    backlog = limit;
    try {
      listenAt(local, profile(), listenConfig());
    } catch (IllegalStateException e) {
      return -Errno.EADDRINUSE;
    }
    phase = Phase.LISTENING;
    return 0;
  }

  private ConnectionProfile profile() {
    return options.profile(all.profile(), all.receiveLimits());
  }

  private void listenAt(Endpoint endpoint, ConnectionProfile profile, ListenConfig config) {
    context.listen(endpoint, profile, all.events.acceptingFor(this), config);
    listensWith = profile;
    listensBy = config;
  }

  private ListenConfig listenConfig() {
    FastOpenSettings fast = all.fastOpen;
    int usual = fast.everyListener() ? Math.max(1, backlog) : 0;
    int fastOpens = fast.server() ? Math.max(0, options.get(Option.TCP_FASTOPEN, usual)) : 0;
    return ListenConfig.DEFAULT.with(
        b -> {
          b.mayOpen = hasRoomToAccept;
          b.fastOpens = fastOpens;
          b.fastOpenCookies = fastOpenCookies == null ? fast.cookies() : fastOpenCookies;
          b.fastOpenWithoutCookie = wantsNoCookie();
        });
  }

  /** What was set on a listener counts for connections that begin from now on. */
  void optionsChanged() {
    ConnectionProfile profile = profile();
    ListenConfig config = listenConfig();
    boolean isNew = !profile.equals(listensWith) || !config.equals(listensBy);
    if (phase == Phase.LISTENING && local != null && isNew) {
      context.unlisten(local);
      listenAt(local, profile, config);
    }
  }

  /** What clients are given for Fast Open, instead of what the settings say. */
  void fastOpenCookies(FastOpenCookies cookies) {
    fastOpenCookies = cookies;
    optionsChanged();
  }

  /** A handshake of this listener's is complete; null: nobody takes it any more. */
  @Nullable TcpSocket arrived(long handle) {
    if (phase != Phase.LISTENING) {
      return null;
    }
    var socket = new TcpSocket(all, options.copy());
    socket.connection = handle;
    socket.phase = Phase.CONNECTED;
    socket.local = context.local(handle);
    socket.remote = context.remote(handle);
    socket.sending.opened(handle);
    accepted.add(socket);
    inEvents++;
    return socket;
  }

  /** The oldest connection that waits, or null. */
  @Nullable TcpSocket accept() {
    return accepted.poll();
  }

  int connect(Endpoint to) {
    switch (phase) {
      case DEFERRED -> {
        return -Errno.EISCONN;
      }
      case LISTENING, CONNECTED -> {
        boolean isNews = connectPending;
        connectPending = false;
        return isNews ? 0 : -Errno.EISCONN;
      }
      case CONNECTING -> {
        return -Errno.EALREADY;
      }
      case ENDED -> {
        if (error != 0) {
          return -takeError();
        }
        reset();
      }
      case FRESH -> {}
    }
    boolean isFast = options.get(Option.TCP_FASTOPEN_CONNECT, 0) != 0;
    if (isFast && context.fastOpenRoom(local, to, fastProfile()) > 0) {
      remote = to;
      phase = Phase.DEFERRED;
      return 0;
    }
    return begin(to, isFast ? fastProfile() : profile(), Context.NO_FRAME);
  }

  private ConnectionProfile fastProfile() {
    boolean isPlain = wantsNoCookie() && all.fastOpen.client() != FastOpenMode.OFF;
    FastOpenMode mode = isPlain ? FastOpenMode.WITHOUT_COOKIE : all.fastOpen.client();
    return profile().with(b -> b.fastOpen = mode);
  }

  private boolean wantsNoCookie() {
    return options.get(Option.TCP_FASTOPEN_NO_COOKIE, 0) != 0;
  }

  /** Neither connected nor about to be. */
  boolean isUnconnected() {
    return switch (phase) {
      case FRESH, LISTENING, ENDED -> true;
      case DEFERRED, CONNECTING, CONNECTED -> false;
    };
  }

  /** Connects, with a frame that is given back, or {@link Context#NO_FRAME}. */
  private int begin(Endpoint to, ConnectionProfile profile, int frame) {
    long handle = context.connect(local, to, profile, all.events, frame);
    if (frame != Context.NO_FRAME) {
      context.release(frame);
    }
    if (handle < 0) {
      return handle == Context.NO_PORT
          ? -Errno.EADDRNOTAVAIL
          : handle == Context.NO_ROUTE ? -Errno.ENETUNREACH : -Errno.ENOBUFS;
    }
    all.events.add(handle, this);
    connection = handle;
    phase = Phase.CONNECTING;
    limitOpen();
    connectPending = true;
    remote = to;
    local = context.local(handle);
    return -Errno.EINPROGRESS;
  }

  /** TCP_SYNCNT, before or after the connection was begun. */
  void limitOpen() {
    long nanos = options.openLimitNanos();
    if (phase == Phase.CONNECTING && nanos > 0) {
      context.limitOpen(connection, nanos);
    }
  }

  private void reset() {
    phase = Phase.FRESH;
    peerClosed = false;
    readShut = false;
    writeShut = false;
  }

  /** How a connect that was begun stands: 0, EAGAIN as long as it goes on, or why it failed. */
  int connectResult() {
    if (phase == Phase.CONNECTING) {
      return -Errno.EAGAIN;
    }
    connectPending = false;
    if (error != 0) {
      return -takeError();
    }
    return phase == Phase.CONNECTED || peerClosed ? 0 : -Errno.ECONNABORTED;
  }

  // ---- Data ------------------------------------------------------------------------------------

  int read(byte[] into, int at, int most, int flags) {
    if (received.size() > 0) {
      int n = received.peek(into, at, most);
      if ((flags & Message.PEEK) == 0) {
        received.skip(n);
        resumeIfRoom();
      }
      return n;
    }
    if (error != 0) {
      return -takeError();
    }
    if (peerClosed || readShut) {
      return 0;
    }
    return switch (phase) {
      case FRESH, LISTENING -> -Errno.ENOTCONN;
      case DEFERRED, CONNECTING, CONNECTED -> -Errno.EAGAIN;
      case ENDED -> connectPending ? -Errno.ENOTCONN : 0;
    };
  }

  private void resumeIfRoom() {
    if (paused && received.size() <= receiveLimit() / 2) {
      paused = false;
      context.resume(connection);
    }
  }

  private int receiveLimit() {
    return all.receiveLimits().window(options.get(Option.SO_RCVBUF, 0));
  }

  int write(byte[] from, int at, int length, int flags, @Nullable Endpoint to) {
    int n = writePart(from, at, length, flags, to);
    if (n > 0) {
      wrote(flags);
    }
    return n;
  }

  /** What was written until now was one write, which the application may want to hear of. */
  void wrote(int flags) {
    boolean zeroCopy = (flags & Message.ZERO_COPY) != 0 && options.get(Option.SO_ZEROCOPY, 0) != 0;
    if (notices.wrote(sending.progress().written(), zeroCopy)) {
      all.stamped(this);
    }
  }

  /** Whether a write would fail. */
  boolean refusesWrites() {
    return phase != Phase.CONNECTED || error != 0 || writeShut;
  }

  /** Which times are told of what is written from now on. */
  void wantStamps(int flags) {
    notices.want(flags, sending.progress().confirmed());
  }

  /** A poll of this time is over; whether there are no more times to be told. */
  boolean polled(long nowNanos) {
    return notices.got(sending.progress(), nowNanos) || phase == Phase.ENDED;
  }

  /** Writes, and leaves it to the caller to say when all of one write is there. */
  int writePart(byte[] from, int at, int length, int flags, @Nullable Endpoint to) {
    boolean mayConnect = phase == Phase.FRESH || phase == Phase.CONNECTING;
    if ((flags & Message.FAST_OPEN) != 0 && mayConnect) {
      return writeAndConnect(from, at, length, flags, to);
    }
    if (error != 0) {
      return -takeError();
    }
    if (writeShut || phase == Phase.ENDED || phase == Phase.FRESH || phase == Phase.LISTENING) {
      return -Errno.EPIPE;
    }
    if (phase == Phase.CONNECTING) {
      return -Errno.EAGAIN;
    }
    if (phase == Phase.DEFERRED) {
      Endpoint asked = (flags & Message.FAST_OPEN) == 0 ? remote : to;
      return writeAndConnect(from, at, length, flags, asked);
    }
    return sending.write(from, at, length, flags);
  }

  /** Begins a connection by what it has to say: see {@link Sockets#write}. */
  private int writeAndConnect(byte[] from, int at, int length, int flags, @Nullable Endpoint to) {
    if (phase == Phase.CONNECTING) {
      return -Errno.EALREADY;
    }
    if (to == null || all.fastOpen.client() == FastOpenMode.OFF) {
      return -Errno.EOPNOTSUPP;
    }
    ConnectionProfile profile = fastProfile();
    boolean takesAll = !nonBlocking && (flags & Message.DONT_WAIT) == 0;
    int room = takesAll ? context.largestFrame() : context.fastOpenRoom(local, to, profile);
    int n = Math.min(length, Math.min(room, context.largestFrame()));
    if (n <= 0) {
      return begin(to, profile, Context.NO_FRAME);
    }
    int frame = sending.frame(from, at, n);
    if (frame == Context.NO_FRAME) {
      return -Errno.ENOBUFS;
    }
    int begun = begin(to, profile, frame);
    if (begun != -Errno.EINPROGRESS) {
      return begun;
    }
    sending.begun(connection, n);
    return n;
  }

  // ---- Closing ---------------------------------------------------------------------------------

  int shutdown(boolean reading, boolean writing) {
    if (phase != Phase.CONNECTED && phase != Phase.ENDED) {
      return -Errno.ENOTCONN;
    }
    if (phase == Phase.ENDED && !peerClosed) {
      return -Errno.ENOTCONN;
    }
    boolean mustTell = writing && !writeShut && phase == Phase.CONNECTED;
    if (mustTell && !context.shutdown(connection)) {
      return -Errno.ENOBUFS; // else the FIN would never go, and nobody would know
    }
    readShut |= reading;
    writeShut |= writing;
    inEvents++;
    outEvents++;
    return 0;
  }

  @Override
  void close() {
    switch (phase) {
      case LISTENING -> {
        if (local != null) {
          context.unlisten(local);
        }
        while (!accepted.isEmpty()) {
          TcpSocket waiting = accepted.remove();
          waiting.forget();
          context.abort(waiting.connection);
        }
      }
      case CONNECTING -> {
        forget();
        context.abort(connection);
      }
      case CONNECTED -> {
        forget();
        boolean abort = received.size() > 0 || options.get(Option.SO_LINGER, -1) == 0;
        if (abort || !context.close(connection)) {
          context.abort(connection);
        }
      }
      case FRESH, DEFERRED, ENDED -> {}
    }
    phase = Phase.ENDED;
  }

  private void forget() {
    all.events.remove(connection);
  }

  /** connect to nowhere: what there is ends with RST, the socket is fresh again. */
  int disconnect() {
    if (phase == Phase.CONNECTING || phase == Phase.CONNECTED) {
      forget();
      context.abort(connection);
    }
    if (phase != Phase.LISTENING) {
      received.skip(received.size());
      reset();
      local = null;
      remote = null;
    }
    return 0;
  }

  // ---- What the stack tells --------------------------------------------------------------------

  void opened() {
    phase = Phase.CONNECTED;
    sending.opened(connection);
    inEvents++;
    outEvents++;
  }

  void data(MemorySegment memory, long offset, int length) {
    received.add(memory, offset, length);
    inEvents++;
    if (!paused && received.size() >= receiveLimit()) {
      paused = context.pause(connection);
    }
  }

  void writable() {
    sending.memoryIsThere();
  }

  void peerClosed() {
    peerClosed = true;
    inEvents++;
  }

  void closed(CloseReason reason) {
    boolean hadEnd = peerClosed;
    phase = Phase.ENDED;
    connection = -1;
    error =
        switch (reason) {
          case CloseReason.Closed _, CloseReason.Aborted _ -> 0;
          case CloseReason.ResetByPeer _ -> hadEnd ? Errno.EPIPE : Errno.ECONNRESET;
          case CloseReason.Refused _ -> Errno.ECONNREFUSED;
          case CloseReason.Unreachable(int type, int code) -> Errno.ofIcmp(type, code);
          case CloseReason.TimedOut _ -> Errno.ETIMEDOUT;
          case CloseReason.HandlerFailed _ -> Errno.EIO;
          case CloseReason.MemoryShort _, CloseReason.ContextClosed _ -> Errno.ECONNABORTED;
        };
    peerClosed |= error == 0;
    inEvents++;
    outEvents++;
  }

  // ---- Asking ----------------------------------------------------------------------------------

  int takeError() {
    int e = error;
    error = 0;
    return e;
  }

  int unreadBytes() {
    return received.size();
  }

  /** As {@link #unreadBytes}, and 1 when the end is all that is left to be read. */
  int readableHint() {
    return received.size() == 0 && peerClosed ? 1 : received.size();
  }

  int unacknowledgedBytes() {
    return sending.progress().bytes();
  }

  @Nullable ConnectionInfo info() {
    return connection < 0 ? null : context.info(connection);
  }

  @Override
  int ready() {
    int end = error != 0 || !notices.isEmpty() ? Ready.ERR : 0;
    boolean writable = phase == Phase.CONNECTED && (writeShut || sending.isWritable());
    if (sending.takeNews()) {
      outEvents++;
    }
    return switch (phase) {
      case FRESH -> Ready.OUT | Ready.HUP;
      case LISTENING -> accepted.isEmpty() ? 0 : Ready.IN;
      case DEFERRED -> Ready.OUT;
      case CONNECTING -> 0;
      case CONNECTED -> {
        boolean readEnd = peerClosed || readShut;
        yield (received.size() > 0 || readEnd ? Ready.IN : 0)
            | (readEnd ? Ready.RDHUP : 0)
            | (writable ? Ready.OUT : 0)
            | (readEnd && writeShut ? Ready.HUP : 0)
            | end;
      }
      case ENDED -> Ready.IN | Ready.OUT | Ready.RDHUP | Ready.HUP | end;
    };
  }

  /** RFC 9293's name of its state; LISTEN and CLOSED included. */
  String state() {
    if (phase == Phase.LISTENING) {
      return "LISTEN";
    }
    ConnectionInfo info = info();
    return info == null ? "CLOSED" : info.state().name();
  }
}
