package wisp.drivers;

import java.lang.foreign.MemorySegment;

/**
 * Where the packets lie that a link lends, told to those who want to see that none of them is a
 * copy and none of its frames gets lost. On the thread that drives the link.
 */
public interface LentMemory {
  /**
   * Where the kernel, the card or the driver writes what comes in: every packet that is received
   * lies there.
   *
   * @return borrowed until the link is closed, to be looked at and not to be written to
   */
  MemorySegment receiveMemory();

  /**
   * Frames that are neither free nor waiting to be filled: lent, claimed, on their way out, or not
   * fetched yet. Where the driver keeps some for itself, these are among them. When nothing moves
   * it comes back to what it was.
   */
  default int framesOut() {
    return 0; // each frame is used anew with the next call
  }
}
