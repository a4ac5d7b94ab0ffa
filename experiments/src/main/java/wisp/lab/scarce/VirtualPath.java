package wisp.lab.scarce;

import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.Link;
import wisp.core.spi.LinkOffloads;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;
import wisp.core.stack.Context;
import wisp.core.stack.ContextConfig;
import wisp.core.stack.Endpoint;
import wisp.drivers.faults.FaultyLink;
import wisp.drivers.faults.PathConfig;
import wisp.drivers.inmemory.InMemoryPipe;
import wisp.lab.FailedException;
import wisp.lab.suite.Catalog;

/**
 * Our stack, at 10.0.0.1, and all its peers, 10.1.0.0/16 in one context with all the memory they
 * want; between them a path with faults each way. Time is virtual and everything random comes from
 * one seed, so that a run can be had again, bit for bit.
 */
final class VirtualPath implements AutoCloseable {
  static final long SECOND = 1_000_000_000L;
  private static final String OURS = "10.0.0.1";
  private static final int PACKETS = 1 << 14;

  /** What happens within so long happens together, as under load. */
  private static final long QUANTUM_NANOS = 50_000;

  final Context peers;
  final Context ours;
  final MemoryStrategy memory;
  private final MemoryStrategy peersMemory;
  private final InMemoryPipe pipe = new InMemoryPipe(1_500, PACKETS, LinkOffloads.NONE);
  private final FaultyLink peersLink;
  private final FaultyLink ourLink;
  private @Nullable Throwable failure;
  long now;

  /**
   * Makes it.
   *
   * @param strategy of ours, with these parameters
   * @param connections how many are expected
   * @param change to our configuration
   * @param around what lies between the peers and the path
   */
  VirtualPath(
      String strategy,
      Map<String, String> parameters,
      int connections,
      PathConfig path,
      long seed,
      UnaryOperator<ContextConfig> change,
      UnaryOperator<Link> around) {
    peersLink = new FaultyLink(pipe.a(), path, PathConfig.PERFECT, 2 * seed + 1);
    ourLink = new FaultyLink(pipe.b(), path, PathConfig.PERFECT, 2 * seed + 2);
    peersMemory = memory("slab", Map.of(), connections, seed);
    memory = memory(strategy, parameters, connections, ~seed);
    var random = new SplittableRandom(seed);
    peers =
        new Context(config("10.1.0.0/16"), peersMemory, around.apply(peersLink), random::nextLong);
    ours = new Context(change.apply(config(OURS)), memory, ourLink, random::nextLong);
    peers.onHandlerFailure(this::failed);
    ours.onHandlerFailure(this::failed);
  }

  private static MemoryStrategy memory(
      String strategy, Map<String, String> parameters, int connections, long seed) {
    return Catalog.strategy(strategy)
        .create(
            new StrategyConfig(
                RecordStore.STATE_WORDS, connections, 0, seed, seed ^ 0x5555, parameters));
  }

  private static ContextConfig config(String own) {
    return ContextConfig.of(IpPrefix.parse(own));
  }

  private void failed(Throwable e) {
    failure = failure == null ? e : failure;
  }

  /** One of ours. */
  static Endpoint service(int port) {
    return Endpoint.of(OURS, port);
  }

  /** The number-th peer, with any port. */
  static Endpoint peer(int number) {
    return Endpoint.of("10.1." + (number >> 8) + "." + (number & 255), 0);
  }

  /** Everything that can happen now happens. */
  private void step() {
    int work;
    int rounds = 0;
    do {
      peersLink.advanceTo(now);
      ourLink.advanceTo(now);
      work = peers.poll(now) + ours.poll(now);
      if (++rounds > 100_000) {
        throw new FailedException("busy for ever");
      }
    } while (work > 0);
    if (failure != null) {
      throw new FailedException("a handler failed: " + failure.getMessage(), failure);
    }
  }

  /**
   * Runs until it is so, or that time has passed; tells which.
   *
   * @param each is called after every step
   */
  boolean run(long nanos, BooleanSupplier done, Runnable each) {
    long end = now + nanos;
    while (true) {
      step();
      each.run();
      if (done.getAsBoolean()) {
        return true;
      }
      long next =
          Math.min(
              Math.min(peers.nextDeadlineNanos(), ours.nextDeadlineNanos()),
              Math.min(peersLink.nextDeadlineNanos(), ourLink.nextDeadlineNanos()));
      next = Math.max(next, now + QUANTUM_NANOS);
      if (next > end) {
        now = end;
        step();
        each.run();
        return done.getAsBoolean();
      }
      now = next;
    }
  }

  /** Lets time pass. */
  void run(long nanos) {
    run(nanos, () -> false, () -> {});
  }

  /** Packets that the path lost for want of room, and not by its configuration: there are none. */
  long overruns() {
    return pipe.a().drops() + pipe.b().drops();
  }

  /** Ends both; the strategies complain of what did not come back. */
  @Override
  public void close() {
    peers.close();
    ours.close();
    peersLink.close();
    ourLink.close();
    pipe.close();
    peersMemory.close();
    memory.close();
  }
}
