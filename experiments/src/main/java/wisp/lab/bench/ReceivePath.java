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
import wisp.lab.phantom.TalkingPhantoms;

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
@SuppressWarnings("NullAway.Init") // JMH calls setUp before anything else
public class ReceivePath extends PhantomServer<TalkingPhantoms> {
  private final Counting handler = new Counting();

  private static final class Counting extends Opened {
    private long bytes;

    @Override
    public void onData(
        Context context, long connection, MemorySegment memory, long offset, int length) {
      bytes += length;
    }
  }

  /** Makes all connections, by real handshakes. */
  @Setup
  public void setUp() {
    var phantoms = new TalkingPhantoms(peers(), SERVER, connections, payload, 1);
    connectAll(phantoms, ConnectionProfile.DEFAULT, handler);
    phantoms.talk();
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

  /** Ends it. */
  @TearDown
  public void tearDown() {
    end(0);
  }
}
