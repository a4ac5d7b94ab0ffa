package wisp.lab.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import org.junit.jupiter.api.Test;

class SlabInfoTest {
  private static final String TEXT =
      """
      slabinfo - version: 2.1
      # name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables <limit> <batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>
      TCP                  %d    200   2368   13    8 : tunables    0    0    0 : slabdata     %d     %d      0
      dentry               %d    200    192   21    1 : tunables    0    0    0 : slabdata     %d     %d      0
      sock_inode_cache     %d    200    832   39    8 : tunables    0    0    0 : slabdata     10     10      0
      proc_inode_cache     %d    200    700   39    8 : tunables    0    0    0 : slabdata     %d     %d      0
      """;

  private static KernelMemory memory(
      int tcp, int tcpSlabs, int dentry, int dentrySlabs, int inodes, int proc) {
    return new KernelMemory(
        SlabInfo.parse(
            TEXT.formatted(
                tcp,
                tcpSlabs,
                tcpSlabs,
                dentry,
                dentrySlabs,
                dentrySlabs,
                inodes,
                proc,
                proc,
                proc)),
        0,
        0);
  }

  @Test
  void readsTheKernelsTable() {
    var slab = memory(100, 20, 50, 4, 7, 0).slab();
    assertEquals(new SlabInfo.Cache(100, 2368, 20L * 8 * 4096), slab.caches().get("TCP"));
  }

  @Test
  void packetsOfOthersAreNotConnections() {
    String line = "%s %d 1 640 1 1 : tunables 0 0 0 : slabdata %d %d 0%n";
    var before = new KernelMemory(SlabInfo.parse(""), 0, 0);
    String text =
        line.formatted("TCP", 2_000, 200, 200)
            + line.formatted("skbuff_small_head", 2_000, 200, 200)
            + line.formatted("pool_workqueue", 180_000, 9_000, 9_000);
    var after = new KernelMemory(SlabInfo.parse(text), 0, 0);
    assertEquals(Map.of("TCP", 1.0), KernelBaseline.compare(before, after, 1_000, 1).caches());
  }

  @Test
  void countsWhatGrowsWithConnectionsAndNoMoreEntriesThanSockets() {
    // 1000 connections are 2000 ends. Whoever looks at /proc made half of the dentries, and inodes.
    var before = memory(100, 20, 50, 4, 0, 0);
    var after = memory(2_100, 174, 4_050, 204, 2_000, 2_000);
    KernelPoint point = KernelBaseline.compare(before, after, 1_000, 1);
    assertEquals((154 * 8 + 100) * 4096 / 2000.0, point.socketBytes(), 1e-6);
    assertEquals(Map.of("TCP", 1.0, "dentry", 1.0, "sock_inode_cache", 1.0), point.caches());
  }
}
