/**
 * The classic arrangement: each connection owns a receive and a send buffer from birth. It is here
 * for an honest comparison.
 */
@NullMarked
package wisp.pools.persocket;

import org.jspecify.annotations.NullMarked;
