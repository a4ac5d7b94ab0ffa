/** Empties a link's queue into a ring of the context's own before anything is handled. */
@NullMarked
package wisp.drivers.drain;

import org.jspecify.annotations.NullMarked;
