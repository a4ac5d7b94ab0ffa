package wisp.core.tcp;

/**
 * Sees what is about to leave, so that a memory which outlives its process can be brought into a
 * state that knows of it: the record is stored before the packet leaves.
 */
public interface Departures {
  /** Nothing outlives the process. */
  Departures UNSEEN =
      new Departures() {
        @Override
        public void leaving(Tcb tcb) {}

        @Override
        public void ending(Tcb tcb) {}
      };

  /** A segment of this connection leaves now, and says what its variables are now. */
  void leaving(Tcb tcb);

  /** A RST of this connection leaves now: there will be no such connection. */
  void ending(Tcb tcb);
}
