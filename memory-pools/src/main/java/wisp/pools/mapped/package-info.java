/**
 * Slabs in a memory-mapped file, so that connections outlive their process. Read first: {@link
 * wisp.pools.mapped.SlabFile} for the format, {@link wisp.core.spi.Durability} for the order of
 * things, {@code docs/decisions/0032-mapped.md} for why.
 */
@NullMarked
package wisp.pools.mapped;

import org.jspecify.annotations.NullMarked;
