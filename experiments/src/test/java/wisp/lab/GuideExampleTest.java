package wisp.lab;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.EcnMode;
import wisp.core.spi.FastOpenMode;
import wisp.core.spi.StrategyConfig;
import wisp.core.stack.ConnectionHandler;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.core.stack.ContextConfig;
import wisp.core.stack.Endpoint;
import wisp.core.stack.KeepAlive;
import wisp.core.stack.ListenConfig;
import wisp.drivers.inmemory.InMemoryPipe;
import wisp.pools.Strategies;

@DisplayName("What docs/using.md shows")
class GuideExampleTest {
  private static final long SECOND = 1_000_000_000L;

  private static long example(
      Context context, Endpoint server, ConnectionHandler handler, int request) {
    // Guide: from here
    var profile =
        ConnectionProfile.DEFAULT.with(
            b -> {
              b.nagle = false;
              b.congestionControl = "newreno";
              b.ecn = EcnMode.ACCURATE;
              b.keepAlive = KeepAlive.every(60 * SECOND, 10 * SECOND, 3);
              b.retransmissionLimitNanos = 30 * SECOND; // the user timeout
              b.userTimeoutOption = true; // and the peer is told
              b.fastOpen = FastOpenMode.ON; // as a client
            });
    var config = ListenConfig.DEFAULT.with(b -> b.fastOpens = 64); // as a server
    context.listen(Endpoint.any(7), profile, handler, config);
    // On the SYN, if it may:
    long connection = context.connect(null, server, profile, handler, request);
    context.release(request);

    context.changeNagle(connection, true); // one connection otherwise than its profile
    context.changeKeepAlive(connection, KeepAlive.OFF);
    context.changeUserTimeout(connection, 5 * SECOND);
    context.close(connection, 2 * SECOND); // what is unconfirmed after that is given up
    // Guide: to here
    return connection;
  }

  @Test
  void itRuns() {
    var pipe = new InMemoryPipe();
    var memory = Strategies.provider("heap").create(StrategyConfig.forConnections(10, 1));
    var context =
        new Context(
            ContextConfig.of(IpPrefix.parse("10.8.0.0/16")),
            memory,
            pipe.a(),
            new SplittableRandom(1)::nextLong);
    int request = context.frame(100);
    long connection =
        example(context, Endpoint.of("10.9.1.1", 7), (c, handle, m, offset, length) -> {}, request);
    assertTrue(connection >= 0, "connect refused: " + connection);
    context.close();
    memory.close();
    pipe.close();
  }

  @Test
  @DisplayName("white space apart")
  void theGuideShowsThis() throws IOException {
    ShownCode.assertShown(GuideExampleTest.class, "Guide", "docs/using.md");
  }
}
