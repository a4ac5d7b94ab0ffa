package wisp.core.tcp;

import java.lang.foreign.MemorySegment;
import wisp.core.ip.IcmpError;

/**
 * What TCP tells the application. Any of these may call back into the API, also on this very
 * connection: after each one the caller looks at {@link Tcb#state} again.
 */
public interface Upcalls {
  /** ESTABLISHED. */
  void opened(Tcb tcb);

  /** Text in order; memory borrowed until return. */
  void data(Tcb tcb, MemorySegment memory, long start, int length);

  /** So many more payload bytes are confirmed. */
  void acknowledged(Tcb tcb, int bytes);

  /** A send is over; the reference is dropped by the caller afterwards. */
  void released(Tcb tcb, int frame, int acknowledgedBytes);

  /** A send that was refused may succeed now. */
  void writable(Tcb tcb);

  /** Urgent data lies so many bytes ahead. */
  void urgent(Tcb tcb, int bytesAhead);

  /** The peer's FIN was reached. */
  void peerClosed(Tcb tcb);

  /** An ICMP error about it, which may pass or can't be trusted to end it (SHLD-25). */
  void unreachable(Tcb tcb, IcmpError error);

  /** R1: resent so often in vain; it goes on (SHLD-9). */
  void troubled(Tcb tcb, int resends);

  /** The last one. */
  void ended(Tcb tcb, EndCause cause);
}
