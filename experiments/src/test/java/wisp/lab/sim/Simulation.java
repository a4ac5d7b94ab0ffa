package wisp.lab.sim;

import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.Link;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;
import wisp.core.stack.Context;
import wisp.core.stack.ContextConfig;
import wisp.drivers.faults.FaultyLink;
import wisp.drivers.faults.PathConfig;
import wisp.drivers.inmemory.InMemoryPipe;
import wisp.pools.Strategies;

/**
 * Two contexts in virtual time. {@code a} is 10.0.0.1, {@code b} is 10.0.0.2; each sends through
 * its own {@link PathConfig}. Everything random comes from one seed.
 */
final class Simulation implements AutoCloseable {
  static final long SECOND = 1_000_000_000L;

  final long seed;
  final Context a;
  final Context b;
  final FaultyLink linkA;
  final FaultyLink linkB;
  final MemoryStrategy memoryA;
  final MemoryStrategy memoryB;
  private final InMemoryPipe pipe = new InMemoryPipe();
  long now;

  Simulation(long seed, String strategy, PathConfig path) {
    this(seed, strategy, Map.of(), path, config("10.0.0.1"), config("10.0.0.2"));
  }

  Simulation(
      long seed,
      String strategy,
      Map<String, String> parameters,
      PathConfig path,
      ContextConfig configA,
      ContextConfig configB) {
    this(seed, strategy, 1_000, parameters, path, configA, configB, link -> link);
  }

  /**
   * @param connections what a strategy of fixed size is made for
   * @param around what lies between each context and its path
   */
  Simulation(
      long seed,
      String strategy,
      int connections,
      Map<String, String> parameters,
      PathConfig path,
      ContextConfig configA,
      ContextConfig configB,
      UnaryOperator<Link> around) {
    this(
        seed,
        strategy,
        new StrategyConfig(
            RecordStore.STATE_WORDS, connections, 0, seed, seed ^ 0x5555, parameters),
        path,
        configA,
        configB,
        around);
  }

  /** With a strategy configured at will, the same for both. */
  Simulation(
      long seed,
      String strategy,
      StrategyConfig config,
      PathConfig path,
      ContextConfig configA,
      ContextConfig configB,
      UnaryOperator<Link> around) {
    this.seed = seed;
    linkA = new FaultyLink(pipe.a(), path, PathConfig.PERFECT, seed * 2 + 1);
    linkB = new FaultyLink(pipe.b(), path, PathConfig.PERFECT, seed * 2 + 2);
    memoryA = Strategies.provider(strategy).create(config);
    memoryB = Strategies.provider(strategy).create(config);
    a = new Context(configA, memoryA, around.apply(linkA), new SplittableRandom(seed)::nextLong);
    b = new Context(configB, memoryB, around.apply(linkB), new SplittableRandom(~seed)::nextLong);
    a.onHandlerFailure(Simulation::fail);
    b.onHandlerFailure(Simulation::fail);
  }

  private static void fail(Throwable e) {
    throw new AssertionError("a handler failed", e);
  }

  static ContextConfig config(String address) {
    return ContextConfig.of(IpPrefix.parse(address));
  }

  /** One moment: everything that can happen now happens. */
  void step() {
    int work;
    int rounds = 0;
    do {
      linkA.advanceTo(now);
      linkB.advanceTo(now);
      work = a.poll(now) + b.poll(now);
      if (++rounds > 100_000) {
        throw new AssertionError("seed " + seed + ": busy for ever at " + now);
      }
    } while (work > 0);
  }

  /** Runs until it is so, or virtual time is over; tells which. */
  boolean runUntil(BooleanSupplier done, long seconds) {
    long end = now + seconds * SECOND;
    while (true) {
      step();
      if (done.getAsBoolean()) {
        return true;
      }
      long next =
          Math.min(
              Math.min(a.nextDeadlineNanos(), b.nextDeadlineNanos()),
              Math.min(linkA.nextDeadlineNanos(), linkB.nextDeadlineNanos()));
      if (next > end) {
        now = end;
        step();
        return done.getAsBoolean();
      }
      now = Math.max(next, now + 1_000);
    }
  }

  /** Ends both contexts; strategies assert on close that everything came back. */
  @Override
  public void close() {
    a.close();
    b.close();
    memoryA.close();
    memoryB.close();
    linkA.close();
    linkB.close();
    pipe.close();
  }
}
