/**
 * Where the bytes of connections live: one package a strategy ({@code heap}, {@code slab}, {@code
 * pool}, {@code persocket}, {@code packed}), found by name through {@link wisp.pools.Strategies}.
 * Read {@link wisp.core.spi.MemoryStrategy} first, then {@link wisp.pools.region.Slabs}, of which
 * all that lives off-heap is made.
 */
@NullMarked
package wisp.pools;

import org.jspecify.annotations.NullMarked;
