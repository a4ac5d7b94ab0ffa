package wisp.lab.sim;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.RecordClass;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;
import wisp.core.stack.ContextConfig;
import wisp.drivers.faults.PathConfig;

/**
 * One seed, one history: two monkeys live on for a while, then end everything in order; then
 * nothing may be left, and a fresh connection must still work.
 */
final class MonkeyRun {
  private static final long MS = 1_000_000L;
  private static final long SECOND = 1_000 * MS;
  private static final int MOST_ROUNDS = 3_000;
  private static final int MOST_MOMENTS = 400_000;

  private final SplittableRandom random;
  private final List<String> faults = new ArrayList<>();
  private final List<HostileLink> links = new ArrayList<>();
  private final boolean hostile;
  private final boolean wild;
  private final Simulation sim;
  private final Monkey a;
  private final Monkey b;
  private final String what;
  private int moments;

  MonkeyRun(long seed) {
    this(seed, null, true);
  }

  /**
   * @param memory a strategy instead of the one that the seed draws; {@code null}: that one
   * @param timestamps whether records have a word for them
   */
  MonkeyRun(long seed, @Nullable String memory, boolean timestamps) {
    random = new SplittableRandom(seed);
    hostile = random.nextInt(3) == 0;
    wild = hostile && random.nextInt(3) == 0;
    var conditions = new MonkeyConditions(random);
    String drawn = conditions.strategy();
    String strategy = memory == null ? drawn : memory;
    Map<String, String> parameters = conditions.parameters(strategy);
    PathConfig path = conditions.path();
    ContextConfig configA = conditions.config("10.0.0.1");
    ContextConfig configB = conditions.config("10.0.0.2");
    int connections = conditions.connections();
    what =
        "seed "
            + seed
            + " "
            + strategy
            + parameters
            + (timestamps ? "" : " without timestamps")
            + (hostile ? " hostile" : "")
            + (wild ? " wild" : "")
            + "\n "
            + path
            + "\n "
            + configA
            + "\n "
            + configB;
    var memoryConfig =
        new StrategyConfig(
            RecordStore.STATE_WORDS, connections, 0, seed, seed ^ 0x5555, parameters);
    sim =
        new Simulation(
            seed,
            strategy,
            timestamps ? memoryConfig : memoryConfig.withoutTimestamps(),
            path,
            configA,
            configB,
            link -> {
              var around = new HostileLink(link, ~seed + links.size());
              links.add(around);
              return around;
            });
    a = new Monkey(sim.a, "10.0.0.1", "10.0.0.2", random.split(), !wild, faults);
    b = new Monkey(sim.b, "10.0.0.2", "10.0.0.1", random.split(), !wild, faults);
    if (configB.receiveWindowBytes() < 1_000) {
      a.speakLittle();
    }
    if (configA.receiveWindowBytes() < 1_000) {
      b.speakLittle();
    }
    a.meets(b);
    b.meets(a);
    if (hostile) {
      links.forEach(HostileLink::listen);
    }
  }

  void run() {
    try {
      live();
      if (random.nextInt(8) != 0) {
        windUp();
        nothingIsLeft();
        stillAlive();
      }
      a.dropKept();
      b.dropKept();
      a.calmDown();
      b.calmDown();
      sim.a.close();
      sim.b.close();
      a.dropKept();
      b.dropKept();
      require(a.live() + b.live() == 0, () -> "not told of the context's end");
      sim.close();
      check();
    } catch (Throwable e) {
      String message =
          e instanceof AssertionError && e.getMessage() != null && e.getMessage().startsWith("seed")
              ? e.getMessage()
              : what + "\n " + e;
      throw new AssertionError(message + "\n moments " + moments, e);
    }
  }

  private void live() {
    a.listenAll();
    b.listenAll();
    int acts = 100 + random.nextInt(1_500);
    for (int i = 0; i < acts; i++) {
      Monkey who = random.nextBoolean() ? a : b;
      int n = random.nextInt(4);
      for (int k = 0; k < n; k++) {
        who.act();
      }
      if (hostile && random.nextInt(3) == 0) {
        links.get(random.nextInt(2)).forge(wild);
      }
      time();
      check();
    }
  }

  private void time() {
    switch (random.nextInt(12)) {
      case 0 -> {}
      case 1 -> {
        if (random.nextInt(4) == 0) { // nobody drove us meanwhile
          sim.now += random.nextLong(120 * SECOND);
        }
        step();
      }
      case 2 -> runUntil(() -> false, random.nextLong(2 * SECOND));
      case 3 -> {
        if (random.nextInt(6) == 0) {
          runUntil(() -> false, random.nextLong(120 * SECOND));
        }
      }
      case 4 -> {
        sim.linkA.advanceTo(sim.now);
        sim.a.poll(sim.now);
      }
      default -> runUntil(() -> false, random.nextLong(60 * MS));
    }
  }

  private void step() {
    int rounds = 0;
    int work;
    do {
      sim.linkA.advanceTo(sim.now);
      sim.linkB.advanceTo(sim.now);
      work = sim.a.poll(sim.now) + sim.b.poll(sim.now);
      require(++rounds < MOST_ROUNDS, () -> "busy for ever at " + sim.now);
    } while (work > 0);
  }

