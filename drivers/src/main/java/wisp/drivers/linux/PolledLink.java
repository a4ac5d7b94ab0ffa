package wisp.drivers.linux;

import wisp.core.spi.Link;

/**
 * A link whose packets are announced by a file descriptor, so that one thread can wait for several.
 */
public interface PolledLink extends Link {
  /**
   * Readable when a packet may be there. Owned by the link: for {@code poll} only, until it is
   * closed.
   */
  int readableDescriptor();
}
