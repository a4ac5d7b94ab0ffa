package wisp.lab.memory;

import java.util.Map;
import java.util.function.LongConsumer;
import wisp.core.spi.Footprint;

/** Connections that a strategy holds, and the peers that hold the other ends. */
interface Population extends AutoCloseable {
  /** Virtual time in which whatever is still awake after the handshakes may fall asleep. */
  long SETTLE_NANOS = 600_000_000_000L;

  /** Lets connections be opened until {@code total} stand, by real handshakes. */
  void establish(long total, LongConsumer progress);

  /** Lets virtual time pass until no timer is left that has to do with these handshakes. */
  void settle();

  /** Ends counted: as many as connections, or twice as many where both ends are ours. */
  long endpoints();

  /** Adds what the contexts and their strategies hold. */
  void footprint(Footprint into);

  /** Packets and other facts for the record, by metric. */
  Map<String, Double> facts();

  @Override
  void close();
}
