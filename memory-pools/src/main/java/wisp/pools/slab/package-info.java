/** Off-heap slabs that come and go with the load: the strategy for everyday use. */
@NullMarked
package wisp.pools.slab;

import org.jspecify.annotations.NullMarked;
