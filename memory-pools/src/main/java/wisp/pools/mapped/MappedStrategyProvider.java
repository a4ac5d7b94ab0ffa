package wisp.pools.mapped;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.MemoryStrategyProvider;
import wisp.core.spi.Parameter;
import wisp.core.spi.Parameters;
import wisp.core.spi.StrategyConfig;

/**
 * {@code mapped}: as {@code slab}, but in a file, so that connections outlive the process: after a
 * {@code kill -9} a process that opens the same file goes on with them.
 */
public final class MappedStrategyProvider implements MemoryStrategyProvider {
  private static final List<Parameter> PARAMETERS =
      List.of(
          new Parameter("file", "", "path", "the file; empty: a new one that goes at the end"),
          new Parameter("slab", "256Ki", "bytes", "size of a slab, a power of two"),
          new Parameter(
              "records", "0", "bytes", "limit to the records' slabs; 0: what the disk has"),
          new Parameter(
              "blocks",
              "1Gi",
              "bytes",
              "limit to blocks of connections in trouble, a slab at least"),
          new Parameter(
              "frames", "1Gi", "bytes", "limit to what applications have allocated to send"),
          new Parameter(
              "takeover",
              "0",
              "seconds",
              "wait so long for a process that has the file to hand it over; 0: don't ask it"));

  private static final int LARGEST_FRAME_SLAB = 128 << 10;

  @Override
  public String name() {
    return "mapped";
  }

  @Override
  public String description() {
    return "slabs in a mapped file: connections outlive the process";
  }

  @Override
  public List<Parameter> parameters() {
    return PARAMETERS;
  }

  @Override
  public MemoryStrategy create(StrategyConfig config) {
    var given = Parameters.of(name(), PARAMETERS, config.parameters());
    long slab = Long.highestOneBit(given.number("slab", LARGEST_FRAME_SLAB, 1 << 26));
    var layout = new SlabFile.Layout(config.recordWords(), MappedStrategy.blockSizes(), slab);
    long records = given.number("records", 0, Long.MAX_VALUE);
    long blocks = given.number("blocks", slab, Long.MAX_VALUE);
    long frames = given.number("frames", 0, Long.MAX_VALUE);
    long patience = given.number("takeover", 0, 3_600) * 1_000;
    String path = given.text("file");
    SlabFile file =
        path.isEmpty() ? SlabFile.temporary(layout) : SlabFile.open(path(path), layout, patience);
    try {
      return new MappedStrategy(config, file, records, blocks, frames);
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  private static Path path(String text) {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new IllegalArgumentException("file=" + text + " is no path: " + e.getReason(), e);
    }
  }
}
