package wisp.lab.run;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Link;
import wisp.core.stack.Context;
import wisp.drivers.run.Runner;
import wisp.lab.FailedException;

/**
 * A context on a thread of its own, for callers on other threads: what they want of it is done
 * there, between bursts.
 */
public final class StackThread implements AutoCloseable {
  private static final long SPIN_NANOS = 50_000;
  private static final int CALL_SECONDS = 15;
  private final Context context;
  private final Link link;
  private final Runner runner;
  private final Thread thread;
  private final Runner.Chores chores;
  private final ConcurrentLinkedQueue<Runnable> calls = new ConcurrentLinkedQueue<>();
  private volatile @Nullable Throwable died;

  /**
   * Starts it.
   *
   * @param context the thread's from now on; the caller closes it after {@link #close}
   * @param link of the context; stays the caller's
   * @param chores what the application does besides
   */
  public StackThread(Context context, Link link, Runner.Chores chores) {
    this.context = context;
    this.link = link;
    this.chores = chores;
    runner = new Runner(context, link, SPIN_NANOS);
    thread = Thread.ofPlatform().name("stack").start(this::drive);
  }

  private void drive() {
    try {
      runner.run(this::work, Long.MAX_VALUE);
    } catch (Throwable e) {
      died = e;
    }
  }

  private long work(long now) {
    for (Runnable call = calls.poll(); call != null; call = calls.poll()) {
      call.run();
    }
    return chores.run(now);
  }

  /**
   * Does something on the stack's thread and returns what came of it. What the action throws comes
   * out here, as the cause of a {@link FailedException}.
   */
  public <T> T call(Function<Context, T> action) {
    var result = new CompletableFuture<T>();
    post(
        () -> {
          try {
            result.complete(action.apply(context));
          } catch (Throwable e) {
            result.completeExceptionally(e);
          }
        });
    try {
      return result.get(CALL_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      throw new FailedException(String.valueOf(cause), cause == null ? e : cause);
    } catch (TimeoutException e) {
      throw new FailedException("the stack's thread does not answer", died == null ? e : died);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new FailedException("interrupted", e);
    }
  }

  /** Has something done on the stack's thread soon. */
  public void post(Runnable action) {
    calls.add(action);
    link.wake();
  }

  /** The thread itself. */
  public Thread thread() {
    return thread;
  }

  /** What the thread died of, if it did. */
  public @Nullable Throwable died() {
    return died;
  }

  /** Ends the thread and waits for its end; the context is the caller's again. */
  @Override
  public void close() {
    runner.stop();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
