package wisp.core.tcp;

/** Who wants to know that a connection makes progress (RFC 4861 §7.3.1). */
@FunctionalInterface
public interface Reachability {
  /** New data or a SYN of ours was acknowledged. */
  void confirmed(Tcb tcb);
}
