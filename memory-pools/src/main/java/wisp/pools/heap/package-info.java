/**
 * Plain Java, as one would write it first: an object a record, an array a frame, a hash map for the
 * index, and the garbage collector for what is no longer needed. It allocates; that is its nature,
 * and what the other strategies are measured against.
 */
@NullMarked
package wisp.pools.heap;

import org.jspecify.annotations.NullMarked;
