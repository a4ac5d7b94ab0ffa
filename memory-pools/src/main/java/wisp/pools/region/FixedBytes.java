package wisp.pools.region;

import java.nio.ByteOrder;
import java.util.Objects;
import net.openhft.chronicle.bytes.BytesStore;
import org.jspecify.annotations.Nullable;

/**
 * One piece of native memory for who lays it out himself: zeroed, touched, aligned to cache lines,
 * and of its size for good. Offsets are bytes from its begin; a word may lie at any of them, and
 * nothing is checked but by assertions.
 */
public final class FixedBytes {
  private static final boolean IS_LITTLE_ENDIAN =
      ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

  private final @Nullable SlabSource source;
  private final BytesStore<?, Void> store;
  private final long base;
  private final long bytes;

  /**
   * So many bytes, reserved now; for 0 nothing is.
   *
   * @throws IllegalArgumentException when the machine has no such memory
   */
  public FixedBytes(long bytes) {
    this.bytes = bytes;
    if (bytes == 0) {
      source = null;
      store = BytesStore.empty();
      base = 0;
    } else {
      source = SlabSource.preallocated(bytes, 1);
      Slab slab = Objects.requireNonNull(source.take(bytes));
      store = slab.store();
      base = slab.base();
    }
  }

  /** The byte at an offset, as 0 … 255. */
  public int readByte(long at) {
    assert isInside(at, 1);
    return store.readByte(base + at) & 0xFF;
  }

  /** Sets the byte at an offset to the lowest eight bits of {@code value}. */
  public void writeByte(long at, int value) {
    assert isInside(at, 1);
    store.writeByte(base + at, (byte) value);
  }

  /** The 32 bits at an offset. */
  public int readInt(long at) {
    assert isInside(at, 4);
    return store.readInt(base + at);
  }

  /** Sets the 32 bits at an offset. */
  public void writeInt(long at, int value) {
    assert isInside(at, 4);
    store.writeInt(base + at, value);
  }

  /** The 64 bits at an offset, the lowest of them in the first byte. */
  public long readLong(long at) {
    assert isInside(at, 8);
    return littleEndian(store.readLong(base + at));
  }

  /** Sets the 64 bits at an offset, the lowest of them in the first byte. */
  public void writeLong(long at, long value) {
    assert isInside(at, 8);
    store.writeLong(base + at, littleEndian(value));
  }

  private static long littleEndian(long value) {
    return IS_LITTLE_ENDIAN ? value : Long.reverseBytes(value);
  }

  private boolean isInside(long at, int length) {
    return at >= 0 && at <= bytes - length;
  }

  /** Bytes held from the machine, what it takes to hold them included. */
  public long reservedBytes() {
    return source == null ? 0 : source.reservedBytes();
  }

  /** Frees them; they must not be touched any more. Idempotent. */
  public void close() {
    if (source != null) {
      source.close();
    }
  }
}
