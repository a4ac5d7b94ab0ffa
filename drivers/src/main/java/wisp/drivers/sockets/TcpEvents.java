package wisp.drivers.sockets;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import wisp.core.stack.CloseReason;
import wisp.core.stack.ConnectionHandler;
import wisp.core.stack.Context;

/** Finds the socket that the stack speaks of. A connection whose socket was closed has none. */
class TcpEvents implements ConnectionHandler {
  private final Map<Long, TcpSocket> sockets;

  TcpEvents() {
    this(new HashMap<>());
  }

  private TcpEvents(Map<Long, TcpSocket> sockets) {
    this.sockets = sockets;
  }

  /** The handler of one listener: its connections become sockets that wait to be accepted. */
  ConnectionHandler acceptingFor(TcpSocket listener) {
    return new TcpEvents(sockets) {
      @Override
      public void onOpen(Context context, long connection) {
        TcpSocket socket = listener.arrived(connection);
        if (socket == null) {
          context.abort(connection);
        } else {
          add(connection, socket);
        }
      }
    };
  }

  void add(long connection, TcpSocket socket) {
    sockets.put(connection, socket);
  }

  void remove(long connection) {
    sockets.remove(connection);
  }

  private @Nullable TcpSocket of(long connection) {
    return sockets.get(connection);
  }

  @Override
  public void onOpen(Context context, long connection) {
    TcpSocket socket = of(connection);
    if (socket != null) {
      socket.opened();
    }
  }

  @Override
  public void onData(Context c, long connection, MemorySegment memory, long offset, int length) {
    TcpSocket socket = of(connection);
    if (socket != null) {
      socket.data(memory, offset, length);
    }
  }

  @Override
  public void onAcknowledged(Context context, long connection, int bytes) {
    TcpSocket socket = of(connection);
    if (socket != null) {
      socket.sending.acknowledged(bytes);
    }
  }

  @Override
  public void onReleased(Context context, long connection, int frame, int acknowledged) {
    TcpSocket socket = of(connection);
    if (socket != null) {
      socket.notices.released(context.length(frame));
    }
  }

  @Override
  public void onWritable(Context context, long connection) {
    TcpSocket socket = of(connection);
    if (socket != null) {
      socket.writable();
    }
  }

  @Override
  public void onPeerClosed(Context context, long connection) {
    TcpSocket socket = of(connection);
    if (socket != null) {
      socket.peerClosed();
    }
  }

  @Override
  public void onClosed(Context context, long connection, CloseReason reason) {
    TcpSocket socket = sockets.remove(connection);
    if (socket != null) {
      socket.closed(reason);
    }
  }
}
