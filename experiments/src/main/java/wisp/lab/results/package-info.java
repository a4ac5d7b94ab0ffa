/** What a run leaves behind: tidy CSV, {@code run.json}, and what both say about the machine. */
@NullMarked
package wisp.lab.results;

import org.jspecify.annotations.NullMarked;
