package wisp.drivers.dpdk;

import java.util.concurrent.TimeUnit;
import wisp.core.spi.LinkException;
import wisp.drivers.LinkDownException;

/** Looks five times a second whether the device is still of use. */
final class Lookout {
  private static final long WATCH_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  private final String label;
  private final Watch watch;
  private final Port port;
  private long nextNanos = System.nanoTime() + WATCH_NANOS;
  private boolean down;

  Lookout(String label, Watch watch, Port port) {
    this.label = label;
    this.watch = watch;
    this.port = port;
  }

  /** Whether the driver may be called. */
  boolean isUsable() {
    return !down && port.isStarted();
  }

  /** Whether the interface below was found gone: for good. */
  boolean isDown() {
    return down;
  }

  /**
   * Looks when it is time to.
   *
   * @throws LinkDownException when the interface below the device is gone
   */
  void look(long now) {
    if (now - nextNanos < 0) {
      return;
    }
    nextNanos = now + WATCH_NANOS;
    try {
      down |= !watch.look(port);
    } catch (LinkException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
    throwWhenDown();
  }

  /**
   * Says so.
   *
   * @throws LinkDownException when the interface below the device is gone
   */
  void throwWhenDown() {
    if (down) {
      throw new LinkDownException(
          label + " is gone: the interface below it or its network namespace was deleted");
    }
  }

  void close() {
    watch.close();
  }
}
