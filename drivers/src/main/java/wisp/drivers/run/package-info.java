/** What drives a context by the real clock: a thread, a loop, and how it waits. */
@NullMarked
package wisp.drivers.run;

import org.jspecify.annotations.NullMarked;
