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
import wisp.lab.phantom.ListeningPhantoms;
import wisp.lab.phantom.PhantomPeers;
import wisp.lab.suite.Catalog;

/**
 * What a sent segment costs, from {@code send} to the ACK that releases the frame: one operation is
 * one segment. All connections send the same frame by reference; each time another one, chosen at
 * random, that slept until then and sleeps again afterwards: with many connections every record is
 * a cache miss, and every send borrows a block. {@code peersOnly} is what the phantoms themselves
 * cost: subtract it. Add {@code -prof gc} to see bytes allocated.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
@State(Scope.Thread)
@SuppressWarnings("NullAway.Init") // JMH calls setUp before anything else
public class SendPath {
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
  private final SplittableRandom random = new SplittableRandom(1);
  private Opened opened;
  private MemoryStrategy memory;
  private ListeningPhantoms peers;
  private Context context;
  private int frame;
  private long refused;
  private long now;

  private static final class Opened implements ConnectionHandler {
    private final long[] handles;
    private int count;
    private long released;

    Opened(int connections) {
      handles = new long[connections];
    }

    @Override
    public void onOpen(Context context, long connection) {
      handles[count++] = connection;
    }

    @Override
    public void onData(
        Context context, long connection, MemorySegment memory, long offset, int length) {}

    @Override
    public void onReleased(Context context, long connection, int frame, int acknowledged) {
      released++;
    }
  }

  /** Makes all connections, by real handshakes. */
  @Setup
  public void setUp() {
    opened = new Opened(connections);
    memory = Catalog.strategy(strategy).create(StrategyConfig.forConnections(connections, 1));
    peers = new ListeningPhantoms(new PhantomPeers(1), SERVER, connections);
    context =
        new Context(
            ContextConfig.of(IpPrefix.parse("10.9.1.0/24")), memory, peers, random::nextLong);
    context.listen(SERVER, ConnectionProfile.NO_DELAY, opened);
    while (opened.count < connections) {
      poll();
    }
    for (int i = 0; i < 1_000; i++) {
      poll(); // what is still to be sent after the last handshake
    }
    frame = context.frame(payload);
    peers.listen();
  }

  private int poll() {
    now += POLL_NANOS;
    peers.clock(now);
    return context.poll(now);
  }

  /** The whole way. */
  @Benchmark
  @OperationsPerInvocation(Burst.CAPACITY)
  public long send() {
    for (int i = 0; i < Burst.CAPACITY; i++) {
      if (!context.send(opened.handles[random.nextInt(connections)], frame)) {
        refused++;
      }
    }
    poll();
    return opened.released;
  }

  /** The phantoms alone. */
  @Benchmark
  @OperationsPerInvocation(Burst.CAPACITY)
  public void peersOnly(Blackhole hole) {
    for (int i = 0; i < Burst.CAPACITY; i++) {
      peers.hear(random.nextInt(connections), payload);
    }
    burst.clear();
    hole.consume(peers.receive(burst));
  }

  /** Ends it, and tells when not all was sent: then the figures mean nothing. */
  @TearDown
  public void tearDown() {
    long drops = context.counters().drops();
    if (drops + refused > 0) {
      System.err.println(refused + " refused, dropped: " + context.counters().nonZero());
    }
    context.release(frame);
    context.close();
    memory.close();
    peers.close();
  }
}
