package wisp.lab.serve;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import wisp.core.Counters.Event;
import wisp.core.stack.CloseReason;
import wisp.core.stack.ConnectionInfo;
import wisp.core.stack.ConnectionState;
import wisp.core.stack.ConnectionWalk;
import wisp.core.stack.Context;
import wisp.lab.results.Json;

/**
 * Sends each line to all who are connected. The line's frames exist once, whoever gets them; a
 * connection is found by a walk over the records, so this service keeps nothing for one that
 * listens: no byte.
 *
 * <ul>
 *   <li>A line goes out in a <em>sweep</em> over all connections, a few between two polls. Lines go
 *       one after the other. Not more than a <em>wave</em> of connections have a line on its way at
 *       once, since each of them holds blocks. When nobody has finished for a second they are slow
 *       and waited for no more, unless they got a gigabit in that second.
 *   <li>A connection gets whole lines: one that has too much not confirmed goes without a line, or
 *       is closed ({@link BroadcastSettings}).
 *   <li>Who had memory for a part of a line only gets the rest as soon as there is some. Such rests
 *       are as many as a wave at most: beyond it a line not begun is left out, and a connection
 *       with half a line is aborted.
 *   <li>What is sent to us is thrown away. When a peer ends its direction, so do we.
 * </ul>
 */
public final class Broadcast implements Service {
  /** Connections served between two polls. */
  private static final int CONNECTIONS_A_POLL = 64;

  /** Records looked at between two polls. */
  private static final int RECORDS_A_POLL = 4_096;

  private static final long PATIENCE_NANOS = 1_000_000_000L;

  /**
   * Bytes: a wave that confirms so much while patience lasts is waited for. That is a gigabit a
   * second, so we are busy: with more on their way at once all would be slower, and take more
   * memory.
   */
  private static final long BUSY_BYTES = 128 << 20;

  private static final long RETRY_NANOS = 1_000_000;
  private static final long FRAME_PATIENCE_NANOS = 5_000_000_000L;

  /** Bytes of an entry for the rest of a line, with those of its map: an estimate. */
  private static final int REST_BYTES = 120;

  private final BroadcastSettings settings;
  private final LineQueue queue;
  private final Farewell farewell = new Farewell();

  /** By the last frame: those of which not all sends are over. */
  private final Map<Integer, Batch> batches = new HashMap<>();

  private final Map<Long, Rest> rests = new HashMap<>();

  /** Rests whose connections can take more. */
  private final ArrayDeque<Long> writable = new ArrayDeque<>();

  private @Nullable ConnectionWalk walk;
  private @Nullable Lines next;
  private @Nullable Batch current;
  private long refusedSince = Long.MAX_VALUE;
  private long fullSince = Long.MAX_VALUE;

  /** Bytes that all peers had confirmed at {@link #fullSince}. */
  private long confirmedThen;

  private long sweptNanos;
  private int inWave;
  private long lines;
  private long bytes;
  private long queued;
  private long delivered;
  private long skipped;
  private long lost;
  private long closed;
  private long refused;

  /** Lines on their way, and the frames they lie in: one reference of ours each. */
  private static final class Batch {
    final int[] frames;
    final int lines;

    /** Connections to which the last frame was sent and not released. */
    int out;

    /** Connections that have not been given all frames. */
    int rests;

    boolean swept;

    Batch(int frames, int lines) {
      this.frames = new int[frames];
      this.lines = lines;
    }

    int last() {
      return frames[frames.length - 1];
    }
  }

  /** What a connection has still to be given. */
  private static final class Rest {
    final Batch batch;
    int frame;
    boolean closing;

    Rest(Batch batch, int frame) {
      this.batch = batch;
      this.frame = frame;
    }
  }

  /** For one server; lines come from the queue. */
  public Broadcast(BroadcastSettings settings, LineQueue queue) {
    this.settings = settings;
    this.queue = queue;
  }

  @Override
  public String name() {
    return "broadcast";
  }

  @Override
  public void start(Context context) {
    walk = context.walk(this);
  }

  @Override
  public void onServing(Runnable wake) {
    queue.onArrival(wake);
  }

  // ---- Lines -----------------------------------------------------------------------------------

  @Override
  public long work(Context context, long now) {
    if (current == null && !rests.isEmpty() && now - sweptNanos < PATIENCE_NANOS) {
      return now + RETRY_NANOS; // else those would go without the next line
    }
    if (current == null && !begin(context, now)) {
      return next == null ? Long.MAX_VALUE : now + RETRY_NANOS;
    }
    return current == null ? Long.MAX_VALUE : sweep(context, current, now);
  }

