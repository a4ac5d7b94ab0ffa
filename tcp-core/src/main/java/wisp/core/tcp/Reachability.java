package wisp.core.tcp;

/** Who wants to know whether connections make progress: the layer that chooses the way. */
public interface Reachability {
  /** Nobody. */
  Reachability NOBODY =
      new Reachability() {
        @Override
        public void confirmed(Tcb tcb) {}

        @Override
        public void doubted(Tcb tcb) {}
      };

  /** New data or a SYN of ours was acknowledged (RFC 4861 §7.3.1). */
  void confirmed(Tcb tcb);

  /** R1: what was sent has been resent several times in vain (RFC 9293 §3.8.3, MUST-20). */
  void doubted(Tcb tcb);
}
