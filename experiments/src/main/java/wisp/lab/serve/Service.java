package wisp.lab.serve;

import org.jspecify.annotations.Nullable;
import wisp.core.stack.ConnectionHandler;
import wisp.core.stack.Context;
import wisp.core.stack.DatagramHandler;

/** What a port does. */
public interface Service extends ConnectionHandler {
  /** As on the command line. */
  String name();

  /** Begins: frames that it shares among connections are made here. */
  default void start(Context context) {}

  /** Who answers UDP at the same port; null: nobody. */
  default @Nullable DatagramHandler datagrams() {
    return null;
  }

  /**
   * Tries again what had failed for want of memory; called between bursts.
   *
   * @return whether something is still waiting
   */
  default boolean retry(Context context) {
    return false;
  }

  /** Gives back what {@link #start} took. */
  default void stop(Context context) {}

  /** Bytes of its own that it holds for connections. */
  default long applicationBytes() {
    return 0;
  }
}