  /** Whether nothing is left to be given to anybody. */
  public boolean isIdle() {
    return current == null && next == null && rests.isEmpty();
  }

  /** Who has a part of a line would get another one behind it from whoever comes after us. */
  @Override
  public boolean mayLeave() {
    return current == null && rests.isEmpty();
  }

  @Override
  public void onRestored(Context context, long connection) {
    farewell.restored(context, connection);
  }

  /** Takes the next lines, if there are some and frames for them. */
  private boolean begin(Context context, long now) {
    next = next == null ? queue.poll() : next;
    if (next == null) {
      return false;
    }
    Batch batch = frames(context, next);
    if (batch == null) {
      refusedSince = Math.min(refusedSince, now);
      if (now - refusedSince > FRAME_PATIENCE_NANOS) {
        refused += next.count();
        refusedSince = Long.MAX_VALUE;
        next = null;
      }
      return false;
    }
    refusedSince = Long.MAX_VALUE;
    lines += next.count();
    bytes += next.bytes().length;
    next = null;
    current = batch;
    batches.put(batch.last(), batch);
    if (walk != null) {
      walk.restart();
    }
    return true;
  }

  private static @Nullable Batch frames(Context context, Lines lines) {
    byte[] all = lines.bytes();
    int most = context.largestFrame();
    var batch = new Batch(Math.ceilDiv(all.length, most), lines.count());
    MemorySegment from = MemorySegment.ofArray(all);
    for (int i = 0; i < batch.frames.length; i++) {
      int length = Math.min(most, all.length - i * most);
      int frame = context.frame(length);
      if (frame == Context.NO_FRAME) {
        for (int k = 0; k < i; k++) {
          context.release(batch.frames[k]);
        }
        return null;
      }
      MemorySegment.copy(
          from, (long) i * most, context.memory(frame), context.start(frame), length);
      batch.frames[i] = frame;
    }
    return batch;
  }

  private long sweep(Context context, Batch batch, long now) {
    ConnectionWalk over = walk;
    if (over == null) {
      return Long.MAX_VALUE;
    }
    int looks = RECORDS_A_POLL / CONNECTIONS_A_POLL;
    for (int i = 0; i < CONNECTIONS_A_POLL; i++) {
      if (inWave >= settings.wave()) {
        long until = waitForWave(context, now);
        if (now < until) {
          return until;
        }
        inWave = 0; // those are slow: nobody shall wait for them
      }
      fullSince = Long.MAX_VALUE;
      long connection = over.next(looks);
      if (connection != ConnectionWalk.NONE) {
        give(context, connection, batch);
      } else if (over.atEnd()) {
        current = null;
        sweptNanos = now;
        batch.swept = true;
        releaseIfOver(context, batch);
        return now; // perhaps there is another
      }
    }
    return now;
  }

  /** Until when the others wait for the wave; in the past: they do no longer. */
  private long waitForWave(Context context, long now) {
    long confirmed = context.counters().get(Event.BYTES_ACKNOWLEDGED);
    boolean isNew = fullSince == Long.MAX_VALUE;
    boolean isOver = !isNew && now - fullSince >= PATIENCE_NANOS;
    if (isNew || (isOver && confirmed - confirmedThen >= BUSY_BYTES)) {
      fullSince = now;
      confirmedThen = confirmed;
    }
    return fullSince + PATIENCE_NANOS;
  }

  private void releaseIfOver(Context context, Batch batch) {
    if (batch.swept && batch.rests == 0) {
      batch.swept = false; // once only
      if (batch.out == 0) {
        batches.remove(batch.last());
      }
      for (int frame : batch.frames) {
        context.release(frame);
      }
    }
  }

  // ---- One connection --------------------------------------------------------------------------

  private void give(Context context, long connection, Batch batch) {
    if (rests.containsKey(connection)
        || context.unconfirmedBytes(connection) > settings.behindBytes()) {
      leaveOut(context, connection, batch);
      return;
    }
    var rest = new Rest(batch, 0);
    if (goOn(context, connection, rest)) {
      return;
    }
    if (rests.size() < settings.wave()) {
      batch.rests++;
      inWave++;
      rests.put(connection, rest);
    } else if (rest.frame == 0) {
      skipped += batch.lines;
    } else {
      closed++;
      context.abort(connection);
    }
  }

