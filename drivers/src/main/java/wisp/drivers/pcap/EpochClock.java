package wisp.drivers.pcap;

import java.time.Instant;
import java.util.function.LongSupplier;

/**
 * Nanoseconds since 1970 that never run back: the wall clock as it was at the beginning, from then
 * on the machine's steady one. Asking allocates nothing.
 */
public final class EpochClock implements LongSupplier {
  private final long offset;

  /** Begins now. */
  public EpochClock() {
    Instant now = Instant.now();
    offset = now.getEpochSecond() * 1_000_000_000L + now.getNano() - System.nanoTime();
  }

  @Override
  public long getAsLong() {
    return offset + System.nanoTime();
  }
}
