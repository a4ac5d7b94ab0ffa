package wisp.lab.serve;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import wisp.core.stack.CloseReason;
import wisp.core.stack.ConnectionInfo;
import wisp.core.stack.ConnectionState;
import wisp.core.stack.Context;
import wisp.core.stack.DatagramHandler;

/**
 * Sends back what it gets (RFC 862).
 *
 * <p>What arrives is copied into frames and these are queued by reference. Two things may go wrong,
 * and neither may lose a byte, since what was delivered has been acknowledged:
 *
 * <ul>
 *   <li>The peer reads more slowly than it writes: beyond {@link #HIGH_BYTES} not acknowledged the
 *       connection is paused, below {@link #LOW_BYTES} resumed. What had been promised before the
 *       pause still comes, up to a receive window more.
 *   <li>There is no memory for a frame, or to queue it: the rest goes into this connection's own
 *       <em>overflow</em> on the Java heap, in order, and the connection is paused until the
 *       overflow is empty again.
 * </ul>
 *
 * In a memory that outlives the process the pause is also what tells the next one that something
 * may be missing. So a connection that has an overflow and can't be paused is aborted there.
 *
 * <p>An idle connection has a fill of four bytes here and nothing else.
 */
final class Echo implements Service {
  static final int HIGH_BYTES = 1 << 20;
  static final int LOW_BYTES = 256 << 10;

  /** All overflows together; beyond it the connection that would go on is aborted. */
  static final long MOST_OVERFLOW_BYTES = 256L << 20;

  /** Bytes sent and not yet released, by slot of the connection. */
  private final SlotInts unreleased = new SlotInts();

  /** Only of connections in trouble or about to close. */
  private final Map<Long, Trouble> troubles = new HashMap<>();

  private final ArrayDeque<Long> retries = new ArrayDeque<>();
  private long overflowBytes;
  private long aborted;

  /** What a connection has besides its fill. */
  private static final class Trouble {
    final ArrayDeque<byte[]> overflow = new ArrayDeque<>();

    /** Bytes of the first array that are sent already. */
    int sentOfFirst;

    boolean paused;
    boolean closing;
    boolean isQueued;
  }

  @Override
  public String name() {
    return "echo";
  }

  @Override
  public boolean maySpeakFirst() {
    return false;
  }

  /** Each datagram goes back, but not to what may be another echo: two would never end. */
  @Override
  public DatagramHandler datagrams() {
    return (context, port, d) -> {
      if (d.sourcePort() >= 1_024) {
        port.reply(d, d.memory(), d.start(), d.length());
      }
    };
  }

  @Override
  public void onOpen(Context context, long connection) {
    unreleased.clear(connection);
  }

  /**
   * All that was to be echoed is in frames, which survive; but for the overflow. Where there may
   * have been one the connection is paused, and can't go on.
   */
  @Override
  public void onRestored(Context context, long connection) {
    ConnectionInfo info = context.info(connection);
    if (info == null) {
      return;
    }
    unreleased.clear(connection);
    unreleased.add(connection, context.queuedBytes(connection));
    if (info.paused()) {
      aborted++;
      context.abort(connection);
    } else if (info.state() == ConnectionState.CLOSE_WAIT) {
      onPeerClosed(context, connection);
    }
  }

  @Override
  public void onData(
      Context context, long connection, MemorySegment memory, long offset, int length) {
    Trouble trouble = troubles.get(connection);
    int sent = 0;
    if (trouble == null || trouble.overflow.isEmpty()) {
      sent = sendFrom(context, connection, memory, offset, length);
    }
    if (sent < length) {
      overflow(context, connection, memory, offset + sent, length - sent);
    } else if (unreleased.get(connection) > HIGH_BYTES) {
      pause(context, connection, troubleOf(connection));
    }
  }

  /** Sends as much as there are frames for; returns how many bytes that were. */
  private int sendFrom(
      Context context, long connection, MemorySegment memory, long offset, int length) {
    int sent = 0;
    while (sent < length) {
      int part = Math.min(length - sent, context.largestFrame());
      int frame = context.frame(part);
      if (frame == Context.NO_FRAME) {
        break;
      }
      MemorySegment.copy(memory, offset + sent, context.memory(frame), context.start(frame), part);
      // Before the send, which may release at once what has failed.
      unreleased.add(connection, part);
      boolean queued = context.send(connection, frame);
      context.release(frame);
      if (!queued) {
        unreleased.add(connection, -part);
        break;
      }
      sent += part;
    }
    return sent;
  }

