package wisp.lab.interop;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Kernel peers that act at the same time; what fails on one of them fails the test. */
final class Background implements AutoCloseable {
  private static final int SECONDS = 18;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<Future<?>> tasks = new ArrayList<>();

  /** What may fail. */
  @FunctionalInterface
  interface Task {
    void run() throws Exception;
  }

  /** Starts a task. */
  void run(Task task) {
    Callable<Void> callable =
        () -> {
          task.run();
          return null;
        };
    tasks.add(threads.submit(callable));
  }

  /** Waits for all that were started. */
  void join() {
    for (Future<?> task : tasks) {
      try {
        task.get(SECONDS, TimeUnit.SECONDS);
      } catch (ExecutionException e) {
        throw new AssertionError(e.getCause());
      } catch (TimeoutException e) {
        throw new AssertionError("a kernel peer is stuck", e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError(e);
      }
    }
    tasks.clear();
  }

  /** Ends what still runs. */
  @Override
  public void close() {
    threads.shutdownNow();
  }
}
