package wisp.drivers.sockets;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import wisp.core.stack.ConnectionInfo;
import wisp.core.stack.Context;

/**
 * What a stream has written and the peer has not confirmed: how much that may be, in which pieces
 * it goes to the stack, and when there is room again.
 *
 * <p>Counted as Linux counts, so that programs which were tuned there find the same figures. Text
 * goes in {@link Pieces} of half the largest window seen, whole segments, 64 KiB at most; another
 * one begins as long as those that are there cost less than the limit, so the limit is passed by up
 * to a piece. What of the last piece has not been sent is filled up to its size without being
 * asked.
 */
final class SendBuffer {
  /** SO_SNDBUF is no less. */
  static final int LEAST_BYTES = 4_608;

  /** 64 KiB less the headers: what a network card cuts into segments. */
  private static final int MOST_PIECE = 65_215;

  private static final int LEAST_CWND_SEGMENTS = 10;
  private static final int SEGMENT_OVERHEAD = 640;
  private static final int DESCRIPTOR_BYTES = 256;

  private final Context context;
  private final SocketOptions options;
  private final SendLimits limits;
  private final Pieces pieces = new Pieces();
  private long connection = -1;
  private int grown;
  private int largestWindow;

  /** Somebody found no room since it was last told that there is some. */
  private boolean starved;

  private boolean isNews;

  /** The end of what was written waits for more, and an acknowledgment ends that. */
  private boolean heldBack;

  /**
   * The last ACK left text on its way. A window that opens bit by bit is never full in Linux: what
   * of it is less than a third waits for the next ACK, to leave as part of something larger.
   */
  private boolean opensBitByBit;

  SendBuffer(Context context, SocketOptions options, SendLimits limits) {
    this.context = context;
    this.options = options;
    this.limits = limits;
    this.grown = limits.usualBytes();
  }

  /** A connection is there, from now on the one that is written to. */
  void opened(long handle) {
    connection = handle;
    ConnectionInfo info = context.info(handle);
    if (info != null) {
      grow(info);
    }
  }

  /** A connection was begun, with so many bytes written already. */
  void begun(long handle, int bytes) {
    connection = handle;
    pieces.append(bytes);
    pieces.close();
  }

  // ---- Writing ---------------------------------------------------------------------------------

  /**
   * Writes as much as there is room for.
   *
   * @param flags {@link Message#MORE}, {@link Message#END_OF_RECORD}
   */
  int write(byte[] from, int at, int length, int flags) {
    boolean corked = options.get(Option.TCP_CORK, 0) != 0;
    boolean more = corked || (flags & Message.MORE) != 0;
    boolean endsRecord = (flags & Message.END_OF_RECORD) != 0;
    int done = 0;
    while (done < length) {
      int room = room();
      int n = Math.min(Math.min(length - done, room), context.largestFrame());
      boolean isLast = done + n == length;
      if (n == 0 || !send(from, at + done, n, !isLast || more, isLast && endsRecord)) {
        break;
      }
      done += n;
    }
    observe();
    starved |= done < length;
    heldBack = more && !corked && !endsRecord && done == length;
    if (done > 0 && done < length) {
      context.push(connection);
    }
    return done == 0 && length > 0 ? -Errno.EAGAIN : done;
  }

  /** Bytes that may follow what is there, in the last piece or in a new one. */
  private int room() {
    ConnectionInfo info = context.info(connection);
    if (info == null) {
      return 0;
    }
    observe(info);
    largestWindow = Math.max(largestWindow, info.sendWindowBytes());
    int mss = Math.max(1, info.mssBytes());
    int piece = Math.min(largestWindow / 2, MOST_PIECE);
    piece = Math.max(mss, piece - piece % mss);
    int waiting = pieces.openBytes();
    if (waiting > 0 && waiting < piece) {
      return piece - waiting;
    }
    boolean mayBegin =
        pieces.cost() < limit() && Integer.compareUnsigned(info.unsentBytes(), lowWater()) < 0;
    if (mayBegin) {
      pieces.close();
    }
    return mayBegin ? piece : 0;
  }

