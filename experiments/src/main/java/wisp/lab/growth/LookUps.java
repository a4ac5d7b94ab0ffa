package wisp.lab.growth;

import java.util.SplittableRandom;
import wisp.core.spi.RecordClass;
import wisp.core.spi.RecordStore;
import wisp.lab.phantom.PhantomPeers;

/** What finding a record costs, and touching it, for connections in no order. */
final class LookUps {
  private static final int BURST = 32;
  private static final int COUNT = 1 << 20;
  private static final int WARM_UP = 1 << 17;
  private final RecordStore records;
  private final PhantomPeers peers;
  private final long connections;
  private final int binding;
  private final SplittableRandom random = new SplittableRandom(11);
  private final long[] numbers = new long[BURST];
  private long touched;

  /** All phantoms from 0 to {@code connections} − 1 must be connected. */
  LookUps(RecordStore records, PhantomPeers peers, long connections) {
    this.records = records;
    this.peers = peers;
    this.connections = connections;
    int slot = 0;
    while (!records.isLive(slot)) {
      slot++;
    }
    binding = records.tail(slot) & 0xFFFF;
  }

  /** Nanoseconds each, one after the other. */
  double single() {
    time(WARM_UP, false);
    return time(COUNT, false);
  }

  /** Nanoseconds each, as a burst of packets is looked up: index lines fetched first. */
  double inBursts() {
    time(WARM_UP, true);
    return time(COUNT, true);
  }

  private double time(int count, boolean fetch) {
    long start = System.nanoTime();
    for (int done = 0; done < count; done += BURST) {
      for (int i = 0; i < BURST; i++) {
        numbers[i] = random.nextLong(connections);
        if (fetch) {
          records.prefetchIndex(0, address(numbers[i]), tail(numbers[i]));
        }
      }
      for (long number : numbers) {
        int slot = records.find(0, address(number), tail(number));
        if (slot == RecordStore.NONE) {
          throw new IllegalStateException("phantom " + number + " is not found");
        }
        touched += records.get(slot, 0);
      }
    }
    return (System.nanoTime() - start) / (double) count;
  }

  private long address(long number) {
    return RecordClass.mappedLow(peers.address(number));
  }

  private int tail(long number) {
    return peers.port(number) << 16 | binding;
  }

  /** So that nothing of it can be left out. */
  long touched() {
    return touched;
  }
}
