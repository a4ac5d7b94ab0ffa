package wisp.drivers.sockets;

import java.util.ArrayDeque;

/**
 * What was written and not confirmed, cut as Linux cuts it: text that waits together is a piece,
 * and sending a part of a piece makes two of it. Each costs its bytes and {@link #OVERHEAD}.
 * Positions count bytes from the first that was written.
 */
final class Pieces {
  /** Memory of a piece beside its bytes: headers, and the accounts of it. */
  static final int OVERHEAD = 1_280;

  /** Where pieces end that have been sent, and those that have not. */
  private final ArrayDeque<Long> sent = new ArrayDeque<>();

  private final ArrayDeque<Long> unsent = new ArrayDeque<>();
  private long written;
  private long sentTo;
  private long confirmed;
  private long lastBegins;
  private boolean lastIsClosed;

  long written() {
    return written;
  }

  long confirmed() {
    return confirmed;
  }

  long sentTo() {
    return sentTo;
  }

  /** Bytes that were written and not confirmed. */
  int bytes() {
    return (int) (written - confirmed);
  }

  int cost() {
    return bytes() + (sent.size() + unsent.size()) * OVERHEAD;
  }

  /** More text, for the last piece as long as that is open, else for a new one. */
  void append(int bytes) {
    if (unsent.isEmpty() || lastIsClosed) {
      lastBegins = written;
      lastIsClosed = false;
    } else {
      unsent.removeLast();
    }
    written += bytes;
    unsent.addLast(written);
  }

  /** Bytes of the last piece that wait; 0: it takes no more. */
  int openBytes() {
    return unsent.isEmpty() || lastIsClosed ? 0 : (int) (written - Math.max(lastBegins, sentTo));
  }

  /** What is written from now on begins another piece. */
  void close() {
    lastIsClosed = true;
  }

  /** All before this position has left. */
  void sentTo(long position) {
    if (position <= sentTo) {
      return;
    }
    sentTo = position;
    while (!unsent.isEmpty() && unsent.getFirst() <= position) {
      sent.addLast(unsent.removeFirst());
    }
    long lastSent = sent.isEmpty() ? confirmed : sent.getLast();
    if (lastSent < position) {
      sent.addLast(position);
    }
  }

  /** The peer has confirmed so much more. */
  void confirm(int bytes) {
    confirmed += bytes;
    sentTo(confirmed);
    while (!sent.isEmpty() && sent.getFirst() <= confirmed) {
      sent.removeFirst();
    }
  }
}
