package wisp.pools.pool;

import java.util.ArrayList;
import java.util.List;
import wisp.core.spi.BlockPool;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.MemoryStrategyProvider;
import wisp.core.spi.Parameter;
import wisp.core.spi.Parameters;
import wisp.core.spi.RecordClass;
import wisp.core.spi.StrategyConfig;
import wisp.pools.region.BlockSlabs;
import wisp.pools.region.FrameSlabs;
import wisp.pools.region.RecordRegion;
import wisp.pools.region.RegionStrategy;

/**
 * {@code pool}: for a known number of connections, by class. Records, index, blocks and frames are
 * reserved and touched when it is made; from then on it never asks the machine for anything, so
 * that no call ever waits for memory, and what is full answers {@code NONE}.
 */
public final class PoolStrategyProvider implements MemoryStrategyProvider {
  private static final List<Parameter> PARAMETERS =
      List.of(
          new Parameter("blocks", "16Mi", "bytes", "blocks for connections in trouble"),
          new Parameter(
              "frames",
              "16Mi",
              "bytes",
              "what applications can allocate to send, at least 1.4 MB"));

  @Override
  public String name() {
    return "pool";
  }

  @Override
  public String description() {
    return "off-heap, fixed: reserved at start for the expected connections";
  }

  @Override
  public List<Parameter> parameters() {
    return PARAMETERS;
  }

  @Override
  public MemoryStrategy create(StrategyConfig config) {
    var given = Parameters.of(name(), PARAMETERS, config.parameters());
    int ipv6Connections = inRange(config.ipv6Connections(), 0, "connections over IPv6");
    int connections = inRange(config.connections(), ipv6Connections == 0 ? 1 : 0, "connections");
    long blockBytes = given.number("blocks", BlockPool.LARGEST, 1L << 38);
    long frameBytes = given.number("frames", 1, 1L << 40);
    var reserved = new ArrayList<Runnable>();
    try {
      var ipv4 = RecordRegion.fixed(config, RecordClass.IPV4, connections);
      reserved.add(ipv4::close);
      var blocks = BlockSlabs.fixed(blockBytes);
      reserved.add(blocks::close);
      var frames = FrameSlabs.fixed(frameBytes);
      reserved.add(frames::close);
      var strategy =
          new RegionStrategy(
              name(),
              ipv4,
              () -> RecordRegion.fixed(config, RecordClass.IPV6, ipv6Connections),
              blocks,
              frames);
      if (ipv6Connections > 0) {
        strategy.records(RecordClass.IPV6); // reserves now, and not in the middle of traffic
      }
      return strategy;
    } catch (IllegalArgumentException e) {
      reserved.forEach(Runnable::run);
      throw e;
    }
  }

  private static int inRange(int connections, int least, String what) {
    if (connections < least || connections > 1 << 30) {
      throw new IllegalArgumentException(
          "a pool for " + connections + " " + what + "; possible are " + least + " … " + (1 << 30));
    }
    return connections;
  }
}
