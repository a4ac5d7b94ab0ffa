package wisp.pools.heap;

import java.util.List;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.MemoryStrategyProvider;
import wisp.core.spi.Parameter;
import wisp.core.spi.Parameters;
import wisp.core.spi.StrategyConfig;

/** {@code heap}: plain Java objects and the garbage collector. */
public final class HeapStrategyProvider implements MemoryStrategyProvider {
  private static final List<Parameter> PARAMETERS =
      List.of(
          new Parameter("blocks", "1Gi", "bytes", "limit to blocks of connections in trouble"),
          new Parameter(
              "frames", "1Gi", "bytes", "limit to what applications have allocated to send"));

  @Override
  public String name() {
    return "heap";
  }

  @Override
  public String description() {
    return "plain Java objects, a hash map and the garbage collector";
  }

  @Override
  public List<Parameter> parameters() {
    return PARAMETERS;
  }

  @Override
  public MemoryStrategy create(StrategyConfig config) {
    var given = Parameters.of(name(), PARAMETERS, config.parameters());
    return new HeapStrategy(
        config,
        given.number("blocks", 0, Long.MAX_VALUE),
        given.number("frames", 0, Long.MAX_VALUE));
  }
}
