package wisp.drivers.run;

import wisp.core.spi.Link;
import wisp.core.stack.Context;

/**
 * Drives one context by the real clock, on the calling thread: polls as long as there is work, and
 * waits as it is told to when there is none, until a packet comes or the next timer is due.
 *
 * <pre>
 *   for each context:  Link link = links.get(i);
 *     on its thread:   Context context = new Context(config, memory, link, random);
 *                      new Runner(context, link, Waiting.ADAPTIVE).run(now -> Long.MAX_VALUE, Long.MAX_VALUE);
 * </pre>
 */
public final class Runner {
  private static final long LONGEST_SLEEP_NANOS = 1_000_000_000L;
  private final Context context;
  private final Link link;
  private final long spinNanos;
  private final long startNanos = System.nanoTime();
  private long polls;
  private long sleeps;
  private volatile boolean stopped;

  /** What an application does besides answering packets. */
  public interface Chores {
    /**
     * Does what is due; called between bursts.
     *
     * @return when it wants to be called again; {@link Long#MAX_VALUE}: when something happens
     */
    long run(long nowNanos);
  }

  /** A runner. Context and link stay the caller's. */
  public Runner(Context context, Link link, Waiting waiting) {
    this(context, link, waiting.spinNanos());
  }

  /**
   * A runner.
   *
   * @param spinNanos how long to look for packets before sleeping: the price of a wake-up is some
   *     ten microseconds
   */
  public Runner(Context context, Link link, long spinNanos) {
    this.context = context;
    this.link = link;
    this.spinNanos = spinNanos;
  }

  /** The context's time: since this runner was made. */
  public long nowNanos() {
    return System.nanoTime() - startNanos;
  }

  /** Times that it looked for packets. On the thread that runs. */
  public long polls() {
    return polls;
  }

  /** Times that it went to sleep, and was woken again. On the thread that runs. */
  public long sleeps() {
    return sleeps;
  }

  /** Runs until {@link #stop}, or until the time given has come. */
  public void run(Chores chores, long untilNanos) {
    long idleSince = Long.MAX_VALUE;
    while (!stopped) {
      long now = nowNanos();
      if (now >= untilNanos) {
        return;
      }
      polls++;
      int handled = context.poll(now);
      long wanted = chores.run(now);
      if (handled > 0 || wanted <= now) {
        idleSince = Long.MAX_VALUE;
        continue;
      }
      idleSince = Math.min(idleSince, now);
      if (now - idleSince < spinNanos) {
        Thread.onSpinWait();
        continue;
      }
      sleep(Math.min(Math.min(wanted, untilNanos), context.nextDeadlineNanos()) - now);
    }
  }

  private void sleep(long nanos) {
    if (nanos > 0 && !stopped) {
      sleeps++;
      link.awaitReadable(Math.min(nanos, LONGEST_SLEEP_NANOS));
    }
  }

  /** Ends {@link #run} soon. From any thread. */
  public void stop() {
    stopped = true;
    link.wake();
  }

  /** Lets {@link #run} be called again. */
  public void restart() {
    stopped = false;
  }
}
