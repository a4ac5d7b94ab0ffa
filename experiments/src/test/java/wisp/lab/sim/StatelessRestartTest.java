package wisp.lab.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import wisp.core.Counters.Event;
import wisp.core.ip.IpAddress;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;
import wisp.core.stack.CloseReason;
import wisp.core.stack.ConnectionHandler;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.core.stack.Endpoint;
import wisp.core.stack.ListenConfig;
import wisp.drivers.inmemory.InMemoryPipe;
import wisp.pools.Strategies;

@DisplayName("mapped and stateless accept: the cookies of a former process are ours")
class StatelessRestartTest {
  private static final long SECOND = 1_000_000_000L;
  private static final Endpoint SERVER = new Endpoint(IpAddress.parse("10.0.0.1"), 7);

  @TempDir private Path folder;
  private final InMemoryPipe pipe = new InMemoryPipe();
  private int generation;
  private long now;
  private @Nullable MemoryStrategy memory;

  private Context server() {
    var parameters = Map.of("file", folder.resolve("file").toString(), "slab", "128Ki");
    memory =
        Strategies.provider("mapped")
            .create(new StrategyConfig(RecordStore.STATE_WORDS, 100, 0, 1, 2, parameters));
    ((wisp.pools.mapped.MappedStrategy) memory).wallClock(() -> now / 1_000_000);
    var random = new SplittableRandom(generation++);
    var context = new Context(Simulation.config("10.0.0.1"), memory, pipe.a(), random::nextLong);
    context.listen(
        Endpoint.any(7),
        ConnectionProfile.NO_DELAY,
        new Echo(),
        ListenConfig.DEFAULT.with(b -> b.cookies = ListenConfig.Cookies.STATELESS));
    return context;
  }

  private void run(Context a, Context b, long nanos) {
    long end = now + nanos;
    while (now < end) {
      while (a.poll(now) + b.poll(now) > 0) {
        // until nothing is left to do
      }
      long next = Math.min(a.nextDeadlineNanos(), b.nextDeadlineNanos());
      now = Math.min(Math.max(next, now + 1_000), end);
    }
  }

  /** What becomes of a peer that is silent while the process is replaced. */
  private String speaksAfter(long silenceNanos) {
    var a = server();
    var clients = Strategies.provider("slab").create(StrategyConfig.forConnections(10, 3));
    var random = new SplittableRandom(99);
    var b = new Context(Simulation.config("10.0.0.2"), clients, pipe.b(), random::nextLong);
    var client = new Client();
    long connection = b.connect(null, SERVER, ConnectionProfile.NO_DELAY, client);
    run(a, b, SECOND);
    assertTrue(client.isOpen);
    assertEquals(0, a.connections(), "nothing is kept");
    a.handOver();
    memory.close();
    now += silenceNanos;
    var next = server();
    int frame = b.frame(100);
    b.memory(frame).asSlice(b.start(frame), 100).fill((byte) 'x');
    assertTrue(b.send(connection, frame));
    b.release(frame);
    run(next, b, 5 * SECOND);
    assertEquals(client.got == 100 ? 1 : 0, next.counters().get(Event.ACCEPTED));
    b.close();
    clients.close();
    next.close();
    memory.close();
    pipe.close();
    return client.got + " bytes, " + client.end;
  }

  @Test
  void givenASilentPeer_whenTheProcessIsReplaced_thenItsFirstTextOpensTheConnection() {
    assertEquals("100 bytes, null", speaksAfter(2 * SECOND));
  }

  @Test
  void givenASilentPeer_whenItsCookieIsTooOldByThen_thenItIsReset() {
    assertEquals("0 bytes, ResetByPeer[]", speaksAfter(1_000 * SECOND));
  }

  private static final class Echo implements ConnectionHandler {
    @Override
    public String name() {
      return "echo";
    }

    @Override
    public boolean maySpeakFirst() {
      return false;
    }

    @Override
    public void onData(Context context, long connection, MemorySegment m, long offset, int length) {
      int frame = context.frame(length);
      MemorySegment.copy(
          m,
          ValueLayout.JAVA_BYTE,
          offset,
          context.memory(frame),
          ValueLayout.JAVA_BYTE,
          context.start(frame),
          length);
      assertTrue(context.send(connection, frame));
      context.release(frame);
    }
  }

  private static final class Client implements ConnectionHandler {
    boolean isOpen;
    int got;
    @Nullable CloseReason end;

    @Override
    public void onOpen(Context context, long connection) {
      isOpen = true;
    }

    @Override
    public void onData(Context context, long connection, MemorySegment m, long offset, int length) {
      got += length;
    }

    @Override
    public void onClosed(Context context, long connection, CloseReason reason) {
      if (!(reason instanceof CloseReason.ContextClosed)) {
        end = reason;
      }
    }
  }
}
