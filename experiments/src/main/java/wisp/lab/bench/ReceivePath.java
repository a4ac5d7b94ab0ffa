package wisp.lab.bench;

import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.Burst;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.StrategyConfig;
import wisp.core.stack.ConnectionHandler;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.core.stack.ContextConfig;
import wisp.core.stack.Endpoint;
import wisp.lab.phantom.PhantomPeers;
import wisp.lab.phantom.TalkingPhantoms;
import wisp.lab.suite.Catalog;

/**
 * What a received segment costs, from the link's burst to {@code onData} and the ACK: one operation
 * is one segment. Each belongs to a connection chosen at random, so that with many connections
 * every record is a cache miss. {@code peersOnly} is what the phantoms themselves cost: subtract
 * it. Add {@code -prof gc} to see bytes allocated.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@State(Scope.Thread)
@SuppressWarnings("NullAway.Init") // JMH calls setUp before anything else
public class ReceivePath {
  private static final Endpoint SERVER = Endpoint.of("10.9.1.1", 7);
  private static final long POLL_NANOS = 10_000;

  /** Where connections live. */
  @Param({"slab"})
  public String strategy;

  /** How many there are. */
  @Param({"1000", "1000000"})
  public int connections;

  /** Bytes in each segment. */
  @Param({"64", "1448"})
  public int payload;

  private final Burst burst = new Burst();
  private final Counting handler = new Counting();
  private MemoryStrategy memory;
  private TalkingPhantoms peers;
  private Context context;
  private long now;

  private static final class Counting implements ConnectionHandler {
    private long bytes;
    private int open;

    @Override
    public void onOpen(Context context, long connection) {
      open++;
    }

    @Override
    public void onData(
        Context context, long connection, MemorySegment memory, long offset, int length) {
      bytes += length;
    }
  }

  /** Makes all connections, by real handshakes. */
  @Setup
  public void setUp() {
    var random = new SplittableRandom(1);
    memory = Catalog.strategy(strategy).create(StrategyConfig.forConnections(connections, 1));
    peers = new TalkingPhantoms(new PhantomPeers(1), SERVER, connections, payload, 1);
    context =
        new Context(
            ContextConfig.of(IpPrefix.parse("10.9.1.0/24")), memory, peers, random::nextLong);
    context.listen(SERVER, ConnectionProfile.DEFAULT, handler);
    while (handler.open < connections) {
      poll();
    }
    for (int i = 0; i < 1_000; i++) {
      poll(); // what is still to be sent after the last handshake
    }
    peers.talk();
  }

  private int poll() {
    now += POLL_NANOS;
    peers.clock(now);
    return context.poll(now);
  }

  /** The whole way. */
  @Benchmark
  @OperationsPerInvocation(Burst.CAPACITY)
  public long receive() {
    poll();
    return handler.bytes;
  }

  /** The phantoms alone. */
  @Benchmark
  @OperationsPerInvocation(Burst.CAPACITY)
  public void peersOnly(Blackhole hole) {
    burst.clear();
    hole.consume(peers.receive(burst));
  }

  /** Ends it, and tells when not all arrived: then the figures mean nothing. */
  @TearDown
  public void tearDown() {
    long drops = context.counters().drops();
    if (drops > 0) {
      System.err.println("dropped: " + context.counters().nonZero());
    }
    context.close();
    memory.close();
    peers.close();
  }
}
