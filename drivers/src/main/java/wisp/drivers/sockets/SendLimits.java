package wisp.drivers.sockets;

/**
 * How much streams may have written and not yet delivered, unless a socket says otherwise.
 *
 * @param usualBytes where a socket's limit begins
 * @param mostBytes how far it grows by itself with the congestion window
 * @param notSentLowWater a socket counts as writable only while less than half of this has not been
 *     sent at all; −1: whatever fits in the buffer
 */
public record SendLimits(int usualBytes, int mostBytes, int notSentLowWater) {
  /** 256 KiB, 4 MiB, no low water mark. */
  public static final SendLimits DEFAULT = new SendLimits(256 << 10, 4 << 20, -1);

  /** Checks ranges. */
  public SendLimits {
    if (usualBytes < 1 || mostBytes < usualBytes) {
      throw new IllegalArgumentException(
          "send buffers of " + usualBytes + ", at most " + mostBytes + " bytes");
    }
  }
}
