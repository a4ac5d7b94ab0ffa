/**
 * The {@code wisp} command: one class a sub-command; errors are one line, exit 2 for usage and 1
 * for failure.
 */
@NullMarked
package wisp.lab.cli;

import org.jspecify.annotations.NullMarked;
