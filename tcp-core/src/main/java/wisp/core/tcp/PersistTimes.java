package wisp.core.tcp;

/** Who keeps since when connections have been in persist (RFC 9293 §3.8.6.1). */
public interface PersistTimes {
  /** Nobody. */
  PersistTimes NOBODY =
      new PersistTimes() {
        @Override
        public void probed(Tcb tcb) {}

        @Override
        public void over(Tcb tcb) {}
      };

  /**
   * A shut window has been probed, for the first time or again. It is in persist since {@link
   * Tcb#progressNanos} as of the first time.
   */
  void probed(Tcb tcb);

  /**
   * The peer has taken a whole frame, or opened its window when none waits; called also when it was
   * not in persist. A byte taken now and then does not end it: the frame is held as before.
   */
  void over(Tcb tcb);
}
