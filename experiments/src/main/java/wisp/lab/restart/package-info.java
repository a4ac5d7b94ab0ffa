/**
 * Servers that are killed under their kernel peers. Read first: {@link
 * wisp.lab.restart.RestartSuite}.
 */
@NullMarked
package wisp.lab.restart;

import org.jspecify.annotations.NullMarked;
