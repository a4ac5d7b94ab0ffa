package wisp.core.spi;

/**
 * What memory is reserved (held from the machine) and what of that is in use, in bytes by kind.
 * Filled by {@link MemoryStrategy#footprint} and the context; the same object can be reused after
 * {@link #reset}.
 */
public final class Footprint {
  /** What bytes are for. */
  public enum Kind {
    /** Connections' records and their free lists. */
    RECORDS,
    /** The index that finds a record by its key. */
    INDEX,
    /** Blocks borrowed while awake. */
    BLOCKS,
    /** What the application sends. */
    FRAMES,
    /** Classic socket buffers, where a strategy has them. */
    SOCKET_BUFFERS,
    /** The context's own tables: bindings, rings, caches, timer wheel, counters. */
    CONTEXT
  }

  private static final Kind[] KINDS = Kind.values();
  private final long[] reserved = new long[KINDS.length];
  private final long[] inUse = new long[KINDS.length];

  /** Adds bytes of a kind. */
  public void add(Kind kind, long reservedBytes, long inUseBytes) {
    assert inUseBytes >= 0 && reservedBytes >= inUseBytes
        : kind + ": reserved " + reservedBytes + ", in use " + inUseBytes;
    reserved[kind.ordinal()] += reservedBytes;
    inUse[kind.ordinal()] += inUseBytes;
  }

  /** Back to nothing. */
  public void reset() {
    java.util.Arrays.fill(reserved, 0);
    java.util.Arrays.fill(inUse, 0);
  }

  /** Bytes reserved for a kind. */
  public long reservedBytes(Kind kind) {
    return reserved[kind.ordinal()];
  }

  /** Bytes in use of a kind. */
  public long inUseBytes(Kind kind) {
    return inUse[kind.ordinal()];
  }

  /** Bytes reserved, all kinds. */
  public long reservedBytes() {
    long sum = 0;
    for (long bytes : reserved) {
      sum += bytes;
    }
    return sum;
  }

  /** Bytes in use, all kinds. */
  public long inUseBytes() {
    long sum = 0;
    for (long bytes : inUse) {
      sum += bytes;
    }
    return sum;
  }

  @Override
  public String toString() {
    var text = new StringBuilder();
    for (Kind kind : KINDS) {
      text.append(text.isEmpty() ? "" : ", ")
          .append(kind)
          .append(' ')
          .append(inUseBytes(kind))
          .append('/')
          .append(reservedBytes(kind));
    }
    return text.append(" B").toString();
  }
}
