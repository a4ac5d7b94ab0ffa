package wisp.lab.load;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import wisp.core.stack.CloseReason;
import wisp.core.stack.ConnectionHandler;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.lab.results.Json;

/**
 * Opens connections and sends a stream on each. Every byte that comes back is compared with the one
 * that must stand there, so that nothing lost, doubled, swapped or changed goes unseen.
 */
public final class Load implements ConnectionHandler {
  private static final int FRAME_BYTES = 16 << 10;
  private static final int QUEUED_BYTES = 256 << 10;
  private final LoadPlan plan;
  private final ConnectionProfile profile;
  private final Map<Long, Stream> streams = new HashMap<>();
  private final ArrayDeque<Long> starved = new ArrayDeque<>();
  private final Map<String, Long> failures = new TreeMap<>();
  private int asked;
  private int opened;
  private int finished;
  private int failed;
  private long sentBytes;
  private long receivedBytes;
  private long wrongBytes;
  private long startNanos = -1;
  private long openedNanos;
  private long endNanos;
  private boolean closing;

  /** One connection. */
  private static final class Stream {
    final Pattern pattern;
    long sent;
    long received;
    int queued;
    boolean open;
    boolean shut;
    boolean isStarved;

    Stream(Pattern pattern) {
      this.pattern = pattern;
    }
  }

  /** Nothing happens before the first {@link #work}. */
  public Load(LoadPlan plan) {
    this(plan, ConnectionProfile.NO_DELAY);
  }

  /** With another profile. */
  public Load(LoadPlan plan, ConnectionProfile profile) {
    this.plan = plan;
    this.profile = profile;
  }

  /** Whether all connections have ended. */
  public boolean isDone() {
    return finished + failed == plan.connections();
  }

  /**
   * Opens what is still to be opened, goes on with what had found no memory; to be called between
   * bursts.
   *
   * @return when to call again
   */
  public long work(Context context, long now) {
    if (startNanos < 0) {
      startNanos = now;
    }
    while (asked < plan.connections() && asked - opened - failed < plan.halfOpen()) {
      if (!open(context)) {
        break;
      }
    }
    if (opened + failed == plan.connections()) {
      openedNanos = openedNanos == 0 ? now : openedNanos;
      if (plan.bytes() == 0 && !closing && now >= openedNanos + plan.holdNanos()) {
        closing = true;
        streams.forEach((connection, stream) -> starve(connection, stream));
      }
    }
    for (int left = starved.size(); left > 0; left--) {
      long connection = starved.remove();
      Stream stream = streams.get(connection);
      if (stream != null) {
        stream.isStarved = false;
        go(context, connection, stream);
      }
    }
    endNanos = now;
    return isDone() ? Long.MAX_VALUE : now + 1_000_000;
  }

  private boolean open(Context context) {
    long connection = context.connect(null, plan.to(), profile, this);
    if (connection < 0) {
      if (connection != Context.NO_MEMORY || streams.isEmpty()) {
        asked++;
        fail(
            connection == Context.NO_PORT
                ? "no free port"
                : connection == Context.NO_ROUTE ? "no route" : "no memory");
        return true;
      }
      return false; // some may end and leave room
    }
    streams.put(connection, new Stream(new Pattern(plan.seed(), asked++)));
    return true;
  }

  private void fail(String reason) {
    failed++;
    failures.merge(reason, 1L, Long::sum);
  }

  @Override
  public void onOpen(Context context, long connection) {
    opened++;
    Stream stream = streams.get(connection);
    if (stream != null) {
      stream.open = true;
      go(context, connection, stream);
    }
  }

  /** Sends as far as the plan and the queue allow; shuts down at the end. */
  private void go(Context context, long connection, Stream stream) {
    if (!stream.open) {
      return;
    }
    while (stream.sent < plan.bytes() && stream.queued < QUEUED_BYTES) {
      int length =
          (int) Math.min(Math.min(FRAME_BYTES, context.largestFrame()), plan.bytes() - stream.sent);
      int frame = context.frame(length);
      if (frame == Context.NO_FRAME) {
        starve(connection, stream);
        return;
      }
      stream.pattern.write(stream.sent, context.memory(frame), context.start(frame), length);
      stream.queued += length;
      boolean sent = context.send(connection, frame);
      context.release(frame);
      if (!sent) {
        stream.queued -= length;
        starve(connection, stream);
        return;
      }
      stream.sent += length;
      sentBytes += length;
    }
    boolean complete = plan.bytes() > 0 ? stream.sent == plan.bytes() : closing;
    if (complete && !stream.shut) {
      stream.shut = context.shutdown(connection);
      if (!stream.shut) {
        starve(connection, stream);
      }
    }
  }

  /** What found no memory is tried again between bursts. */
  private void starve(long connection, Stream stream) {
    if (!stream.isStarved) {
      stream.isStarved = true;
      starved.add(connection);
    }
  }

  @Override
  public void onData(
      Context context, long connection, MemorySegment memory, long offset, int length) {
    Stream stream = streams.get(connection);
    if (stream == null) {
      return;
    }
    if (plan.echoed() && !stream.pattern.matches(stream.received, memory, offset, length)) {
      wrongBytes += length;
    }
    stream.received += length;
    receivedBytes += length;
  }

  @Override
  public void onReleased(Context context, long connection, int frame, int acknowledged) {
    Stream stream = streams.get(connection);
    if (stream != null) {
      stream.queued -= context.length(frame);
      go(context, connection, stream);
    }
  }

  @Override
  public void onPeerClosed(Context context, long connection) {
    Stream stream = streams.get(connection);
    if (stream != null && !stream.shut) {
      stream.shut = context.shutdown(connection);
    }
  }

  @Override
  public void onClosed(Context context, long connection, CloseReason reason) {
    Stream stream = streams.remove(connection);
    if (stream == null) {
      return;
    }
    if (!(reason instanceof CloseReason.Closed)) {
      fail(reason.getClass().getSimpleName());
    } else if (plan.echoed() && stream.received != plan.bytes()) {
      fail("only a part came back");
    } else {
      finished++;
    }
  }

  /** Whether everything was as it must be. */
  public boolean isGood() {
    return failed == 0 && wrongBytes == 0;
  }

  /** What went wrong, for people. */
  public String trouble() {
    String connections = failed + " of " + plan.connections() + " connections failed: " + failures;
    return failed > 0 ? connections : wrongBytes + " bytes came back wrong";
  }

  /** One line of JSON. */
  public String report() {
    return Json.line(result());
  }

  /** What came of it. */
  public Map<String, @Nullable Object> result() {
    double seconds = Math.max(1, endNanos - startNanos) / 1e9;
    double opening = Math.max(1, (openedNanos == 0 ? endNanos : openedNanos) - startNanos) / 1e9;
    return Json.object(
        "connections", plan.connections(),
        "opened", opened,
        "finished", finished,
        "failed", failed,
        "failures", failures,
        "bytes_sent", sentBytes,
        "bytes_received", receivedBytes,
        "bytes_wrong", wrongBytes,
        "seconds", seconds,
        "setup_rate", opened / opening,
        "goodput_bits_per_second", 8 * Math.max(receivedBytes, sentBytes) / seconds);
  }
}
