package wisp.lab.serve;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.HashSet;
import wisp.core.stack.CloseReason;
import wisp.core.stack.ConnectionState;
import wisp.core.stack.Context;

/**
 * Sends lines of characters until the peer closes (RFC 864, with one line over and over, so that
 * what arrives can be checked). One frame serves all connections; each has a few sends of it
 * queued.
 */
final class Chargen implements Service {
  static final byte[] LINE =
      "0123456789 abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXY\n"
          .getBytes(StandardCharsets.US_ASCII);
  private static final int QUEUED_SENDS = 16;
  private static final int FRAME_BYTES = 16 << 10;
  private final Farewell farewell = new Farewell();
  private final HashSet<Long> closing = new HashSet<>();
  private final ArrayDeque<Long> starved = new ArrayDeque<>();
  private int frame;

  @Override
  public String name() {
    return "chargen";
  }

  @Override
  public void start(Context context) {
    frame =
        SharedFrame.of(
            context, SharedFrame.repeated(LINE, Math.min(FRAME_BYTES, context.largestFrame())));
  }

  @Override
  public void onOpen(Context context, long connection) {
    for (int i = 0; i < QUEUED_SENDS; i++) {
      if (!sendOne(context, connection)) {
        return;
      }
    }
  }

  /** What is queued goes on by itself. */
  @Override
  public void onRestored(Context context, long connection) {
    var info = context.info(connection);
    if (info == null || info.state() != ConnectionState.ESTABLISHED) {
      farewell.restored(context, connection);
    } else if (info.flightBytes() + info.unsentBytes() == 0) {
      onOpen(context, connection);
    }
  }

  private boolean sendOne(Context context, long connection) {
    if (context.send(connection, frame)) {
      return true;
    }
    if (context.isOpen(connection) && !closing.contains(connection)) {
      starved.add(connection);
    }
    return false;
  }

  @Override
  public void onData(
      Context context, long connection, MemorySegment memory, long offset, int length) {}

  @Override
  public void onReleased(Context context, long connection, int released, int acknowledged) {
    if (acknowledged == context.length(released) && !closing.contains(connection)) {
      sendOne(context, connection);
    }
  }

  @Override
  public void onPeerClosed(Context context, long connection) {
    closing.add(connection);
    farewell.shutdown(context, connection);
  }

  @Override
  public void onClosed(Context context, long connection, CloseReason reason) {
    closing.remove(connection);
  }

  @Override
  public boolean retry(Context context) {
    for (int left = starved.size(); left > 0; left--) {
      sendOne(context, starved.remove());
    }
    boolean leaving = farewell.retry(context);
    return leaving || !starved.isEmpty();
  }

  @Override
  public void stop(Context context) {
    context.release(frame);
  }
}
