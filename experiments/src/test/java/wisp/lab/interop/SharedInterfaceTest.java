package wisp.lab.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.security.SecureRandom;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.core.stack.ContextConfig;
import wisp.core.stack.Endpoint;
import wisp.drivers.Links;
import wisp.lab.run.StackThread;
import wisp.lab.serve.Service;
import wisp.lab.serve.Services;
import wisp.lab.suite.Catalog;

@DisplayName(
    "Two contexts on one interface: each connection is at one of them from its SYN to its end")
@Tag("interop")
@Timeout(60)
class SharedInterfaceTest {
  private static final int CONNECTIONS = 64;
  private static final long BYTES = 256 << 10;

  @ParameterizedTest
  @ValueSource(strings = {"hash", "cbpf"})
  void whenManyEcho_thenBothHaveSomeAndNoneIsReset(String mode) throws Exception {
    try (var namespace = new Namespace()) {
      namespace.veth("ours", "wisp0", KernelLab.KERNEL + "/16");
      String link = "afpacket:ours,fanout=1/" + mode + ",netns=" + namespace.name();
      try (var first = new Station(link);
          var second = new Station(link)) {
        first.start();
        second.start();
        echo(namespace);
        assertEquals(CONNECTIONS, first.count(Event.ACCEPTED) + second.count(Event.ACCEPTED));
        assertTrue(first.count(Event.ACCEPTED) > CONNECTIONS / 8, "the first has too few");
        assertTrue(second.count(Event.ACCEPTED) > CONNECTIONS / 8, "the second has too few");
        assertEquals(0, first.count(Event.RESETS_SENT) + second.count(Event.RESETS_SENT));
      }
    }
  }

  private static void echo(Namespace namespace) throws IOException {
    try (var background = new Background()) {
      for (int i = 0; i < CONNECTIONS; i++) {
        SocketChannel socket = namespace.connect(KernelLab.ours(KernelLab.ECHO));
        background.run(
            () -> {
              Stream.send(socket, BYTES);
              socket.shutdownOutput();
            });
        background.run(
            () -> {
              try (socket) {
                Stream.receive(socket, BYTES);
                Stream.assertEnds(socket);
              }
            });
      }
      background.join();
    }
  }

  /** One of our contexts, with an echo. */
  private static final class Station implements AutoCloseable {
    private final Link link;
    private final MemoryStrategy memory;
    private final Context context;
    private final Service service = Services.named("echo");
    private StackThread thread;

    Station(String spec) throws LinkException {
      link = Links.open(spec);
      var random = new SecureRandom();
      memory =
          Catalog.strategy("slab")
              .create(
                  new StrategyConfig(
                      RecordStore.STATE_WORDS,
                      CONNECTIONS,
                      0,
                      random.nextLong(),
                      random.nextLong(),
                      Map.of()));
      var config =
          ContextConfig.of(IpPrefix.parse("10.9.1.0/24")).withMaxSegmentLifetime(50_000_000);
      context = new Context(config, memory, link, random::nextLong);
      service.start(context);
      context.listen(Endpoint.any(KernelLab.ECHO), ConnectionProfile.NO_DELAY, service);
    }

    void start() {
      thread =
          new StackThread(
              context, link, now -> service.retry(context) ? now + 1_000_000 : Long.MAX_VALUE);
    }

    long count(Event event) {
      return thread.call(c -> c.counters().get(event));
    }

    @Override
    public void close() {
      if (thread != null) {
        thread.close();
      }
      context.close();
      service.stop(context);
      memory.close();
      link.close();
    }
  }
}
