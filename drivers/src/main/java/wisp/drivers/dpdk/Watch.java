package wisp.drivers.dpdk;

import wisp.core.spi.LinkException;

/** Looks now and then after what DPDK says nothing about: what is at the other end of a device. */
interface Watch extends AutoCloseable {
  /** Of a device that depends on nothing. */
  Watch NONE = new Watch() {};

  /**
   * Looks, on the link's thread; mends what can be mended.
   *
   * @return false when the device is of no use any more
   * @throws LinkException when it can't be mended
   */
  default boolean look(Port port) throws LinkException {
    return true;
  }

  /** Frees what it takes to look. */
  @Override
  default void close() {}
}
