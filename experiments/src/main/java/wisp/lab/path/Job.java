package wisp.lab.path;

/**
 * What one end of a connection does.
 *
 * @param sendBytes so many it sends; {@link #ENDLESS}: until it is closed
 * @param shuts whether it half-closes after them
 * @param digests whether it keeps SHA-256 of what it sends and receives
 */
public record Job(long sendBytes, boolean shuts, boolean digests) {
  /** More than any run sends. */
  public static final long ENDLESS = Long.MAX_VALUE;

  /** Sends without end. */
  public static final Job FLOOD = new Job(ENDLESS, false, false);

  /** Takes what comes. */
  public static final Job SINK = new Job(0, false, false);

  /** Sends so much, closes its side, and remembers all by its digest. */
  public static Job exchange(long bytes) {
    return new Job(bytes, true, true);
  }
}
