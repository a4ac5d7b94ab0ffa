/**
 * The few system calls that drivers need, through {@code java.lang.foreign}: {@link
 * wisp.drivers.linux.Libc}. No native code of ours. Memory is passed by address, so callers check
 * every length before. {@link wisp.drivers.linux.Linux} says whether any of it can work here.
 */
@NullMarked
package wisp.drivers.linux;

import org.jspecify.annotations.NullMarked;
