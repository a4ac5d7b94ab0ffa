/**
 * Every link that can run here beside the kernel on the same path and beside C on the same ring or
 * call: packets per second below TCP, bulk throughput, latency. Read {@link
 * wisp.lab.links.LinksSuite} first, then {@link wisp.lab.links.LinkEnd}, which is the end that is
 * measured, and {@link wisp.lab.links.Flood}, which is the other one.
 */
@NullMarked
package wisp.lab.links;

import org.jspecify.annotations.NullMarked;
