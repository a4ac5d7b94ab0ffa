package wisp.lab.growth;

import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.Footprint;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.RecordClass;
import wisp.core.spi.RecordStore;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.core.stack.ContextConfig;
import wisp.core.stack.Endpoint;
import wisp.lab.FailedException;
import wisp.lab.phantom.Errand;
import wisp.lab.phantom.PhantomLink;
import wisp.lab.phantom.PhantomPeers;

/** One context with an echo, phantoms at the other ends, virtual time, and a watch on each poll. */
final class Crowd implements AutoCloseable {
  static final Endpoint SERVER = Endpoint.of("10.9.1.1", 7);
  private static final long TICK_NANOS = 1_000;
  private static final long MOST_WAIT_NANOS = 1_000_000_000L;
  private static final long SETTLE_NANOS = 600_000_000_000L;

  private final PhantomPeers peers;
  private final MemoryStrategy memory;
  private final PhantomLink link;
  private final Context context;
  private final StallMeter stalls;
  private long nowNanos;

  Crowd(MemoryStrategy memory, long seed, StallMeter stalls) {
    this.memory = memory;
    this.stalls = stalls;
    peers = new PhantomPeers(seed);
    link = new PhantomLink(peers, SERVER, 0, null);
    var random = new SplittableRandom(seed);
    context =
        new Context(
            ContextConfig.of(IpPrefix.parse("10.9.1.0/24")), memory, link, random::nextLong);
    context.listen(SERVER, ConnectionProfile.DEFAULT, new SmallEcho());
  }

  PhantomPeers peers() {
    return peers;
  }

  RecordStore records() {
    return memory.records(RecordClass.IPV4);
  }

  long connections() {
    return context.connections();
  }

  long nowNanos() {
    return nowNanos;
  }

  void footprint(Footprint into) {
    context.footprint(into);
  }

  /** Lets phantoms connect until so many are. */
  void growTo(long total) {
    link.allow(total);
    await("connected", () -> link.counts().acks() == total && context.connections() == total);
  }

  /** From now on the phantoms do this. */
  void errand(Errand errand) {
    link.errand(errand);
  }

  /** Polls until something is true. */
  void await(String what, BooleanSupplier done) {
    long limit = nowNanos + SETTLE_NANOS;
    while (!done.getAsBoolean()) {
      if (poll() == 0 && !skip(Math.min(limit, nowNanos + MOST_WAIT_NANOS))) {
        nowNanos += MOST_WAIT_NANOS; // a phantom may wait, too
      }
      if (nowNanos > limit) {
        throw new FailedException(
            context.connections()
                + " connections, and not all were "
                + what
                + ": "
                + context.counters().nonZero()
                + " "
                + link.counts());
      }
    }
  }

  /** Until no timer is left that has to do with what was. */
  void settle() {
    long limit = nowNanos + SETTLE_NANOS;
    while (poll() > 0 || skip(limit)) {
      // on
    }
  }

  private int poll() {
    nowNanos += TICK_NANOS;
    link.clock(nowNanos);
    long before = System.nanoTime();
    int done = context.poll(nowNanos);
    stalls.polled(before, System.nanoTime(), context.connections());
    return done;
  }

  private boolean skip(long limitNanos) {
    long next = context.nextDeadlineNanos();
    if (next > limitNanos) {
      return false;
    }
    nowNanos = Math.max(nowNanos, next);
    return true;
  }

  @Override
  public void close() {
    context.close();
    memory.close();
    link.close();
  }
}
