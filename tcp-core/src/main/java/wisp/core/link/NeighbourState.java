package wisp.core.link;

/** How much is known of a neighbour (RFC 4861 §7.3.2). */
public enum NeighbourState {
  /** It has been asked for its station and has not answered yet. */
  INCOMPLETE,
  /** It was there a short time ago. */
  REACHABLE,
  /** Its station is known, but not whether it is still there; nothing was sent since. */
  STALE,
  /** As STALE, but something was sent: for some seconds the transport may confirm it. */
  DELAY,
  /** It is being asked whether it is still there. */
  PROBE
}
