/**
 * Congestion control (RFC 5681, 6582): arithmetic on {@link wisp.core.spi.CongestionState}; when to
 * call is TCP's.
 */
@NullMarked
package wisp.core.tcp.congestion;

import org.jspecify.annotations.NullMarked;
