/**
 * Native memory in slabs of equal slots: {@link wisp.pools.region.Slabs} hands out slots that never
 * move, a {@link wisp.pools.region.SlabSource} says where slabs come from and how many there may
 * be. Records, index pages, blocks and frames are thin layers on top, and a {@link
 * wisp.pools.region.RegionStrategy} puts them together. The memory comes from chronicle-bytes.
 */
@NullMarked
package wisp.pools.region;

import org.jspecify.annotations.NullMarked;
