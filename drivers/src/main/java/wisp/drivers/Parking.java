package wisp.drivers;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Where the thread of a link without a descriptor waits. {@link #await} belongs to that thread,
 * {@link #wake} may come from any, also before the wait: then there is none.
 */
public final class Parking {
  private volatile boolean woken;
  private volatile @Nullable Thread waiter;

  /**
   * Waits for {@link #wake}.
   *
   * @param nanos at most so long; 0 or less does not wait
   */
  public void await(long nanos) {
    waiter = Thread.currentThread();
    if (!woken && nanos > 0) {
      LockSupport.parkNanos(this, nanos);
    }
    waiter = null;
    woken = false;
  }

  /** Ends the wait. */
  public void wake() {
    woken = true;
    LockSupport.unpark(waiter);
  }
}
