package wisp.core.tcp;

/**
 * What one acknowledgment shows to have arrived for the first time: a workbench that the {@link
 * Scoreboard} fills and that is valid until the next acknowledgment.
 */
final class Delivery {
  /** Whether anything arrived whose time of sending is known. */
  boolean isTimed;

  /** When what was sent last of it was sent, in {@link SendTimes} ticks, and where that ends. */
  int latestTicks;

  @SeqNum int latestEnd;

  /** Whether that was a retransmission: nobody knows which copy arrived. */
  boolean latestResent;

  /** Whether something arrived that had been sent only once, and when the latest of that was. */
  boolean isOriginalTimed;

  int originalTicks;

  /** How far below what had already arrived the lowest original lay: it was overtaken. */
  int overtakenBytes;

  /** Whether the peer reported a duplicate (RFC 2883), and where. */
  boolean isDuplicate;

  @SeqNum int duplicateLeft;
  @SeqNum int duplicateRight;

  void begin() {
    isTimed = false;
    isOriginalTimed = false;
    overtakenBytes = 0;
    isDuplicate = false;
  }

  /** An original that ends at {@code end} arrived. */
  void original(int ticks, @SeqNum int end) {
    if (!isOriginalTimed || ticks - originalTicks > 0) {
      originalTicks = ticks;
    }
    isOriginalTimed = true;
    offer(ticks, end, false);
  }

  /** One copy or the other of what was resent arrived. */
  void resent(int ticks, @SeqNum int end) {
    offer(ticks, end, true);
  }

  private void offer(int ticks, @SeqNum int end, boolean resent) {
    if (!isTimed || SendTimes.isSentAfter(ticks, end, latestTicks, latestEnd)) {
      latestTicks = ticks;
      latestEnd = end;
      latestResent = resent;
    }
    isTimed = true;
  }
}