  private void leaveOut(Context context, long connection, Batch batch) {
    skipped += batch.lines;
    if (settings.closes()) {
      closed++;
      context.abort(connection);
    }
  }

  /** Sends what is left; true: no more can be done, since all is sent or the connection ends. */
  private boolean goOn(Context context, long connection, Rest rest) {
    int[] frames = rest.batch.frames;
    while (rest.frame < frames.length) {
      boolean isLast = rest.frame == frames.length - 1;
      if (isLast) {
        // Before the call, which may come back with a release at once.
        rest.batch.out++;
        inWave++;
      }
      boolean sent =
          isLast
              ? context.send(connection, frames[rest.frame])
              : context.sendMore(connection, frames[rest.frame]);
      if (!sent) {
        if (isLast) {
          rest.batch.out--;
          inWave--;
        }
        return !maySend(context, connection);
      }
      rest.frame++;
    }
    queued += rest.batch.lines;
    return true;
  }

  /** Whether a send that was refused may succeed later. */
  private static boolean maySend(Context context, long connection) {
    ConnectionInfo info = context.info(connection);
    return info != null
        && (info.state() == ConnectionState.ESTABLISHED
            || info.state() == ConnectionState.CLOSE_WAIT);
  }

  @Override
  public void onWritable(Context context, long connection) {
    if (rests.containsKey(connection)) {
      writable.add(connection);
    }
  }

  @Override
  public boolean retry(Context context) {
    for (int left = Math.min(writable.size(), CONNECTIONS_A_POLL); left > 0; left--) {
      long connection = writable.remove();
      Rest rest = rests.get(connection);
      if (rest != null && goOn(context, connection, rest)) {
        forget(context, connection);
        if (rest.closing) {
          farewell.shutdown(context, connection);
        }
      }
    }
    boolean leaving = farewell.retry(context);
    return leaving || !writable.isEmpty();
  }

  private void forget(Context context, long connection) {
    Rest rest = rests.remove(connection);
    if (rest != null) {
      inWave = Math.max(0, inWave - 1);
      rest.batch.rests--;
      releaseIfOver(context, rest.batch);
    }
  }

  @Override
  public void onReleased(Context context, long connection, int frame, int acknowledged) {
    Batch batch = batches.get(frame);
    if (batch == null) {
      return; // not the last of its lines
    }
    inWave = Math.max(0, inWave - 1);
    if (acknowledged == context.length(frame)) {
      delivered += batch.lines;
    } else {
      lost += batch.lines;
    }
    if (--batch.out == 0 && !batch.swept && batch != current && batch.rests == 0) {
      batches.remove(frame);
    }
  }

  @Override
  public void onData(
      Context context, long connection, MemorySegment memory, long offset, int length) {}

  @Override
  public void onPeerClosed(Context context, long connection) {
    Rest rest = rests.get(connection);
    if (rest != null && rest.frame > 0) {
      rest.closing = true; // after the line that it has a part of
    } else {
      farewell.shutdown(context, connection);
    }
  }

  @Override
  public void onClosed(Context context, long connection, CloseReason reason) {
    Rest rest = rests.get(connection);
    if (rest != null) {
      lost += rest.batch.lines;
      forget(context, connection);
    }
  }

  @Override
  public void stop(Context context) {
    for (Batch batch : batches.values()) {
      if (batch == current || batch.swept) {
        for (int frame : batch.frames) {
          context.release(frame);
        }
      }
    }
    batches.clear();
    current = null;
  }

  // ---- Statistics ------------------------------------------------------------------------------

  /** Line deliveries that peers have confirmed. */
  public long delivered() {
    return delivered;
  }

  /** Line deliveries left out, since the connection was too far behind or memory too short. */
  public long skipped() {
    return skipped;
  }

  @Override
  public Map<String, @Nullable Object> statistics() {
    return Json.object(
        "lines", lines,
        "line_bytes", bytes,
        "lines_refused", refused,
        "deliveries_sent", queued,
        "deliveries_confirmed", delivered,
        "deliveries_skipped", skipped,
        "deliveries_lost", lost,
        "connections_closed_as_too_slow", closed,
        "lines_held", batches.size());
  }

  @Override
  public long applicationBytes() {
    return (long) rests.size() * REST_BYTES + (next == null ? 0 : next.bytes().length);
  }
}
