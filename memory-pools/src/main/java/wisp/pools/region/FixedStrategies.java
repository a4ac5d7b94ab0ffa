package wisp.pools.region;

import java.util.ArrayList;
import java.util.List;
import wisp.core.spi.BlockPool;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.Parameter;
import wisp.core.spi.Parameters;
import wisp.core.spi.RecordClass;
import wisp.core.spi.StrategyConfig;

/**
 * What strategies for a known number of connections have in common: all is reserved and touched
 * when they are made, and what is full answers {@code NONE}. They differ in how they keep records.
 */
public final class FixedStrategies {
  /** Their parameters. */
  public static final List<Parameter> PARAMETERS =
      List.of(
          new Parameter("blocks", "16Mi", "bytes", "blocks for connections in trouble"),
          new Parameter(
              "frames",
              "16Mi",
              "bytes",
              "what applications can allocate to send, at least 1.4 MB"));

  private FixedStrategies() {}

  /** How a strategy keeps the records of a class. */
  @FunctionalInterface
  public interface Regions {
    /**
     * Room for so many connections, reserved now.
     *
     * @param connections 0: nothing is reserved, and there is no room for any
     * @throws IllegalArgumentException when the machine has no such memory
     */
    RecordRegion reserve(StrategyConfig config, RecordClass recordClass, int connections);
  }

  /**
   * A strategy for the connections that {@code config} tells of.
   *
   * @param mostConnections of each class
   * @throws IllegalArgumentException in one line for the user, when a parameter or a number of
   *     connections is wrong or the machine has no such memory
   */
  public static MemoryStrategy create(
      String name, StrategyConfig config, int mostConnections, Regions regions) {
    var given = Parameters.of(name, PARAMETERS, config.parameters());
    int ipv6 = config.ipv6Connections();
    int ipv4 = config.connections();
    check(name, ipv6, 0, mostConnections, "connections over IPv6");
    check(name, ipv4, ipv6 == 0 ? 1 : 0, mostConnections, "connections");
    long blockBytes = given.number("blocks", BlockPool.LARGEST, 1L << 38);
    long frameBytes = given.number("frames", 1, 1L << 40);
    var reserved = new ArrayList<Runnable>();
    try {
      var records = regions.reserve(config, RecordClass.IPV4, ipv4);
      reserved.add(records::close);
      var blocks = BlockSlabs.fixed(blockBytes);
      reserved.add(blocks::close);
      var frames = FrameSlabs.fixed(frameBytes);
      reserved.add(frames::close);
      var strategy =
          new RegionStrategy(
              name, records, () -> regions.reserve(config, RecordClass.IPV6, ipv6), blocks, frames);
      if (ipv6 > 0) {
        strategy.records(RecordClass.IPV6); // reserves now, and not in the middle of traffic
      }
      return strategy;
    } catch (IllegalArgumentException e) {
      reserved.forEach(Runnable::run);
      throw e;
    }
  }

  private static void check(String name, int connections, int least, int most, String what) {
    if (connections < least || connections > most) {
      throw new IllegalArgumentException(
          "a "
              + name
              + " for "
              + connections
              + " "
              + what
              + "; possible are "
              + least
              + " … "
              + most);
    }
  }
}
