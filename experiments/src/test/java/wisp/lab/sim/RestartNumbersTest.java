package wisp.lab.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import wisp.core.Counters.Event;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;
import wisp.core.stack.ConnectionHandler;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.core.stack.Endpoint;
import wisp.drivers.inmemory.InMemoryPipe;
import wisp.pools.Strategies;

@DisplayName("mapped: numbers that the records leave to notes mean the same in every later process")
class RestartNumbersTest {
  private static final int WINDOW = 1 << 20;
  private static final int ANOTHER_WINDOW = 20_000;
  private static final int UNUSUAL_MSS = 777;
  private static final Endpoint SERVER = new Endpoint(wisp.core.ip.IpAddress.parse("10.0.0.1"), 7);
  @TempDir private Path folder;

  private final InMemoryPipe pipe = new InMemoryPipe();
  private final SplittableRandom random = new SplittableRandom(1);
  private MemoryStrategy memoryA;
  private MemoryStrategy memoryB;
  private Context a;
  private Context b;
  private long now;

  private long lastHeard;

  private final class Sink implements ConnectionHandler {
    @Override
    public String name() {
      return "sink";
    }

    @Override
    public void onData(Context context, long connection, MemorySegment m, long at, int length) {
      lastHeard = connection;
    }
  }

  private StrategyConfig strategy(Map<String, String> parameters) {
    return new StrategyConfig(RecordStore.STATE_WORDS, 1_000, 0, 1, 2, parameters);
  }

  private void begin(int window) {
    memoryA =
        Strategies.provider("mapped")
            .create(strategy(Map.of("file", folder.resolve("memory").toString(), "slab", "128Ki")));
    var config = Simulation.config("10.0.0.1").with(c -> c.receiveWindowBytes = window);
    a = new Context(config, memoryA, pipe.a(), random::nextLong);
    a.listen(Endpoint.any(7), ConnectionProfile.NO_DELAY, new Sink());
  }

  private void restart(int window) {
    a.handOver();
    memoryA.close();
    begin(window);
    run(1_000);
  }

  @BeforeEach
  void begin() {
    begin(WINDOW);
    memoryB = Strategies.provider("slab").create(strategy(Map.of()));
    b = new Context(Simulation.config("10.0.0.2"), memoryB, pipe.b(), random::nextLong);
  }

  @AfterEach
  void end() {
    a.close();
    b.close();
    memoryA.close();
    memoryB.close();
    pipe.close();
  }

  private void run(int millis) {
    for (int i = 0; i < millis; i++) {
      now += 1_000_000;
      while (a.poll(now) + b.poll(now) > 0) {
        // until both are quiet
      }
    }
  }

  private long connect(ConnectionProfile profile) {
    long connection = b.connect(null, SERVER, profile, new Sink());
    run(100);
    say(connection);
    return connection;
  }

  private void say(long connection) {
    int frame = b.frame(1);
    b.send(connection, frame);
    b.release(frame);
    run(1_000);
  }

  private int offered(long connection) {
    var info = b.info(connection);
    assertNotNull(info);
    return info.sendWindowBytes();
  }

  @Test
  void givenLaterProcessesWithAnotherWindow_whenRestartedTwice_thenTheWindowAgreedOnIsOffered() {
    long connection = connect(ConnectionProfile.DEFAULT);
    int agreed = offered(connection);
    for (int generation = 0; generation < 3; generation++) {
      restart(ANOTHER_WINDOW);
      say(connection);
      assertEquals(agreed, offered(connection), "after " + (generation + 1) + " restarts");
    }
    assertEquals(1, a.counters().get(Event.RECORDS_RESTORED));
  }

  @Test
  void givenAnUnusualMss_whenRestartedTwice_thenItIsKept() {
    long connection = connect(ConnectionProfile.DEFAULT.with(p -> p.mssLimit = UNUSUAL_MSS));
    int mss = a.info(lastHeard).mssBytes();
    for (int generation = 0; generation < 2; generation++) {
      restart(WINDOW);
      say(connection);
      assertEquals(mss, a.info(lastHeard).mssBytes());
    }
  }
}
