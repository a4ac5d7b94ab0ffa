package wisp.pools.heap;

/**
 * A connection's state with a key of 160 bits, of which {@link #key} is the address's last half.
 */
class HeapIpv6Record extends HeapRecord {
  private static final int WORDS = 3;

  long high;
  int tail;
  int slot;

  private HeapIpv6Record() {
    super(0);
  }

  /** With room for so many words, and no key yet. */
  static HeapIpv6Record of(int words) {
    return words <= WORDS
        ? new HeapIpv6Record()
        : words == WORDS + 1 ? new Four() : new Longer(words);
  }

  /** Bytes of such a record. */
  static long bytes(int words) {
    int fieldBytes = 8 + 4 * WORDS + 8 + 4 + 4;
    if (words <= WORDS + 1) {
      return ObjectLayout.object(words <= WORDS ? fieldBytes : fieldBytes + 4);
    }
    return ObjectLayout.object(fieldBytes + ObjectLayout.REFERENCE)
        + ObjectLayout.array(4, words - WORDS);
  }

  /** Gives it its key, before the index knows it. */
  final void identify(long addressHigh, long addressLow, int newTail) {
    high = addressHigh;
    key = addressLow;
    tail = newTail;
  }

  /** With TS.Recent. */
  private static final class Four extends HeapIpv6Record {
    private int word3;

    @Override
    int get(int word) {
      return word == WORDS ? word3 : super.get(word);
    }

    @Override
    void set(int word, int value) {
      if (word == WORDS) {
        word3 = value;
      } else {
        super.set(word, value);
      }
    }
  }

  private static final class Longer extends HeapIpv6Record {
    private final int[] more;

    Longer(int words) {
      more = new int[words - WORDS];
    }

    @Override
    int get(int word) {
      return word < WORDS ? super.get(word) : more[word - WORDS];
    }

    @Override
    void set(int word, int value) {
      if (word < WORDS) {
        super.set(word, value);
      } else {
        more[word - WORDS] = value;
      }
    }
  }
}
