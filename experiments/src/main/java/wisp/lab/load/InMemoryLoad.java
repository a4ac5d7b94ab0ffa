package wisp.lab.load;

import java.util.SplittableRandom;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.MemoryStrategy;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.core.stack.ContextConfig;
import wisp.core.stack.Endpoint;
import wisp.drivers.inmemory.InMemoryPipe;
import wisp.lab.serve.Service;
import wisp.lab.serve.Services;

/** Load between two stacks in one JVM, on one thread, by the real clock. */
public final class InMemoryLoad {
  /** Where the echo listens. */
  public static final Endpoint SERVER = Endpoint.of("10.9.1.1", 7);

  private InMemoryLoad() {}

  /**
   * Runs a plan against an echo of our own; both memories are closed, and complain if something is
   * left.
   */
  public static Load run(
      LoadPlan plan, MemoryStrategy serverMemory, MemoryStrategy clientMemory, long timeoutNanos) {
    var random = new SplittableRandom(plan.seed());
    var load = new Load(plan);
    Service echo = Services.named("echo");
    try (serverMemory;
        clientMemory;
        var pipe =
            new InMemoryPipe(InMemoryPipe.DEFAULT_MTU, 4096, wisp.core.spi.LinkOffloads.NONE);
        var server =
            new Context(
                ContextConfig.of(IpPrefix.parse("10.9.1.0/24")),
                serverMemory,
                pipe.a(),
                random.split()::nextLong);
        var client =
            new Context(
                ContextConfig.of(IpPrefix.parse("10.8.0.0/16")),
                clientMemory,
                pipe.b(),
                random.split()::nextLong)) {
      server.listen(SERVER, ConnectionProfile.NO_DELAY, echo);
      long start = System.nanoTime();
      long now = 0;
      while (!load.isDone() && now < timeoutNanos) {
        now = System.nanoTime() - start;
        int handled = client.poll(now) + server.poll(now);
        echo.retry(server);
        load.work(client, now);
        if (handled == 0) {
          Thread.onSpinWait();
        }
      }
    }
    return load;
  }
}
