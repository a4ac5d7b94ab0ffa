package wisp.core.spi;

/**
 * How the keys of a class lie in the first words of a slot, and how they are hashed and compared.
 * One subclass a {@link RecordClass}: in a process with connections of one class alone each call
 * has one receiver, and the compiler inlines it.
 */
abstract class RecordKeys {
  final RecordMemory memory;
  final KeyedHash hash;

  /**
   * Keys in these slots.
   *
   * @param hash with the context's secret
   */
  private RecordKeys(RecordMemory memory, KeyedHash hash) {
    this.memory = memory;
    this.hash = hash;
  }

  static RecordKeys of(RecordClass recordClass, RecordMemory memory, KeyedHash hash) {
    return switch (recordClass) {
      case IPV4 -> new Ipv4(memory, hash);
      case IPV6 -> new Ipv6(memory, hash);
    };
  }

  /** 64 equally good bits. */
  abstract long hash(long high, long low, int tail);

  /** The hash of the key in a slot. */
  abstract long hash(int slot);

  /** A word of the key in a slot. */
  final int firstWord(int slot) {
    return memory.get(slot, 0);
  }

  /** Whether a slot holds this key. */
  abstract boolean isAt(int slot, long high, long low, int tail);

  /** Writes a key into a slot. */
  abstract void put(int slot, long high, long low, int tail);

  abstract long addressHigh(int slot);

  abstract long addressLow(int slot);

  abstract int tail(int slot);

  final long twoWords(int slot, int word) {
    return ((long) memory.get(slot, word) << 32) | (memory.get(slot, word + 1) & 0xFFFF_FFFFL);
  }

  /** Address and tail: one word of 64 bits for the hash. */
  private static final class Ipv4 extends RecordKeys {
    Ipv4(RecordMemory memory, KeyedHash hash) {
      super(memory, hash);
    }

    private static long key(long low, int tail) {
      return low << 32 | (tail & 0xFFFF_FFFFL);
    }

    @Override
    long hash(long high, long low, int tail) {
      assert RecordClass.isMapped(high, low) : "not IPv4: " + high + ", " + low;
      return hash.hash(key(low, tail));
    }

    @Override
    long hash(int slot) {
      return hash.hash(twoWords(slot, 0));
    }

    @Override
    boolean isAt(int slot, long high, long low, int tail) {
      return twoWords(slot, 0) == key(low, tail);
    }

    @Override
    void put(int slot, long high, long low, int tail) {
      memory.set(slot, 0, (int) low);
      memory.set(slot, 1, tail);
    }

    @Override
    long addressHigh(int slot) {
      return 0;
    }

    @Override
    long addressLow(int slot) {
      return RecordClass.mappedLow(memory.get(slot, 0));
    }

    @Override
    int tail(int slot) {
      return memory.get(slot, 1);
    }
  }

  /** Four words of address, most significant first, and the tail. */
  private static final class Ipv6 extends RecordKeys {
    Ipv6(RecordMemory memory, KeyedHash hash) {
      super(memory, hash);
    }

    @Override
    long hash(long high, long low, int tail) {
      return hash.hash(high, low, tail);
    }

    @Override
    long hash(int slot) {
      return hash.hash(addressHigh(slot), addressLow(slot), tail(slot));
    }

    @Override
    boolean isAt(int slot, long high, long low, int tail) {
      return ((addressHigh(slot) ^ high) | (addressLow(slot) ^ low) | (tail(slot) ^ tail)) == 0;
    }

    @Override
    void put(int slot, long high, long low, int tail) {
      memory.set(slot, 0, (int) (high >>> 32));
      memory.set(slot, 1, (int) high);
      memory.set(slot, 2, (int) (low >>> 32));
      memory.set(slot, 3, (int) low);
      memory.set(slot, 4, tail);
    }

    @Override
    long addressHigh(int slot) {
      return twoWords(slot, 0);
    }

    @Override
    long addressLow(int slot) {
      return twoWords(slot, 2);
    }

    @Override
    int tail(int slot) {
      return memory.get(slot, 4);
    }
  }
}
