package wisp.drivers.sockets;

import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import wisp.core.stack.Endpoint;

/**
 * One write to a stream that is over when all is written: an attempt for {@link Calls}. Having had
 * to wait, it goes on when there is room worth it. An error after a part tells of the part.
 */
final class WaitingWrite implements IntSupplier {
  private final TcpSocket socket;
  private final byte[] from;
  private final int at;
  private final int length;
  private final int flags;
  private final @Nullable Endpoint to;
  private int done;

  /** What was written connects first. */
  private boolean connecting;

  WaitingWrite(
      TcpSocket socket, byte[] from, int at, int length, int flags, @Nullable Endpoint to) {
    this.socket = socket;
    this.from = from;
    this.at = at;
    this.length = length;
    this.flags = flags;
    this.to = to;
  }

  @Override
  public int getAsInt() {
    if (connecting) {
      int result = socket.connectResult();
      if (result < 0) {
        return result;
      }
      connecting = false;
      if (done == length) {
        return over();
      }
    }
    if (done > 0 && socket.refusesWrites()) {
      return over(); // the next call is told why
    }
    if (done > 0 && !socket.sending.isWritable()) {
      return -Errno.EAGAIN;
    }
    int n = socket.writePart(from, at + done, length - done, flags, to);
    if (socket.phase == TcpSocket.Phase.CONNECTING && (n >= 0 || n == -Errno.EINPROGRESS)) {
      connecting = true;
      done += Math.max(0, n);
      return -Errno.EAGAIN;
    }
    if (n < 0) {
      return n;
    }
    done += n;
    return done < length ? -Errno.EAGAIN : over();
  }

  private int over() {
    if (done > 0) {
      socket.wrote(flags);
    }
    return done;
  }
}
