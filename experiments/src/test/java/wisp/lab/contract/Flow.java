package wisp.lab.contract;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import wisp.core.stack.CloseReason;
import wisp.core.stack.ConnectionHandler;
import wisp.core.stack.Context;
import wisp.lab.load.Pattern;

/**
 * One connection of ours at a time: sends so much and closes, keeps the checksums of what it sends
 * and gets, and tells both when it has ended.
 */
final class Flow implements ConnectionHandler {
  static final long SEED = 7;
  private static final int MOST_QUEUED = 4 << 20;
  private static final int FRAME_BYTES = 48 << 10;
  private static final Pattern PATTERN = new Pattern(SEED, 1);

  private final long bytes;
  private final LentCheck lent;
  private final Checksum in = new Checksum();
  private final Checksum out = new Checksum();
  private final BlockingQueue<String> ends = new LinkedBlockingQueue<>();
  private long queued;
  private long unreleased;
  private boolean saidAll;
  private volatile boolean underWay;

  /** Sends so many bytes once it is open; 0: closes when its peer does. */
  Flow(long bytes, LentCheck lent) {
    this.bytes = bytes;
    this.lent = lent;
  }

  /** {@code sent received reason} of the next connection that ends; null: none did in time. */
  BlockingQueue<String> ends() {
    return ends;
  }

  /** Whether some of what was sent has been acknowledged. From any thread. */
  boolean isUnderWay() {
    return underWay;
  }

  @Override
  public void onOpen(Context context, long connection) {
    queued = 0;
    unreleased = 0;
    saidAll = false;
    pump(context, connection);
  }

  private void pump(Context context, long connection) {
    while (queued < bytes && unreleased < MOST_QUEUED) {
      int length = (int) Math.min(Math.min(FRAME_BYTES, context.largestFrame()), bytes - queued);
      int frame = context.frame(length);
      if (frame == Context.NO_FRAME) {
        return; // a release will bring us back
      }
      PATTERN.write(queued, context.memory(frame), context.start(frame), length);
      unreleased += length; // before it is sent: the call may come back with a release at once
      boolean taken = context.send(connection, frame);
      if (taken) {
        out.add(context.memory(frame), context.start(frame), length);
        queued += length;
      } else {
        unreleased -= length;
      }
      context.release(frame);
      if (!taken) {
        return;
      }
    }
    if (bytes > 0 && queued == bytes && !saidAll) {
      saidAll = context.shutdown(connection);
    }
  }

  @Override
  public void onData(Context context, long connection, MemorySegment memory, long at, int length) {
    lent.look(memory, at, length);
    in.add(memory, at, length);
  }

  @Override
  public void onReleased(Context context, long connection, int frame, int acknowledged) {
    unreleased -= context.length(frame);
    if (acknowledged == context.length(frame)) {
      underWay = true;
      pump(context, connection);
    }
  }

  @Override
  public void onWritable(Context context, long connection) {
    pump(context, connection);
  }

  @Override
  public void onPeerClosed(Context context, long connection) {
    if (!saidAll) {
      saidAll = context.shutdown(connection);
    }
  }

  @Override
  public void onClosed(Context context, long connection, CloseReason reason) {
    ends.add(out.end() + " " + in.end() + " " + reason.getClass().getSimpleName());
  }
}
