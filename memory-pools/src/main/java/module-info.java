/** Memory strategies: heap, pool, slab, persocket, packed, mapped. */
module wisp.pools {
  requires static org.jspecify;
  requires transitive wisp.core;
  requires chronicle.bytes;
  requires chronicle.core;
  requires it.unimi.dsi.fastutil;
  requires jdk.management;

  exports wisp.pools;

  uses wisp.core.spi.MemoryStrategyProvider;

  provides wisp.core.spi.MemoryStrategyProvider with
      wisp.pools.heap.HeapStrategyProvider,
      wisp.pools.pool.PoolStrategyProvider,
      wisp.pools.slab.SlabStrategyProvider,
      wisp.pools.persocket.PerSocketStrategyProvider,
      wisp.pools.packed.PackedStrategyProvider,
      wisp.pools.mapped.MappedStrategyProvider;
}
