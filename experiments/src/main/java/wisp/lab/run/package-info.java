/** Who owns threads and clocks: the loop around a context, and child JVMs. */
@NullMarked
package wisp.lab.run;

import org.jspecify.annotations.NullMarked;