  private boolean runUntil(BooleanSupplier done, long nanos) {
    long end = sim.now + nanos;
    while (true) {
      step();
      check();
      if (done.getAsBoolean()) {
        return true;
      }
      require(++moments < MOST_MOMENTS, () -> "too much happens, now " + sim.now);
      long next =
          Math.min(
              Math.min(sim.a.nextDeadlineNanos(), sim.b.nextDeadlineNanos()),
              Math.min(sim.linkA.nextDeadlineNanos(), sim.linkB.nextDeadlineNanos()));
      boolean pathIsEmpty =
          sim.linkA.nextDeadlineNanos() == Long.MAX_VALUE
              && sim.linkB.nextDeadlineNanos() == Long.MAX_VALUE;
      if (pathIsEmpty) {
        a.pathIsEmpty();
        b.pathIsEmpty();
      }
      if (next > end) {
        sim.now = end;
        step();
        return done.getAsBoolean();
      }
      sim.now = Math.max(next, sim.now + 1_000);
    }
  }

  /** Everybody shuts down and reads on: undisturbed, everything must end in order. */
  private void windUp() {
    a.calmDown();
    b.calmDown();
    for (int i = 0; i < 4_000 && a.live() + b.live() > 0; i++) {
      a.windUp();
      b.windUp();
      runUntil(() -> a.live() + b.live() == 0, 10 * SECOND);
    }
    if (!hostile) {
      a.liveOnes().forEach(c -> mayLive(c, b));
      b.liveOnes().forEach(c -> mayLive(c, a));
      a.all.forEach(Ledger::compareWithPeer);
      b.all.forEach(Ledger::compareWithPeer);
      check();
    }
    a.closeAll();
    b.closeAll();
    runUntil(() -> a.live() + b.live() == 0, 10 * SECOND);
    a.abortAll();
    b.abortAll();
    require(a.live() + b.live() == 0, () -> "aborted, but live");
  }

  /** In FIN-WAIT-2 a half-closed connection may wait for ever, for a peer that has gone. */
  private void mayLive(Ledger c, Monkey other) {
    boolean peerHasGone =
        other.all.stream().anyMatch(d -> d.path.equals(c.path))
            && other.liveOnes().stream().noneMatch(d -> d.path.equals(c.path));
    require(
        peerHasGone && c.shut && c.isAllAcknowledged() && !c.peerClosed, () -> "never ended: " + c);
  }

  private void nothingIsLeft() {
    boolean empty =
        runUntil(
            () ->
                sim.memoryA.records(RecordClass.IPV4).size()
                        + sim.memoryB.records(RecordClass.IPV4).size()
                        + sim.a.timeWaits()
                        + sim.b.timeWaits()
                    == 0,
            1_000 * SECOND);
    require(
        empty,
        () ->
            "records left: "
                + sim.a.connections()
                + "+"
                + sim.a.timeWaits()
                + ", "
                + sim.b.connections()
                + "+"
                + sim.b.timeWaits());
    equal(0, sim.memoryA.blocks().inUse(), "blocks of a");
    equal(0, sim.memoryB.blocks().inUse(), "blocks of b");
    equal(a.framesKept(), sim.memoryA.frames().inUse(), "frames of a");
    equal(b.framesKept(), sim.memoryB.frames().inUse(), "frames of b");
    a.dropKept();
    b.dropKept();
    equal(0, sim.a.timeWaits() + sim.b.timeWaits(), "TIME-WAITs");
    equal(0, sim.a.connections() + sim.b.connections(), "connections");
    runUntil(() -> false, 200 * SECOND); // hints that were overtaken
    long idle = Math.min(sim.a.nextDeadlineNanos(), sim.b.nextDeadlineNanos());
    require(idle > sim.now + 3_600 * SECOND, () -> "a timer without a connection");
  }

  /** I7: what has happened leaves the contexts as good as new. */
  private void stillAlive() {
    a.listenAll();
    b.listenAll();
    Ledger c = a.connectCalmly();
    require(c != null, () -> "no fresh connection");
    runUntil(() -> c.opened || c.isOver(), 100 * SECOND);
    require(c.opened, () -> "a fresh connection does not open: " + c);
    require(a.sendCalmly(c, 3), () -> "does not send");
    runUntil(() -> !b.liveOnes().isEmpty(), 100 * SECOND);
    require(!b.liveOnes().isEmpty(), () -> "nobody accepts: " + c);
    Ledger d = b.liveOnes().getFirst();
    require(b.sendCalmly(d, 2), () -> "does not answer");
    runUntil(() -> d.receivedBytes == 3 && c.receivedBytes == 2, 1_000 * SECOND);
    require(d.receivedBytes == 3 && c.receivedBytes == 2, () -> "no echo: " + c + d);
    a.windUp();
    b.windUp();
    runUntil(() -> a.live() + b.live() == 0, 1_000 * SECOND);
    require(a.live() + b.live() == 0, () -> "the fresh connection does not end: " + c + d);
  }

  private void equal(long expected, long is, String of) {
    require(expected == is, () -> is + " " + of + " in use, not " + expected);
  }

  private void require(boolean holds, Supplier<String> otherwise) {
    if (!holds) {
      faults.add(otherwise.get());
      check();
    }
  }

  private void check() {
    assertTrue(
        faults.isEmpty(),
        () ->
            what
                + "\n "
                + String.join("\n ", faults.subList(0, Math.min(5, faults.size())))
                + "\n a "
                + sim.a.counters().nonZero()
                + "\n b "
                + sim.b.counters().nonZero());
  }
}
