/**
 * Records that lie in the hash table itself, and of whose keys only that part is kept which their
 * place does not tell: 23.6 bytes a connection, index included, where the number of connections is
 * known beforehand. Read {@link wisp.pools.packed.PackedRecords} first, then {@link
 * wisp.pools.packed.KeyedPermutation}, which makes it possible, and decision 29 for the reasons.
 */
@NullMarked
package wisp.pools.packed;

import org.jspecify.annotations.NullMarked;