  private void overflow(
      Context context, long connection, MemorySegment memory, long offset, int length) {
    if (!context.isOpen(connection)) {
      return;
    }
    if (overflowBytes + length > MOST_OVERFLOW_BYTES) {
      aborted++;
      context.abort(connection);
      return;
    }
    Trouble trouble = troubleOf(connection);
    pause(context, connection, trouble);
    if (!trouble.paused && context.outlivesProcess()) {
      aborted++;
      context.abort(connection);
      return;
    }
    trouble.overflow.add(memory.asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE));
    overflowBytes += length;
    queue(connection, trouble);
  }

  private Trouble troubleOf(long connection) {
    return troubles.computeIfAbsent(connection, c -> new Trouble());
  }

  private void queue(long connection, Trouble trouble) {
    if (!trouble.isQueued) {
      trouble.isQueued = true;
      retries.add(connection);
    }
  }

  private static void pause(Context context, long connection, Trouble trouble) {
    if (!trouble.paused) {
      trouble.paused = context.pause(connection);
    }
  }

  @Override
  public void onReleased(Context context, long connection, int frame, int acknowledged) {
    unreleased.add(connection, -context.length(frame));
    Trouble trouble = troubles.get(connection);
    if (trouble != null && unreleased.get(connection) <= LOW_BYTES) {
      // Not here and now: the frame's memory is free only after this call.
      queue(connection, trouble);
    }
  }

  @Override
  public void onWritable(Context context, long connection) {
    Trouble trouble = troubles.get(connection);
    if (trouble != null) {
      queue(connection, trouble);
    }
  }

  @Override
  public void onPeerClosed(Context context, long connection) {
    Trouble trouble = troubleOf(connection);
    trouble.closing = true;
    if (relieve(context, connection, trouble)) {
      queue(connection, trouble);
    }
  }

  @Override
  public void onClosed(Context context, long connection, CloseReason reason) {
    Trouble trouble = troubles.remove(connection);
    if (trouble != null) {
      trouble.overflow.forEach(bytes -> overflowBytes -= bytes.length);
      overflowBytes += trouble.sentOfFirst;
      trouble.overflow.clear();
    }
  }

  @Override
  public boolean retry(Context context) {
    for (int left = retries.size(); left > 0; left--) {
      long connection = retries.remove();
      Trouble trouble = troubles.get(connection);
      if (trouble == null) {
        continue;
      }
      trouble.isQueued = false;
      if (relieve(context, connection, trouble)) {
        queue(connection, trouble);
      }
    }
    return !retries.isEmpty();
  }

  /**
   * Gets a connection out of its trouble as far as that is possible now.
   *
   * @return whether it must be tried again although nothing of its own is going to tell us
   */
  private boolean relieve(Context context, long connection, Trouble trouble) {
    while (!trouble.overflow.isEmpty()) {
      byte[] first = trouble.overflow.peekFirst();
      int length = first.length - trouble.sentOfFirst;
      int sent =
          sendFrom(context, connection, MemorySegment.ofArray(first), trouble.sentOfFirst, length);
      overflowBytes -= sent;
      trouble.sentOfFirst += sent;
      if (sent < length) {
        return context.isOpen(connection);
      }
      trouble.overflow.removeFirst();
      trouble.sentOfFirst = 0;
    }
    if (trouble.closing) {
      // Nothing more comes, so there is nothing to resume.
      if (context.shutdown(connection)) {
        troubles.remove(connection, trouble);
        return false;
      }
      return context.isOpen(connection);
    }
    if (trouble.paused) {
      if (unreleased.get(connection) > LOW_BYTES) {
        return false; // a release will tell
      }
      // Before the call: a strategy with buffers delivers what it holds from within it.
      trouble.paused = false;
      if (!context.resume(connection)) {
        trouble.paused = true;
        return context.isOpen(connection);
      }
    }
    if (!trouble.paused && trouble.overflow.isEmpty()) {
      troubles.remove(connection, trouble);
    }
    return false;
  }

  @Override
  public long applicationBytes() {
    return unreleased.bytes() + overflowBytes;
  }

  /** Connections given up for want of memory for their overflow. */
  long aborted() {
    return aborted;
  }
}
