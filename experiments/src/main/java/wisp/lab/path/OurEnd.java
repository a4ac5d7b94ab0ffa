package wisp.lab.path;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import wisp.core.stack.CloseReason;
import wisp.core.stack.ConnectionHandler;
import wisp.core.stack.ConnectionInfo;
import wisp.core.stack.Context;
import wisp.lab.load.Pattern;
import wisp.lab.run.StackThread;

/** A connection of ours. What is volatile is read by other threads, and written by the stack's. */
final class OurEnd implements ConnectionHandler, End {
  /** As much as the kernel lets a socket queue, by default. */
  private static final int MOST_QUEUED = 4 << 20;

  private static final int FRAME_BYTES = 48 << 10;
  private static final long NONE = -1;
  private final StackThread stack;
  private final Job job;
  private final Pattern pattern;
  private final Digest in;
  private final Digest out;
  private long toSend;
  private long sent;
  private long unreleased;
  private boolean saidAll;
  private volatile long connection = NONE;
  private volatile @Nullable ConnectionInfo atOpen;
  private volatile long received;
  private volatile boolean done;
  private volatile boolean peerClosed;
  private volatile String trouble = "";
  private volatile boolean closing;

  OurEnd(StackThread stack, Job job, long seed) {
    this.stack = stack;
    this.job = job;
    pattern = new Pattern(seed, 1);
    in = new Digest(job.digests());
    out = new Digest(job.digests());
    toSend = job.sendBytes();
  }

  @Override
  public void onOpen(Context context, long handle) {
    connection = handle;
    atOpen = context.info(handle);
    pump(context);
  }

  /** What the handshake agreed on; {@code null}: it has not come to an end. */
  @Nullable ConnectionInfo atOpen() {
    return atOpen;
  }

  private void pump(Context context) {
    while (toSend > 0 && unreleased < MOST_QUEUED) {
      int length = (int) Math.min(Math.min(FRAME_BYTES, context.largestFrame()), toSend);
      int frame = context.frame(length);
      if (frame == Context.NO_FRAME) {
        return; // a release will bring us back
      }
      if (out.isWanted()) {
        pattern.write(sent, context.memory(frame), context.start(frame), length);
        out.add(context.memory(frame), context.start(frame), length);
      }
      unreleased += length; // before it is sent: the call may come back with a release at once
      sent += length;
      toSend -= length;
      boolean taken = context.send(connection, frame);
      context.release(frame);
      if (!taken) {
        unreleased -= length;
        sent -= length;
        toSend += length;
        if (out.isWanted()) {
          trouble = "a send was refused: no memory";
        }
        return;
      }
    }
    if (toSend == 0 && job.shuts() && !saidAll) {
      saidAll = context.shutdown(connection);
      if (saidAll) {
        out.end();
      }
    }
  }

  @Override
  public void onData(Context context, long handle, MemorySegment memory, long offset, int length) {
    in.add(memory, offset, length);
    received += length;
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
  public void onPeerClosed(Context context, long handle) {
    in.end();
    peerClosed = true;
    if (!job.shuts()) {
      context.shutdown(handle);
    }
  }

  @Override
  public void onClosed(Context context, long handle, CloseReason reason) {
    if (!(reason instanceof CloseReason.Closed) && !closing) {
      trouble = "our end: " + reason;
    }
    done = true;
  }

  @Override
  public void send(long bytes) {
    stack.call(
        context -> {
          toSend += bytes;
          pump(context);
          return true;
        });
  }

  @Override
  public long receivedBytes() {
    return received;
  }

  @Override
  public String receivedDigest() {
    return in.text();
  }

  @Override
  public String sentDigest() {
    return out.text();
  }

  @Override
  public boolean isDone() {
    return done && peerClosed;
  }

  @Override
  public String trouble() {
    return trouble;
  }

  @Override
  public void close() {
    closing = true;
    if (connection != NONE && !done) {
      stack.call(context -> context.abort(connection));
    }
  }
}
