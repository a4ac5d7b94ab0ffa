package wisp.lab.run;

import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import wisp.lab.FailedException;

/**
 * Work that SIGTERM and SIGINT end in order, with exit code 0: they stop it, wait for what it still
 * has to say, and only then end the JVM.
 */
public final class OrderlyEnd {
  private static final long LONGEST_SECONDS = 10;
  private static final long MESSAGE_MILLIS = 300;
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile int code = 1;

  private OrderlyEnd() {}

  /**
   * Does the work on this thread.
   *
   * @param stop makes the work return soon; called from another thread
   * @return what the work returned
   */
  public static int run(Runnable stop, Callable<Integer> work) {
    var end = new OrderlyEnd();
    Runtime.getRuntime().addShutdownHook(new Thread(() -> end.whenTold(stop)));
    try {
      end.code = work.call();
      System.out.flush();
      return end.code;
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new FailedException(String.valueOf(e.getMessage()), e);
    } finally {
      end.ended.countDown();
    }
  }

  private void whenTold(Runnable stop) {
    if (ended.getCount() == 0) {
      return; // the JVM ends because the work has
    }
    stop.run();
    try {
      boolean inTime = ended.await(LONGEST_SECONDS, TimeUnit.SECONDS);
      if (code != 0) {
        TimeUnit.MILLISECONDS.sleep(MESSAGE_MILLIS); // the other thread says why
      }
      Runtime.getRuntime().halt(inTime ? code : 1);
    } catch (InterruptedException e) {
      Runtime.getRuntime().halt(1);
    }
  }
}
