/**
 * Fixed pools, reserved and touched at start: nothing is ever asked of the machine again, and full
 * means full.
 */
@NullMarked
package wisp.pools.pool;

import org.jspecify.annotations.NullMarked;
