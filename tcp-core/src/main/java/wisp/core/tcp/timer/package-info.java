/**
 * Time in TCP: how long a round trip takes ({@link wisp.core.tcp.timer.RttEstimator}, RFC 6298),
 * and who is to be called when ({@link wisp.core.tcp.timer.TimerWheel}). Neither reads a clock, and
 * neither owns the state of a connection: it lies in the blocks.
 */
@NullMarked
package wisp.core.tcp.timer;

import org.jspecify.annotations.NullMarked;
