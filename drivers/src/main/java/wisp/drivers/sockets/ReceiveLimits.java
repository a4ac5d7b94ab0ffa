package wisp.drivers.sockets;

/**
 * How much streams may hold that was not read, unless a socket says otherwise. Half of it is the
 * window: the queue may hold as much before the peer is stopped, and what the window promised until
 * then still comes.
 *
 * @param usualBytes of a socket that does not say
 * @param mostBytes our window scale is as a window of so many bytes needs, though the window does
 *     not grow by itself
 */
public record ReceiveLimits(int usualBytes, int mostBytes) {
  /** 2 MiB, and a window scale for no more. */
  public static final ReceiveLimits DEFAULT = new ReceiveLimits(2 << 20, 1 << 20);

  private static final int LEAST_BYTES = 2_304;
  private static final int UNSCALED_MOST = 65_535;

  /** Checks ranges. */
  public ReceiveLimits {
    if (usualBytes < LEAST_BYTES || mostBytes < 1) {
      throw new IllegalArgumentException(
          "receive buffers of " + usualBytes + ", at most " + mostBytes + " bytes");
    }
  }

  /** What a socket is told that has set SO_RCVBUF, or has not (0). */
  int told(int chosen) {
    return chosen == 0 ? usualBytes : Math.max(LEAST_BYTES, 2 * chosen);
  }

  /** What it offers, and holds before its peer is stopped. */
  int window(int chosen) {
    return told(chosen) / 2;
  }

  /** The least scale of its window. */
  int shift(int chosen) {
    int largest = chosen == 0 ? mostBytes : window(chosen);
    return Integer.SIZE - Integer.numberOfLeadingZeros((largest - 1) / UNSCALED_MOST);
  }
}
