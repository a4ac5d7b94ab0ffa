package wisp.lab;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Proxy;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.Entropy;
import wisp.core.spi.Link;
import wisp.core.spi.StrategyConfig;
import wisp.core.stack.ConnectionHandler;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.core.stack.ContextConfig;
import wisp.core.stack.Endpoint;
import wisp.drivers.inmemory.InMemoryPipe;
import wisp.pools.Strategies;

@DisplayName("The example of the README: compiled, run, and the same text")
class ReadmeExampleTest {
  private static final String TEXT = "The example works.";
  private final StringBuilder echoed = new StringBuilder();
  private boolean running = true;

  private void example(Link link, Entropy entropy, long seed) {
    // README: from here
    var memory = Strategies.provider("slab").create(StrategyConfig.forConnections(1_000_000, seed));
    var context =
        new Context(ContextConfig.of(IpPrefix.parse("10.9.1.0/24")), memory, link, entropy);

    context.listen(
        Endpoint.any(7),
        ConnectionProfile.DEFAULT,
        new ConnectionHandler() { // one for all connections
          @Override
          public void onData(
              Context context, long connection, MemorySegment memory, long offset, int length) {
            int frame = context.frame(length); // yours: one reference
            MemorySegment.copy(memory, offset, context.memory(frame), context.start(frame), length);
            context.send(connection, frame); // by reference, until acknowledged
            context.release(frame); // your reference; the stack's goes with the last ACK
          }

          @Override
          public void onPeerClosed(Context context, long connection) {
            context.close(connection);
          }
        });
    while (running) {
      if (context.poll(System.nanoTime()) == 0) {
        link.awaitReadable(context.nextDeadlineNanos() - System.nanoTime());
      }
    }
    context.close();
    memory.close(); // complains of what was not given back
    // README: to here
  }

  @Test
  @Timeout(60)
  void itEchoes() {
    Entropy entropy = new SplittableRandom(1)::nextLong;
    var pipe = new InMemoryPipe();
    var memory = Strategies.provider("heap").create(StrategyConfig.forConnections(1, 1));
    var client =
        new Context(ContextConfig.of(IpPrefix.parse("10.8.0.0/16")), memory, pipe.b(), entropy);
    client.connect(null, Endpoint.of("10.9.1.1", 7), ConnectionProfile.DEFAULT, new Client());
    example(whoseWaitPolls(client, pipe.a()), entropy, 1);
    assertEquals(TEXT, echoed.toString());
    client.close();
    memory.close();
    pipe.close();
  }

  /** Says its text, and is content when that is back. */
  private final class Client implements ConnectionHandler {
    @Override
    public void onOpen(Context context, long connection) {
      int frame = context.frame(TEXT.length());
      byte[] bytes = TEXT.getBytes(US_ASCII);
      MemorySegment.copy(
          bytes,
          0,
          context.memory(frame),
          ValueLayout.JAVA_BYTE,
          context.start(frame),
          bytes.length);
      assertTrue(context.send(connection, frame));
      context.release(frame);
    }

    @Override
    public void onData(
        Context context, long connection, MemorySegment memory, long offset, int length) {
      byte[] bytes = memory.asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE);
      echoed.append(new String(bytes, US_ASCII));
      running = echoed.length() < TEXT.length();
    }
  }

  /** The pipe's end; while the example waits for packets the other end gets its turn. */
  private static Link whoseWaitPolls(Context other, Link link) {
    return (Link)
        Proxy.newProxyInstance(
            Link.class.getClassLoader(),
            new Class<?>[] {Link.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("awaitReadable")) {
                other.poll(System.nanoTime());
                return null;
              }
              return method.invoke(link, arguments);
            });
  }

  @Test
  @DisplayName("The README shows what is compiled here, white space apart")
  void theReadmeShowsThis() throws IOException {
    ShownCode.assertShown(ReadmeExampleTest.class, "README", "README.md");
  }
}
