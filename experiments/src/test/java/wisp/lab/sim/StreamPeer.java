package wisp.lab.sim;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import wisp.core.stack.CloseReason;
import wisp.core.stack.ConnectionHandler;
import wisp.core.stack.Context;

/**
 * Sends a stream that every reader can check by offset, and checks the one it receives, byte by
 * byte. Shuts down when all is sent; frames of random length; keeps so many bytes queued.
 */
final class StreamPeer implements ConnectionHandler {
  private final long toSend;
  private final int stream;
  private final int peerStream;
  private final int mostQueued;
  private final SplittableRandom random;
  long sent;
  long acknowledged;
  long released;
  long received;
  int framesOut;
  boolean opened;
  boolean peerClosed;
  boolean finished;
  int pauseEvery;
  boolean paused;
  @Nullable CloseReason closed;
  long connection = -1;

  StreamPeer(long toSend, int stream, int peerStream, int mostQueued, long seed) {
    this.toSend = toSend;
    this.stream = stream;
    this.peerStream = peerStream;
    this.mostQueued = mostQueued;
    this.random = new SplittableRandom(seed);
  }

  static byte at(int stream, long offset) {
    long x = (offset >>> 3) * 0x9E37_79B9_7F4A_7C15L + stream;
    x ^= x >>> 29;
    return (byte) (x >>> (offset & 7));
  }

  private void pump(Context context) {
    while (sent < toSend && sent - acknowledged < mostQueued) {
      int length =
          (int)
              Math.min(1 + random.nextInt(Math.min(9_000, context.largestFrame())), toSend - sent);
      int frame = context.frame(length);
      if (frame == Context.NO_FRAME) {
        return;
      }
      MemorySegment memory = context.memory(frame);
      long start = context.start(frame);
      for (int i = 0; i < length; i++) {
        memory.set(ValueLayout.JAVA_BYTE, start + i, at(stream, sent + i));
      }
      boolean queued = context.send(connection, frame);
      context.release(frame);
      if (!queued) {
        return;
      }
      framesOut++;
      sent += length;
    }
    if (sent == toSend && !finished) {
      finished = context.shutdown(connection);
    }
  }

  /** Tries again what was refused; for the simulation loop. */
  void nudge(Context context) {
    if (opened && closed == null && !finished) {
      pump(context);
    }
    if (paused && closed == null) {
      paused = !context.resume(connection);
    }
  }

  @Override
  public void onOpen(Context context, long connection) {
    if (opened) {
      throw new IllegalStateException("opened twice");
    }
    this.connection = connection;
    opened = true;
    pump(context);
  }

  @Override
  public void onData(
      Context context, long connection, MemorySegment memory, long offset, int length) {
    if (peerClosed || closed != null || length < 1) {
      throw new IllegalStateException("data after the end, or none");
    }
    for (int i = 0; i < length; i++) {
      byte is = memory.get(ValueLayout.JAVA_BYTE, offset + i);
      if (is != at(peerStream, received + i)) {
        throw new IllegalStateException("wrong byte at " + (received + i));
      }
    }
    received += length;
    if (pauseEvery > 0 && !paused && random.nextInt(pauseEvery) == 0) {
      paused = context.pause(connection);
    }
  }

  @Override
  public void onAcknowledged(Context context, long connection, int bytes) {
    acknowledged += bytes;
    pump(context);
  }

  @Override
  public void onReleased(Context context, long connection, int frame, int bytes) {
    framesOut--;
    released += bytes;
  }

  @Override
  public void onWritable(Context context, long connection) {
    pump(context);
  }

  @Override
  public void onPeerClosed(Context context, long connection) {
    if (peerClosed) {
      throw new IllegalStateException("closed twice by the peer");
    }
    peerClosed = true;
  }

  @Override
  public void onClosed(Context context, long connection, CloseReason reason) {
    if (closed != null) {
      throw new IllegalStateException("closed twice");
    }
    closed = reason;
  }

  @Override
  public String toString() {
    return "sent "
        + sent
        + "/"
        + toSend
        + " acked "
        + acknowledged
        + " received "
        + received
        + " frames "
        + framesOut
        + " opened "
        + opened
        + " peerClosed "
        + peerClosed
        + " finished "
        + finished
        + " paused "
        + paused
        + " closed "
        + closed;
  }
}
