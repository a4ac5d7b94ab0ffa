package wisp.core.tcp;

/**
 * The arithmetic of sequence numbers (RFC 9293 §3.4), all of it. They count modulo 2^32; one lies
 * before another when the way from it to the other is the shorter one. That is no order: it means
 * something only while the two are less than 2^31 apart, which windows of at most 2^30 bytes
 * guarantee.
 *
 * <p>The same holds for timestamps (RFC 7323 §5.2), which may use these methods too.
 */
public final class Seq {
  private Seq() {}

  /** {@code a < b}. */
  public static boolean before(@SeqNum int a, @SeqNum int b) {
    return a - b < 0;
  }

  /** {@code a > b}. */
  public static boolean after(@SeqNum int a, @SeqNum int b) {
    return b - a < 0;
  }

  /** {@code a <= b}. */
  public static boolean atOrBefore(@SeqNum int a, @SeqNum int b) {
    return b - a >= 0;
  }

  /** {@code a >= b}. */
  public static boolean atOrAfter(@SeqNum int a, @SeqNum int b) {
    return a - b >= 0;
  }

  /**
   * {@code first <= x < first + length}. Exact whatever the distance.
   *
   * @param length as unsigned; 0: nothing lies inside
   */
  public static boolean inWindow(@SeqNum int x, @SeqNum int first, int length) {
    return Integer.compareUnsigned(x - first, length) < 0;
  }

  /** The later one. */
  public static @SeqNum int max(@SeqNum int a, @SeqNum int b) {
    return before(a, b) ? b : a;
  }

  /** The earlier one. */
  public static @SeqNum int min(@SeqNum int a, @SeqNum int b) {
    return before(b, a) ? b : a;
  }

  /**
   * How many sequence numbers lie from {@code from} up to {@code to}; negative when {@code to}
   * comes first.
   */
  public static int distance(@SeqNum int from, @SeqNum int to) {
    return to - from;
  }
}
