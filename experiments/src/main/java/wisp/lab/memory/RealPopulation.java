package wisp.lab.memory;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.LongConsumer;
import wisp.core.ip.IpAddress;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.Footprint;
import wisp.core.spi.MemoryStrategy;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.core.stack.ContextConfig;
import wisp.core.stack.Endpoint;
import wisp.drivers.inmemory.InMemoryPipe;
import wisp.lab.FailedException;

/** Two contexts in one JVM, each with a strategy of the same kind; both ends are counted. */
final class RealPopulation implements Population {
  private static final Endpoint SERVER = Endpoint.of("10.9.1.1", 7);
  private static final int FIRST_CLIENT = 10 << 24 | 8 << 16;
  private static final int FIRST_PORT = 1024;
  private static final int PORTS = 60_000;
  private static final int MOST_HALF_OPEN = 512;
  private final VirtualClock clock = new VirtualClock();
  private final IdleHandler accepted = new IdleHandler();
  private final IdleHandler opened = new IdleHandler();
  private final InMemoryPipe pipe = new InMemoryPipe();
  private final MemoryStrategy serverMemory;
  private final MemoryStrategy clientMemory;
  private final Context server;
  private final Context client;
  private long asked;

  RealPopulation(MemoryStrategy serverMemory, MemoryStrategy clientMemory, long seed) {
    this.serverMemory = serverMemory;
    this.clientMemory = clientMemory;
    var random = new SplittableRandom(seed);
    server =
        new Context(
            ContextConfig.of(IpPrefix.parse("10.9.1.0/24")),
            serverMemory,
            pipe.a(),
            random.split()::nextLong);
    client =
        new Context(
            ContextConfig.of(IpPrefix.parse("10.8.0.0/16")),
            clientMemory,
            pipe.b(),
            random.split()::nextLong);
    server.listen(SERVER, ConnectionProfile.DEFAULT, accepted);
  }

  @Override
  public void establish(long total, LongConsumer progress) {
    long limit = clock.nowNanos() + SETTLE_NANOS;
    long polls = 0;
    while (accepted.open() < total || opened.open() < total) {
      while (asked < total && asked - accepted.open() < MOST_HALF_OPEN) {
        connect(asked++);
      }
      if (poll() == 0 && !clock.skip(limit, server, client)) {
        throw new FailedException(
            "only "
                + accepted.open()
                + " of "
                + total
                + " connections were made: "
                + server.counters().nonZero()
                + " / "
                + client.counters().nonZero());
      }
      if ((++polls & 0xFFF) == 0) {
        progress.accept(accepted.open());
      }
    }
  }

  private void connect(long number) {
    // Ports are given, lest the search for a free one be what is measured.
    var local =
        new Endpoint(
            IpAddress.ofIpv4(FIRST_CLIENT + 1 + (int) (number / PORTS)),
            FIRST_PORT + (int) (number % PORTS));
    long connection = client.connect(local, SERVER, ConnectionProfile.DEFAULT, opened);
    if (connection < 0) {
      throw new FailedException("connection " + number + " was refused with code " + connection);
    }
  }

  private int poll() {
    clock.tick();
    return server.poll(clock.nowNanos()) + client.poll(clock.nowNanos());
  }

  @Override
  public void settle() {
    long limit = clock.nowNanos() + SETTLE_NANOS;
    while (poll() > 0 || clock.skip(limit, server, client)) {
      // the loop's condition does the work
    }
  }

  @Override
  public long endpoints() {
    return (long) server.connections() + client.connections();
  }

  @Override
  public void footprint(Footprint into) {
    server.footprint(into);
    client.footprint(into);
  }

  @Override
  public Map<String, Double> facts() {
    var facts = new LinkedHashMap<String, Double>();
    facts.put("accepted", (double) accepted.open());
    facts.put("opened", (double) opened.open());
    facts.put("drops", (double) (server.counters().drops() + client.counters().drops()));
    return facts;
  }

  @Override
  public void close() {
    server.close();
    client.close();
    serverMemory.close();
    clientMemory.close();
    pipe.close();
  }
}
