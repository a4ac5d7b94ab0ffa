package wisp.lab.sim;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import wisp.core.Counters.Event;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;
import wisp.core.stack.ConnectionHandler;
import wisp.core.stack.ConnectionInfo;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.core.stack.Endpoint;
import wisp.drivers.inmemory.InMemoryPipe;
import wisp.pools.Strategies;
import wisp.pools.mapped.MappedStrategy;

/**
 * A server on {@code mapped}, one process after the other on the same file, and a client whose
 * process never ends, over a perfect path. Time stands still unless {@link #run} is called.
 */
final class Generations implements AutoCloseable {
  static final Endpoint SERVER = new Endpoint(wisp.core.ip.IpAddress.parse("10.0.0.1"), 7);

  final Context client;
  Context server;
  MappedStrategy serverMemory;
  private final MemoryStrategy clientMemory;
  private final InMemoryPipe pipe = new InMemoryPipe();
  private final SplittableRandom random = new SplittableRandom(1);
  private final Map<Long, Integer> timestamps = MortalLink.noTimestamps();
  private final Path folder;
  private MortalLink mortal;
  private Path file;
  private int copies;
  private long now;

  Generations(Path folder) {
    this.folder = folder;
    file = folder.resolve("memory");
    clientMemory = Strategies.provider("slab").create(strategy(Map.of()));
    client = new Context(Simulation.config("10.0.0.2"), clientMemory, pipe.b(), random::nextLong);
  }

  private static StrategyConfig strategy(Map<String, String> parameters) {
    return new StrategyConfig(RecordStore.STATE_WORDS, 1_000, 0, 1, 2, parameters);
  }

  /** The first server, or the next one. */
  void begin(ConnectionHandler handler, int window, Map<String, String> more) {
    var parameters = new HashMap<>(more);
    parameters.put("file", file.toString());
    parameters.put("slab", "128Ki");
    serverMemory = (MappedStrategy) Strategies.provider("mapped").create(strategy(parameters));
    mortal = new MortalLink(pipe.a(), () -> {}, timestamps);
    var config = Simulation.config("10.0.0.1").with(c -> c.receiveWindowBytes = window);
    server = new Context(config, serverMemory, mortal, random::nextLong);
    server.listen(Endpoint.any(7), ConnectionProfile.NO_DELAY, handler);
  }

  /** Ends the server in order, with all it has left to the next one. */
  void handOver() {
    server.handOver();
    serverMemory.close();
  }

  /** What the next one finds is what a kill at this very moment leaves; from anywhere. */
  void kill() {
    Path copy = folder.resolve("copy" + copies++);
    try {
      Files.copy(file, copy);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    file = copy;
    mortal.dead = true;
  }

  /**
   * Kills it when it has sent something and is about to store what it knows of it.
   *
   * @param doing what sends something
   */
  void killWhenSomethingHasLeft(Runnable doing) {
    int before = mortal.sent;
    serverMemory.beforeStores(
        () -> {
          if (mortal.sent > before && !mortal.dead) {
            kill();
          }
        });
    doing.run();
    serverMemory.beforeStores(() -> {});
    if (!mortal.dead) {
      throw new AssertionError("nothing left, or nothing was stored afterwards");
    }
  }

  void run(int millis) {
    for (int i = 0; i < millis; i++) {
      now += 1_000_000;
      while (server.poll(now) + client.poll(now) > 0) {
        // until both are quiet
      }
    }
  }

  /** The server alone, once: what it sends stays on the way. */
  void pollServer() {
    server.poll(now);
  }

  long connect(ConnectionProfile profile, ConnectionHandler handler) {
    long connection = client.connect(null, SERVER, profile, handler);
    run(100);
    return connection;
  }

  /** The client says so many bytes; they are on their way. */
  void say(long connection, int length) {
    int frame = client.frame(length);
    if (!client.send(connection, frame)) {
      throw new AssertionError("no memory for the client");
    }
    client.release(frame);
  }

  ConnectionInfo seenByClient(long connection) {
    var info = client.info(connection);
    assertNotNull(info);
    return info;
  }

  long count(Event event) {
    return server.counters().get(event);
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
