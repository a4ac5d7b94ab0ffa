package wisp.lab.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import wisp.core.Counters.Event;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;
import wisp.core.stack.CloseReason;
import wisp.core.stack.ConnectionHandler;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.core.stack.ContextConfig;
import wisp.core.stack.Endpoint;
import wisp.lab.suite.Catalog;

@DisplayName("mapped: what a handler is told of connections from a former process")
class RestoredHandlerTest {
  private static final long MS = 1_000_000L;
  private static final Endpoint SERVICE = Endpoint.of("10.2.0.1", 80);

  @TempDir private Path folder;
  private final LossyPair path = new LossyPair(MS);
  private final MemoryStrategy clientMemory = memory("heap", Map.of());
  private final Context client = context("10.1.0.1", clientMemory, path.left);
  private final List<String> told = new ArrayList<>();

  /** Notes what it is told, and fails when it is told of a former process. */
  private final class Teller implements ConnectionHandler {
    @Override
    public String name() {
      return "teller";
    }

    @Override
    public void onOpen(Context c, long connection) {
      told.add("open");
    }

    @Override
    public void onRestored(Context c, long connection) {
      told.add("restored");
      throw new IllegalStateException("a handler's own fault");
    }

    @Override
    public void onData(Context c, long connection, MemorySegment m, long offset, int length) {
      told.add("data");
    }

    @Override
    public void onClosed(Context c, long connection, CloseReason reason) {
      told.add("closed by " + reason.getClass().getSimpleName());
    }
  }

  private static MemoryStrategy memory(String name, Map<String, String> parameters) {
    return Catalog.strategy(name)
        .create(new StrategyConfig(RecordStore.STATE_WORDS, 10, 0, 1, 2, parameters));
  }

  private MemoryStrategy file() {
    return memory("mapped", Map.of("file", folder.resolve("connections").toString()));
  }

  private static Context context(String address, MemoryStrategy memory, LossyPair.End link) {
    return new Context(
        ContextConfig.of(IpPrefix.parse(address)),
        memory,
        link,
        new SplittableRandom(address.hashCode())::nextLong);
  }

  private Context server(MemoryStrategy memory) {
    var server = context("10.2.0.1", memory, path.right);
    server.listen(Endpoint.any(80), ConnectionProfile.NO_DELAY, new Teller());
    return server;
  }

  private void run(Context server, int millis) {
    for (int i = 0; i < millis; i++) {
      path.nowNanos += MS;
      client.poll(path.nowNanos);
      server.poll(path.nowNanos);
    }
  }

  /** A connection whose server has handed it over to a next process, which has not begun yet. */
  private long handedOver() {
    var memory = file();
    var server = server(memory);
    long connection =
        client.connect(
            null, SERVICE, ConnectionProfile.NO_DELAY, (c, handle, m, offset, length) -> {});
    run(server, 100);
    assertEquals(List.of("open"), told);
    told.clear();
    server.handOver();
    memory.close();
    return connection;
  }

  @AfterEach
  void close() {
    client.close();
    clientMemory.close();
    path.close();
  }

  @Test
  void givenAHandlerThatFailsToGoOn_whenTextComes_thenTheConnectionIsResetAndItHearsNoMore() {
    long connection = handedOver();
    var memory = file();
    var server = server(memory);
    int frame = client.frame(10);
    assertTrue(client.send(connection, frame));
    client.release(frame);
    run(server, 10);
    assertEquals(List.of("restored", "closed by HandlerFailed"), told);
    assertEquals(0, server.connections());
    server.close();
    memory.close();
  }

  @Test
  void givenAHandlerThatFailsToGoOn_whenItsConnectionEndsFirst_thenItHearsOfTheEndAllTheSame() {
    long connection = handedOver();
    client.abort(connection);
    path.nowNanos += 5 * MS;
    client.poll(path.nowNanos);
    path.nowNanos += 5 * MS;
    var memory = file();
    var server = server(memory);
    server.poll(path.nowNanos);
    assertEquals(List.of("restored", "closed by ResetByPeer"), told);
    assertEquals(1, server.counters().get(Event.HANDLER_FAILURES));
    server.close();
    memory.close();
  }
}
