/**
 * Peers without memory: what they say is computed from who they are, so that any number of them
 * costs nothing.
 */
@NullMarked
package wisp.lab.phantom;

import org.jspecify.annotations.NullMarked;
