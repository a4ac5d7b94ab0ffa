package wisp.lab.sim;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import wisp.core.ip.IpAddress;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;
import wisp.core.stack.CloseReason;
import wisp.core.stack.ConnectionHandler;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.core.stack.Endpoint;
import wisp.drivers.inmemory.InMemoryPipe;
import wisp.pools.Strategies;
import wisp.pools.mapped.MappedStrategy;

@DisplayName("mapped: what goes from one connection to another never goes twice")
class RestartProxyTest {
  private static final long SECOND = 1_000_000_000L;
  private static final int BYTES = 100;
  private static final Endpoint SERVER = new Endpoint(IpAddress.parse("10.0.0.1"), 7);

  @TempDir private Path folder;
  private final List<Long> connections = new ArrayList<>();
  private final int[] got = new int[2];
  private final boolean[] ended = new boolean[2];
  private MappedStrategy memory;
  private MortalLink link;
  private long now;
  private int stores;

  @Test
  void whenKilledAtAnyStore_thenTheOtherHasItOnceOrTheOneIsReset() throws IOException {
    int kill = 1;
    for (; dies(kill); kill++) {
      String what = "killed at store " + kill + ": " + got[1] + " bytes";
      assertTrue(got[1] == BYTES || got[1] == 0 && ended[0], what);
    }
    assertTrue(kill > 20, "only " + kill + " stores");
  }

  /** A connection's text is passed on to another one; false: it was done before the kill. */
  private boolean dies(int kill) throws IOException {
    connections.clear();
    now = 0;
    for (int i = 0; i < 2; i++) {
      got[i] = 0;
      ended[i] = false;
    }
    Path before = folder.resolve("before" + kill);
    Path after = folder.resolve("after" + kill);
    var clients = Strategies.provider("slab").create(StrategyConfig.forConnections(10, 3));
    try (var pipe = new InMemoryPipe()) {
      Context a = server(pipe, before, 1);
      var b =
          new Context(
              Simulation.config("10.0.0.2"), clients, pipe.b(), new SplittableRandom(9)::nextLong);
      long first = b.connect(null, SERVER, ConnectionProfile.NO_DELAY, new Client(0));
      run(a, b, SECOND);
      b.connect(null, SERVER, ConnectionProfile.NO_DELAY, new Client(1));
      run(a, b, 5 * SECOND); // both sleep
      stores = 0;
      memory.beforeStores(() -> killAt(kill, before, after));
      int frame = b.frame(BYTES);
      b.send(first, frame);
      b.release(frame);
      run(a, b, 1);
      boolean isDead = link.dead;
      if (isDead) {
        abandon();
        a = server(pipe, after, 2);
        run(a, b, 20 * SECOND);
      }
      b.close();
      clients.close();
      a.close();
      memory.close();
      return isDead;
    }
  }

  private void killAt(int kill, Path before, Path after) {
    if (++stores == kill) {
      link.dead = true;
      try {
        Files.copy(before, after);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private void abandon() {
    try {
      memory.close();
    } catch (IllegalStateException e) {
      // leaks, of course
    }
  }

  private Context server(InMemoryPipe pipe, Path file, int generation) {
    var parameters = Map.of("file", file.toString(), "slab", "128Ki");
    memory =
        (MappedStrategy)
            Strategies.provider("mapped")
                .create(new StrategyConfig(RecordStore.STATE_WORDS, 100, 0, 1, 2, parameters));
    memory.wallClock(() -> now / 1_000_000);
    link = new MortalLink(pipe.a(), () -> {}, MortalLink.noTimestamps());
    var random = new SplittableRandom(generation);
    var context = new Context(Simulation.config("10.0.0.1"), memory, link, random::nextLong);
    context.listen(Endpoint.any(7), ConnectionProfile.NO_DELAY, new Proxy());
    return context;
  }

  private void run(Context a, Context b, long nanos) {
    long end = now + nanos;
    do {
      while (a.poll(now) + b.poll(now) > 0) {
        // until nothing is left to do
      }
      long next = Math.min(a.nextDeadlineNanos(), b.nextDeadlineNanos());
      now = Math.min(Math.max(next, now + 1_000), end);
    } while (now < end);
  }

  /** What comes on one connection goes out on the other. */
  private final class Proxy implements ConnectionHandler {
    @Override
    public String name() {
      return "proxy";
    }

    @Override
    public void onOpen(Context context, long connection) {
      connections.add(connection);
    }

    @Override
    public void onData(Context context, long connection, MemorySegment m, long offset, int length) {
      int frame = context.frame(length);
      MemorySegment.copy(m, offset, context.memory(frame), context.start(frame), length);
      context.send(connections.get(connections.get(0) == connection ? 1 : 0), frame);
      context.release(frame);
    }
  }

  private final class Client implements ConnectionHandler {
    private final int number;

    Client(int number) {
      this.number = number;
    }

    @Override
    public void onData(Context context, long connection, MemorySegment m, long offset, int length) {
      got[number] += length;
    }

    @Override
    public void onClosed(Context context, long connection, CloseReason reason) {
      ended[number] |= !(reason instanceof CloseReason.ContextClosed);
    }
  }
}
