package wisp.lab.serve;

import java.util.Map;
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

  /**
   * The server runs from now on: threads of the service's own may begin.
   *
   * @param wake has {@link #work} called soon; from any thread
   */
  default void onServing(Runnable wake) {}

  /**
   * Does a bounded share of what it has to do of its own accord; called between bursts.
   *
   * @return when it wants to be called again: {@code now}, at once; {@link Long#MAX_VALUE}, when
   *     something happens
   */
  default long work(Context context, long now) {
    return Long.MAX_VALUE;
  }

  /**
   * Whether another process can go on with all connections as they are now, without knowing what we
   * know of them.
   */
  default boolean mayLeave() {
    return true;
  }

  /** What it has counted, by name. */
  default Map<String, @Nullable Object> statistics() {
    return Map.of();
  }

  /** Gives back what {@link #start} took. */
  default void stop(Context context) {}

  /** Bytes of its own that it holds for connections. */
  default long applicationBytes() {
    return 0;
  }
}
