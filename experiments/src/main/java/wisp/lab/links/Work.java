package wisp.lab.links;

import java.util.Map;

/** What {@link LinkEnd} does between two looks at its orders. */
interface Work extends AutoCloseable {
  /** Does some of it; returns within a second, or when it is woken. */
  void step();

  /** What has been counted so far. */
  Map<String, Long> counts();

  /** Our hardware address; 0: none. */
  default long hardwareAddress() {
    return 0;
  }

  /** Has {@link #step} return if it waits; from another thread. */
  default void wake() {}

  @Override
  void close();
}
