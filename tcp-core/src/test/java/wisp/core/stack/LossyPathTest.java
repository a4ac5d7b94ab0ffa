package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import wisp.core.Counters.Event;

@DisplayName("Two stacks over a path that loses, overtakes and copies: all arrives, in good time")
class LossyPathTest {
  private static final long MS = 1_000_000L;
  private static final int BYTES = 2_000_000;

  /** A path's vices, drawn from a seed. */
  private static final class Vices implements SimulatedPath.Mischief {
    private final SplittableRandom random;
    private final double loss;
    private final double overtaken;
    private final double copied;
    private final int lateMillis;
    private final double bytesPerNano;
    private long freeAt;
    int lost;

    Vices(long seed) {
      random = new SplittableRandom(seed);
      loss = pick(0, 0, 0.001, 0.01, 0.03, 0.1);
      overtaken = pick(0, 0, 0.01, 0.05, 0.2);
      copied = pick(0, 0, 0.01, 0.1);
      lateMillis = 1 + random.nextInt(15);
      bytesPerNano = pick(0.00125, 0.0125, 1);
    }

    private double pick(double... values) {
      return values[random.nextInt(values.length)];
    }

    @Override
    public long[] arrivals(boolean forward, byte[] packet, long usual) {
      long at = usual;
      if (forward) { // a bottleneck with a queue of 30 ms
        long begins = Math.max(freeAt, usual);
        if (begins - usual > 30 * MS) {
          lost++;
          return new long[0];
        }
        freeAt = begins + (long) (packet.length / bytesPerNano);
        at = freeAt;
      }
      if (random.nextDouble() < loss) {
        lost += forward ? 1 : 0;
        return new long[0];
      }
      if (random.nextDouble() < overtaken) {
        at += random.nextInt(lateMillis * 1_000) * 1_000L;
      }
      return random.nextDouble() < copied ? new long[] {at, at + MS} : new long[] {at};
    }

    /** A generous upper bound of the milliseconds that a Reno flow would take (RFC 5681). */
    long bound(int bytes) {
      double roundTrip = 20 + lateMillis + 30;
      double perRound = loss == 0 ? 100 : Math.max(1.5, 0.4 / Math.sqrt(loss));
      double byLoss = bytes / 1_448.0 / perRound * roundTrip;
      double byRate = bytes / bytesPerNano / MS;
      return (long) (2 * byLoss + 3 * byRate + 3_000);
    }

    @Override
    public String toString() {
      return "loss %s, overtaken %s by %s ms, copied %s, rate %s"
          .formatted(loss, overtaken, lateMillis, copied, bytesPerNano);
    }
  }

  static LongStream seeds() {
    int first = Integer.getInteger("wisp.lossy.first", 0);
    return LongStream.range(first, first + Integer.getInteger("wisp.lossy.seeds", 60));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void givenAnyVices_whenTwoMegabytesAreSent_thenAllArrivesInGoodTime(long seed) {
    var path = new SimulatedPath(seed % 2 == 1);
    path.stripTimestamps = seed % 3 == 1;
    path.open();
    var vices = new Vices(seed);
    path.mischief = vices;
    long bound = vices.bound(BYTES);
    long took = path.transfer(BYTES, 20 * bound);
    long resent = path.counted(Event.SEGMENTS_RETRANSMITTED);
    if (Boolean.getBoolean("wisp.lossy.print")) {
      System.out.printf(
          "%3d %6d of %6d ms, lost %4d resent %4d time-outs %3d undone %3d: %s%n",
          seed,
          took,
          bound,
          vices.lost,
          resent,
          path.timeouts(),
          path.counted(Event.RECOVERIES_UNDONE),
          vices);
    }
    assertTrue(took <= bound, () -> took + " ms, not within " + bound + ": " + vices);
    path.mischief = (forward, packet, usual) -> new long[] {usual};
    path.run(70_000);
    path.end();
  }
}
