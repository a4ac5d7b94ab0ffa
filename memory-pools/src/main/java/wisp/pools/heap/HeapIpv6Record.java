package wisp.pools.heap;

/**
 * A connection's state with a key of 160 bits, of which {@link #key} is the address's last half.
 */
class HeapIpv6Record extends HeapRecord {
  long high;
  int tail;
  int slot;

  private HeapIpv6Record() {
    super(0);
  }

  /** With room for so many words, and no key yet. */
  static HeapIpv6Record of(int words) {
    return words <= 4 ? new HeapIpv6Record() : new Longer(words);
  }

  /** Bytes of such a record. */
  static long bytes(int words) {
    int fieldBytes = 8 + 4 * 4 + 8 + 4 + 4;
    return words <= 4
        ? ObjectLayout.object(fieldBytes)
        : ObjectLayout.object(fieldBytes + ObjectLayout.REFERENCE)
            + ObjectLayout.array(4, words - 4);
  }

  /** Gives it its key, before the index knows it. */
  final void identify(long addressHigh, long addressLow, int newTail) {
    high = addressHigh;
    key = addressLow;
    tail = newTail;
  }

  private static final class Longer extends HeapIpv6Record {
    private final int[] more;

    Longer(int words) {
      more = new int[words - 4];
    }

    @Override
    int get(int word) {
      return word < 4 ? super.get(word) : more[word - 4];
    }

    @Override
    void set(int word, int value) {
      if (word < 4) {
        super.set(word, value);
      } else {
        more[word - 4] = value;
      }
    }
  }
}
