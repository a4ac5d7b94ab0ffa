/** The shared pool as the stack uses it: who may have how much of it, and who goes first. */
@NullMarked
package wisp.core.memory;

import org.jspecify.annotations.NullMarked;
