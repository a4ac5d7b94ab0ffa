/**
 * Bad paths: delay, jitter, loss (independent and in bursts), reordering, duplicates, corruption, a
 * bottleneck with a queue, steady or by a trace. {@link wisp.drivers.faults.PathConfig} says what a
 * path is like, {@link wisp.drivers.faults.PathModel} is the path: packets go in at one time and
 * come out at another. {@link wisp.drivers.faults.FaultyLink} puts two of them around a link, in
 * virtual or real time, and {@code shaped} and {@code faults} are its names in a link's
 * specification. One seed gives one history. (RFC 4737 defines what counts as reordered.)
 */
@NullMarked
package wisp.drivers.faults;

import org.jspecify.annotations.NullMarked;
