package wisp.drivers.sockets;

import java.util.ArrayDeque;

/** Writes whose memory the application wants told back (MSG_ZEROCOPY). */
final class ZeroCopies {
  private final ErrorQueue errors;

  /** Where their text ends. */
  private final ArrayDeque<Long> ends = new ArrayDeque<>();

  /** Number of the first that is not told. */
  private int next;

  ZeroCopies(ErrorQueue errors) {
    this.errors = errors;
  }

  void wrote(long end) {
    ends.add(end);
  }

  /** The stack has given all frames back up to this position. */
  void released(long position) {
    while (!ends.isEmpty() && ends.getFirst() <= position) {
      ends.removeFirst();
      errors.zeroCopy(next++);
    }
  }
}
