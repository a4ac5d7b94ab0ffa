package wisp.lab.sim;

import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import wisp.core.stack.ContextConfig;
import wisp.drivers.faults.PathConfig;

/** What two monkeys meet in, drawn from a seed: memory, the path, how the contexts are set up. */
final class MonkeyConditions {
  private static final String[] STRATEGIES = {"slab", "heap", "pool", "persocket"};
  private static final long MS = 1_000_000L;
  private static final long SECOND = 1_000 * MS;

  private final SplittableRandom random;

  MonkeyConditions(SplittableRandom random) {
    this.random = random;
  }

  String strategy() {
    return STRATEGIES[random.nextInt(STRATEGIES.length)];
  }

  /** What a strategy of fixed size is made for: sometimes next to nothing. */
  int connections() {
    return random.nextInt(3) == 0 ? 4 + random.nextInt(20) : 1_000;
  }

  /** Limits that hold at least a slab of each size: with less nothing would ever open. */
  Map<String, String> parameters(String strategy) {
    var p = new HashMap<String, String>();
    boolean isPerSocket = strategy.equals("persocket");
    if (random.nextInt(2) == 0) {
      p.put("blocks", "" + ((isPerSocket ? 1 << 19 : 8_192) << random.nextInt(4)));
    }
    if (random.nextInt(3) == 0) {
      p.put("frames", "" + ((isPerSocket ? 1 << 20 : 150_000) << random.nextInt(4)));
    }
    if (strategy.equals("slab")) {
      p.put("slab", "4096");
      if (random.nextInt(3) == 0) {
        p.put("records", "4096");
      }
    }
    if (isPerSocket && random.nextInt(2) == 0) {
      p.put("receive", "" + (1_024 << random.nextInt(7)));
      p.put("send", "" + (1_024 << random.nextInt(7)));
      p.put("buffers", "" + (1 << (19 + random.nextInt(3))));
    }
    return p;
  }

  PathConfig path() {
    PathConfig path = PathConfig.PERFECT.delay(10_000 + random.nextLong(50 * MS));
    if (random.nextInt(4) == 0) {
      path = path.delay(10_000);
    }
    if (random.nextInt(2) == 0) {
      path = path.loss(random.nextDouble() * 0.15);
    }
    if (random.nextInt(3) == 0) {
      path = path.duplicate(random.nextDouble() * 0.3);
    }
    if (random.nextInt(2) == 0) {
      path = path.reorder(random.nextDouble() * 0.3, 1 + random.nextLong(20 * MS));
    }
    if (random.nextInt(4) == 0) {
      path = path.corrupt(random.nextDouble() * 0.1);
    }
    return path;
  }

  ContextConfig config(String address) {
    int[] windows = {1, 100, 3_000, 20_000, 70_000, 1 << 20};
    ContextConfig c = Simulation.config(address);
    if (random.nextInt(2) == 0) {
      c = c.withReceiveWindow(windows[random.nextInt(windows.length)]);
    }
    if (random.nextInt(2) == 0) {
      c = c.withMaxSegmentLifetime(100 * MS + random.nextLong(10 * SECOND));
    }
    if (random.nextInt(3) == 0) {
      c = c.withDelayedAck(random.nextLong(400 * MS));
    }
    if (random.nextInt(3) == 0) {
      c = c.withLimits(1 + random.nextInt(10), random.nextInt(100), 2_048 * random.nextInt(20));
    }
    return c;
  }
}
