package wisp.drivers.sockets;

import java.util.ArrayDeque;

/** Times at which the last bytes of writes left and were confirmed (SO_TIMESTAMPING). */
final class SendStamps {
  private static final int LEFT_HOST = 1 << 1;
  private static final int NUMBERED = 1 << 7;
  private static final int LEFT_SOCKET = 1 << 8;
  private static final int CONFIRMED = 1 << 9;
  private static final int WANTED = LEFT_HOST | LEFT_SOCKET | CONFIRMED;

  /** A byte whose times are wanted. */
  private record Stamp(long end, int number, int flags) {}

  private final ErrorQueue errors;
  private final ArrayDeque<Stamp> unsent = new ArrayDeque<>();
  private final ArrayDeque<Stamp> unconfirmed = new ArrayDeque<>();
  private int flags;
  private long base;

  SendStamps(ErrorQueue errors) {
    this.errors = errors;
  }

  /**
   * What is wanted from now on.
   *
   * @param confirmed from where bytes are numbered, if they were not before
   */
  void want(int wanted, long confirmed) {
    if ((wanted & NUMBERED) != 0 && (flags & NUMBERED) == 0) {
      base = confirmed;
    }
    flags = wanted;
  }

  /** A write ends at this position; whether its times are wanted. */
  boolean wrote(long end) {
    if ((flags & WANTED) == 0) {
      return false;
    }
    int number = (flags & NUMBERED) == 0 ? 0 : (int) (end - 1 - base);
    unsent.add(new Stamp(end, number, flags));
    return true;
  }

  /**
   * How far it has got.
   *
   * @return whether that is all that was to be told
   */
  boolean got(long sent, long confirmed, long nanos) {
    while (!unsent.isEmpty() && unsent.getFirst().end <= sent) {
      Stamp stamp = unsent.removeFirst();
      tell(stamp, LEFT_SOCKET, Notice.LEFT_SOCKET, nanos);
      tell(stamp, LEFT_HOST, Notice.LEFT_HOST, nanos);
      unconfirmed.add(stamp);
    }
    while (!unconfirmed.isEmpty() && unconfirmed.getFirst().end <= confirmed) {
      tell(unconfirmed.removeFirst(), CONFIRMED, Notice.CONFIRMED, nanos);
    }
    return unsent.isEmpty() && unconfirmed.isEmpty();
  }

  private void tell(Stamp stamp, int flag, int kind, long nanos) {
    if ((stamp.flags & flag) != 0) {
      errors.sendTime(kind, stamp.number, nanos);
    }
  }
}
