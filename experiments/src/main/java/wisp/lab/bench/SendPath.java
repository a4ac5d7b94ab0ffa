package wisp.lab.bench;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;
import wisp.core.spi.Burst;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.lab.phantom.ListeningPhantoms;

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
@SuppressWarnings("NullAway.Init") // JMH calls setUp before anything else
public class SendPath extends PhantomServer<ListeningPhantoms> {
  private Handles opened;
  private int frame;
  private long refused;

  private static final class Handles extends Opened {
    private final long[] handles;
    private long released;

    Handles(int connections) {
      handles = new long[connections];
    }

    @Override
    public void onOpen(Context context, long connection) {
      handles[count] = connection;
      super.onOpen(context, connection);
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
    opened = new Handles(connections);
    var phantoms = new ListeningPhantoms(peers(), SERVER, connections);
    connectAll(phantoms, ConnectionProfile.NO_DELAY, opened);
    frame = context.frame(payload);
    phantoms.listen();
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

  /** Ends it. */
  @TearDown
  public void tearDown() {
    context.release(frame);
    end(refused);
  }
}
