/**
 * A bad wire between any two links, in real time: {@link wisp.drivers.wire.Wire}. Stands in for
 * {@code netem} where the kernel has none, and puts kernel and stack on the very same path.
 */
@NullMarked
package wisp.drivers.wire;

import org.jspecify.annotations.NullMarked;
