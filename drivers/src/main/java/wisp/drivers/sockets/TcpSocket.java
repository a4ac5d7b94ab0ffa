package wisp.drivers.sockets;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
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
  private final ArrayDeque<TcpSocket> accepted = new ArrayDeque<>();
  private int backlog;
  private @Nullable ConnectionProfile listensWith;
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
    try {
      listenAt(local, options.profile(all.profile));
    } catch (IllegalStateException e) {
      return -Errno.EADDRINUSE;
    }
    backlog = limit;
    phase = Phase.LISTENING;
    return 0;
  }

  private void listenAt(Endpoint endpoint, ConnectionProfile profile) {
    var config = ListenConfig.DEFAULT.with(b -> b.mayOpen = this::hasRoomToAccept);
    context.listen(endpoint, profile, all.events.acceptingFor(this), config);
    listensWith = profile;
  }

  /** What was set on a listener counts for connections that begin from now on. */
  void optionsChanged() {
    ConnectionProfile wanted = options.profile(all.profile);
    if (phase == Phase.LISTENING && local != null && !wanted.equals(listensWith)) {
      context.unlisten(local);
      listenAt(local, wanted);
    }
  }

  /** One more than the backlog may wait, as in Linux. */
  private boolean hasRoomToAccept() {
    return accepted.size() <= Math.max(0, backlog);
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
    long handle = context.connect(local, to, options.profile(all.profile), all.events);
    if (handle < 0) {
      return handle == Context.NO_PORT
          ? -Errno.EADDRNOTAVAIL
          : handle == Context.NO_ROUTE ? -Errno.ENETUNREACH : -Errno.ENOBUFS;
    }
    all.events.add(handle, this);
    connection = handle;
    phase = Phase.CONNECTING;
    connectPending = true;
    remote = to;
    local = context.local(handle);
    return -Errno.EINPROGRESS;
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
      case CONNECTING, CONNECTED -> -Errno.EAGAIN;
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
    return options.get(Option.SO_RCVBUF, Sockets.BUFFER_BYTES);
  }

  int write(byte[] from, int at, int length, int flags) {
    if (error != 0) {
      return -takeError();
    }
    if (writeShut || phase == Phase.ENDED || phase == Phase.FRESH || phase == Phase.LISTENING) {
      return -Errno.EPIPE;
    }
    if (phase == Phase.CONNECTING) {
      return -Errno.EAGAIN;
    }
    return sending.write(from, at, length, flags);
  }

  // ---- Closing ---------------------------------------------------------------------------------

  int shutdown(boolean reading, boolean writing) {
    if (phase != Phase.CONNECTED && phase != Phase.ENDED) {
      return -Errno.ENOTCONN;
    }
    if (phase == Phase.ENDED && !peerClosed) {
      return -Errno.ENOTCONN;
    }
    readShut |= reading;
    if (writing && !writeShut) {
      writeShut = true;
      context.shutdown(connection);
    }
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
      case FRESH, ENDED -> {}
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
          case CloseReason.ContextClosed _ -> Errno.ECONNABORTED;
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
    return sending.unacknowledgedBytes();
  }

  @Nullable ConnectionInfo info() {
    return connection < 0 ? null : context.info(connection);
  }

  @Override
  int ready() {
    int end = error != 0 ? Ready.ERR : 0;
    boolean writable = phase == Phase.CONNECTED && (writeShut || sending.isWritable());
    if (sending.takeNews()) {
      outEvents++;
    }
    return switch (phase) {
      case FRESH -> Ready.OUT | Ready.HUP;
      case LISTENING -> accepted.isEmpty() ? 0 : Ready.IN;
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
