package wisp.lab.bench;

import java.util.SplittableRandom;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.Burst;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.StrategyConfig;
import wisp.core.stack.ConnectionHandler;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.core.stack.ContextConfig;
import wisp.core.stack.Endpoint;
import wisp.lab.phantom.ConnectedPhantoms;
import wisp.lab.phantom.PhantomPeers;
import wisp.lab.suite.Catalog;

/** A context with many connections to phantoms: what the benchmarks of its packets begin with. */
@State(Scope.Thread)
@SuppressWarnings("NullAway.Init") // JMH has the subclass set up before anything else
public abstract class PhantomServer<P extends ConnectedPhantoms> {
  static final Endpoint SERVER = Endpoint.of("10.9.1.1", 7);
  private static final long POLL_NANOS = 10_000;
  private static final int POLLS_AFTER_THE_LAST = 1_000;

  /** Where connections live. */
  @Param({"slab"})
  public String strategy;

  /** How many there are. */
  @Param({"1000", "1000000"})
  public int connections;

  /** Bytes in each segment. */
  @Param({"64", "1448"})
  public int payload;

  final Burst burst = new Burst();
  final SplittableRandom random = new SplittableRandom(1);
  P peers;
  Context context;
  private MemoryStrategy memory;
  private long now;

  /** Counts the connections that stand. */
  abstract static class Opened implements ConnectionHandler {
    int count;

    @Override
    public void onOpen(Context context, long connection) {
      count++;
    }
  }

  /** Makes all connections, by real handshakes. */
  final void connectAll(P phantoms, ConnectionProfile profile, Opened opened) {
    memory = Catalog.strategy(strategy).create(StrategyConfig.forConnections(connections, 1));
    peers = phantoms;
    context =
        new Context(
            ContextConfig.of(IpPrefix.parse("10.9.1.0/24")), memory, peers, random::nextLong);
    context.listen(SERVER, profile, opened);
    while (opened.count < connections) {
      poll();
    }
    for (int i = 0; i < POLLS_AFTER_THE_LAST; i++) {
      poll(); // what is still to be sent after the last handshake
    }
  }

  static PhantomPeers peers() {
    return new PhantomPeers(1);
  }

  final int poll() {
    now += POLL_NANOS;
    peers.clock(now);
    return context.poll(now);
  }

  /** Ends it, and tells when something was lost: then the figures mean nothing. */
  final void end(long refused) {
    if (context.counters().drops() + refused > 0) {
      System.err.println(refused + " refused, dropped: " + context.counters().nonZero());
    }
    context.close();
    memory.close();
    peers.close();
  }
}
