package wisp.core.tcp;

/** What an awake connection waits for; it has one timer at a time. */
public enum TimerKind {
  /** Nothing. */
  NONE,
  /** Something is in flight: RFC 6298. */
  RETRANSMISSION,
  /** The last that is in flight may be lost: RFC 8985 §7. */
  PROBE,
  /** Something was overtaken and may be lost: RFC 8985 §6. */
  REORDERING,
  /** The next segment waits for its time: {@link Pacer}. */
  PACING,
  /** Something waits for window: RFC 9293 §3.8.6.1, and the override of silly-window avoidance. */
  PERSIST,
  /** Only text beyond a hole, or an urgent pointer, keeps the block: given up when it fires. */
  HOLDING,
  /** Quiet since a moment: the block goes back when it fires. */
  DROWSY;

  private static final TimerKind[] KINDS = values();

  /** The kind with this ordinal. */
  public static TimerKind of(int ordinal) {
    return KINDS[ordinal];
  }
}