  /** Notes what has left since. */
  private void observe() {
    ConnectionInfo info = context.info(connection);
    if (info != null) {
      observe(info);
    }
  }

  private void observe(ConnectionInfo info) {
    pieces.sentTo(pieces.written() - info.unsentBytes());
  }

  /** A frame with these bytes, or {@link Context#NO_FRAME}. */
  int frame(byte[] from, int at, int n) {
    int frame = context.frame(n);
    if (frame != Context.NO_FRAME) {
      MemorySegment.copy(
          from, at, context.memory(frame), ValueLayout.JAVA_BYTE, context.start(frame), n);
    }
    return frame;
  }

  private boolean send(byte[] from, int at, int n, boolean more, boolean endsRecord) {
    int frame = frame(from, at, n);
    if (frame == Context.NO_FRAME) {
      return false;
    }
    boolean queued =
        endsRecord
            ? context.sendRecord(connection, frame)
            : more ? context.sendMore(connection, frame) : context.send(connection, frame);
    context.release(frame);
    if (queued) {
      pieces.append(n);
    }
    if (queued && endsRecord) {
      pieces.close();
    }
    return queued;
  }

  /** What was held back for more to come goes, as far as Nagle's rule lets it. */
  void push() {
    heldBack = false;
    context.push(connection);
  }

  // ---- Confirmed -------------------------------------------------------------------------------

  void acknowledged(int bytes) {
    observe();
    pieces.confirm(bytes);
    opensBitByBit = pieces.sentTo() > pieces.confirmed();
    if (heldBack) {
      push();
    }
  }

  /** How far writing, sending and confirming have got. */
  Pieces progress() {
    observe();
    return pieces;
  }

  // ---- Room ------------------------------------------------------------------------------------

  int limit() {
    int chosen = options.get(Option.SO_SNDBUF, 0);
    return chosen == 0 ? grown : Math.max(LEAST_BYTES, 2 * chosen);
  }

  private int lowWater() {
    int own = options.get(Option.TCP_NOTSENT_LOWAT, 0);
    return own == 0 ? limits.notSentLowWater() : own;
  }

  /**
   * Room for twice the congestion window, so that new text is at hand while what was lost waits to
   * be resent.
   */
  private void grow(ConnectionInfo info) {
    int mss = Math.max(1, info.mssBytes());
    long segments = Math.max(LEAST_CWND_SEGMENTS, info.cwndBytes() / mss);
    int inMemory = Integer.highestOneBit(mss + SEGMENT_OVERHEAD - 1) << 1;
    long wanted = 2 * segments * (inMemory + DESCRIPTOR_BYTES);
    grown = (int) Math.max(grown, Math.min(wanted, limits.mostBytes()));
  }

  /** Whether so much is free that it is worth telling: a third, as in Linux. */
  boolean isWritable() {
    boolean hasRoom = hasRoom();
    isNews |= hasRoom && starved;
    starved = !hasRoom;
    return hasRoom;
  }

  private boolean hasRoom() {
    if (pieces.bytes() == 0 && !starved) {
      return true;
    }
    ConnectionInfo info = context.info(connection);
    if (info == null) {
      return true;
    }
    observe(info);
    if (starved && (opensBitByBit || info.flightBytes() < info.cwndBytes())) {
      grow(info);
    }
    int cost = pieces.cost();
    return limit() - cost >= cost / 2
        && Long.compareUnsigned(2L * info.unsentBytes(), lowWater() & 0xFFFF_FFFFL) < 0;
  }

  /** Memory came back that a write did not get. */
  void memoryIsThere() {
    isNews |= starved;
    starved = false;
  }

  /** Whether {@link #isWritable} has become true since this was asked last. */
  boolean takeNews() {
    boolean news = isNews;
    isNews = false;
    return news;
  }
}
