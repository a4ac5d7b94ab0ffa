package wisp.lab.interop;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import wisp.core.stack.CloseReason;
import wisp.core.stack.ConnectionHandler;
import wisp.core.stack.Context;

/**
 * Our side of one connection: sends so much of the {@link Stream}, checks what it gets against it,
 * and tells the test what happens.
 */
final class Peer implements ConnectionHandler {
  private static final int MOST_QUEUED = 1 << 20;
  private static final int FRAME_BYTES = 48 << 10;
  private static final int SECONDS = 15;

  /**
   * What the test waits for: {@code open}, {@code peer closed}, {@code closed …}, {@code urgent n}.
   */
  private final BlockingQueue<String> events = new LinkedBlockingQueue<>();

  private final long toSend;
  private boolean closesWithPeer = true;
  private boolean closesWhenSent;
  private boolean pausesOnOpen;
  private long queued;
  private long unreleased;
  private boolean saidAll;
  private volatile long connection = -1;
  private volatile long received;
  private volatile long acknowledged;

  /** Sends so much once it is open. */
  Peer(long toSend) {
    this.toSend = toSend;
  }

  /** Stays open when the peer closes. */
  Peer keepsOpen() {
    closesWithPeer = false;
    return this;
  }

  /** Half-closes as soon as all is sent. */
  Peer closesWhenSent() {
    closesWhenSent = true;
    return this;
  }

  /** Takes nothing at first. */
  Peer pausesOnOpen() {
    pausesOnOpen = true;
    return this;
  }

  long connection() {
    return connection;
  }

  long received() {
    return received;
  }

  long acknowledged() {
    return acknowledged;
  }

  /** Waits for the next event. */
  String next() {
    try {
      String event = events.poll(SECONDS, TimeUnit.SECONDS);
      if (event == null) {
        throw new AssertionError(
            "nothing happens; received " + received + ", acknowledged " + acknowledged);
      }
      return event;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  /** Waits for one event, whatever comes before it. */
  void awaitEvent(String wanted) {
    String event = next();
    while (!event.equals(wanted)) {
      if (event.startsWith("closed")) {
        throw new AssertionError("'" + event + "' instead of '" + wanted + "'");
      }
      event = next();
    }
  }

  @Override
  public void onOpen(Context context, long handle) {
    connection = handle;
    if (pausesOnOpen) {
      context.pause(handle);
    }
    events.add("open");
    pump(context);
  }

  private void pump(Context context) {
    while (queued < toSend && unreleased < MOST_QUEUED) {
      int length = (int) Math.min(Math.min(FRAME_BYTES, context.largestFrame()), toSend - queued);
      int frame = context.frame(length);
      if (frame == Context.NO_FRAME) {
        return; // a release will bring us back
      }
      Stream.write(queued, length, context.memory(frame), context.start(frame));
      boolean taken = context.send(connection, frame);
      context.release(frame);
      if (!taken) {
        return;
      }
      queued += length;
      unreleased += length;
    }
    if (queued == toSend && closesWhenSent && !saidAll) {
      saidAll = context.shutdown(connection);
    }
  }

  @Override
  public void onData(Context context, long handle, MemorySegment memory, long offset, int length) {
    Stream.check(received, length, memory, offset);
    received += length;
  }

  @Override
  public void onAcknowledged(Context context, long handle, int bytes) {
    acknowledged += bytes;
  }

  @Override
  public void onReleased(Context context, long handle, int frame, int bytes) {
    unreleased -= context.length(frame);
    if (bytes == context.length(frame)) {
      pump(context);
    }
  }

  @Override
  public void onWritable(Context context, long handle) {
    pump(context);
  }

  @Override
  public void onUrgent(Context context, long handle, int bytesAhead) {
    events.add("urgent " + bytesAhead);
  }

  @Override
  public void onPeerClosed(Context context, long handle) {
    events.add("peer closed");
    if (closesWithPeer) {
      context.shutdown(handle);
    }
  }

  @Override
  public void onClosed(Context context, long handle, CloseReason reason) {
    events.add("closed " + reason.getClass().getSimpleName());
  }

  @Override
  public String toString() {
    return "received " + received + ", acknowledged " + acknowledged + ", " + events;
  }
}
