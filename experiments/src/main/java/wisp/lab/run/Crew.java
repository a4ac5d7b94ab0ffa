package wisp.lab.run;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import wisp.lab.FailedException;

/**
 * Several contexts, each on a thread of its own from its making to its end. When one fails the
 * others are told to stop.
 */
public final class Crew {
  private final Runnable stop;
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

  /** What each of them does. */
  @FunctionalInterface
  public interface Member {
    /** Does it; {@code place} counts from 0. */
    void work(int place) throws Exception;
  }

  private Crew(Runnable stop) {
    this.stop = stop;
  }

  /**
   * Returns when all have ended: place 0 runs on this thread.
   *
   * @param stop makes all of them return soon; from any thread
   * @throws RuntimeException what the first that failed did
   */
  public static void run(int count, Runnable stop, Member member) {
    var crew = new Crew(stop);
    List<Thread> threads = new ArrayList<>();
    for (int i = 1; i < count; i++) {
      int place = i;
      threads.add(
          Thread.ofPlatform().name("context " + place).start(() -> crew.work(member, place)));
    }
    crew.work(member, 0);
    crew.await(threads);
  }

  private void work(Member member, int place) {
    try {
      member.work(place);
    } catch (Throwable e) {
      failure.compareAndSet(null, e);
      stop.run();
    }
  }

  private void await(List<Thread> threads) {
    for (Thread thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        stop.run();
        Thread.currentThread().interrupt();
        throw new FailedException("interrupted", e);
      }
    }
    Throwable thrown = failure.get();
    switch (thrown) {
      case null -> {}
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new FailedException(String.valueOf(thrown.getMessage()), thrown);
    }
  }
}
