/** Connections opened from our side, and the check that what came back is what was sent. */
@NullMarked
package wisp.lab.load;

import org.jspecify.annotations.NullMarked;
