/** One HTML page per run, complete in itself. */
@NullMarked
package wisp.lab.report;

import org.jspecify.annotations.NullMarked;
