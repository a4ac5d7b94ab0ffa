/** Who owns threads: several contexts at once, one for callers on other threads, and child JVMs. */
@NullMarked
package wisp.lab.run;

import org.jspecify.annotations.NullMarked;
