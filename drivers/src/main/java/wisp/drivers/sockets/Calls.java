package wisp.drivers.sockets;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.function.IntSupplier;

/**
 * Calls that wait, as continuations: an attempt that answers EAGAIN is made again after every event
 * until it answers something else, or its time is over. Oldest first.
 */
public final class Calls {
  /** One call that waits. */
  public static final class Parked {
    private final IntSupplier attempt;
    private final long deadlineNanos;
    private final IntConsumer done;
    private boolean over;

    private Parked(IntSupplier attempt, long deadlineNanos, IntConsumer done) {
      this.attempt = attempt;
      this.deadlineNanos = deadlineNanos;
      this.done = done;
    }

    /** Whether it has been answered. */
    public boolean isOver() {
      return over;
    }
  }

  private final List<Parked> parked = new ArrayList<>();

  /**
   * Makes a call, now or as soon as it can be made.
   *
   * @param attempt answers −EAGAIN as long as it has to wait; {@link Sockets#whileOpen} where it
   *     speaks of a handle, whose number may be another's when it is made again
   * @param deadlineNanos when it is answered 0 all the same; {@link Long#MAX_VALUE}: never
   * @param done hears the answer
   */
  public Parked call(IntSupplier attempt, long deadlineNanos, IntConsumer done) {
    var call = new Parked(attempt, deadlineNanos, done);
    if (!isAnswered(call)) {
      parked.add(call);
    }
    return call;
  }

  private static boolean isAnswered(Parked call) {
    int result = call.attempt.getAsInt();
    if (result == -Errno.EAGAIN) {
      return false;
    }
    answer(call, result);
    return true;
  }

  private static void answer(Parked call, int result) {
    call.over = true;
    call.done.accept(result);
  }

  /** Something has happened: tries all that wait, until none gets on. */
  public void progress() {
    while (parked.removeIf(call -> call.over || isAnswered(call))) {
      // what one call took or gave may be what another waits for
    }
  }

  /** Answers 0 to those whose time is over. */
  public void expire(long nowNanos) {
    parked.removeIf(
        call -> {
          if (!call.over && call.deadlineNanos <= nowNanos) {
            answer(call, 0);
          }
          return call.over;
        });
  }

  /** When {@link #expire} is due; {@link Long#MAX_VALUE}: nobody waits for a time. */
  public long nextDeadlineNanos() {
    return parked.stream().mapToLong(call -> call.deadlineNanos).min().orElse(Long.MAX_VALUE);
  }

  /** Ends a call that waits with this answer. */
  public void cancel(Parked call, int result) {
    if (parked.remove(call)) {
      answer(call, result);
    }
  }
}
