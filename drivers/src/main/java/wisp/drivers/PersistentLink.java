package wisp.drivers;

import wisp.core.spi.Link;

/** A link whose device can stay when the process ends, for the next one to take up. */
public interface PersistentLink extends Link {
  /** {@link #close} leaves the device behind, if it is a persistent one. */
  void leaveBehind();
}
