/**
 * RFC 9293, a class an idea: {@link wisp.core.tcp.SegmentArrives} is §3.10.7 check by check, {@link
 * wisp.core.tcp.Sender} and {@link wisp.core.tcp.Receiver} the two directions, {@link
 * wisp.core.tcp.Tcb} the variables all of them work on. Read them in that order.
 */
@NullMarked
package wisp.core.tcp;

import org.jspecify.annotations.NullMarked;
