package wisp.pools.heap;

/** A connection's state, as an object. */
class HeapRecord {
  /** Of IPv4: address and tail. */
  long key;

  private int word0;
  private int word1;
  private int word2;
  private int word3;

  HeapRecord(long key) {
    this.key = key;
  }

  /** With room for so many words. */
  static HeapRecord of(long key, int words) {
    return words <= 4 ? new HeapRecord(key) : words == 5 ? new Five(key) : new Many(key, words);
  }

  /** Bytes of such a record. */
  static long bytes(int words) {
    if (words <= 5) {
      return ObjectLayout.object(8 + 4 * Math.max(4, words));
    }
    return ObjectLayout.object(8 + 4 * 4 + ObjectLayout.REFERENCE)
        + ObjectLayout.array(4, words - 4);
  }

  int get(int word) {
    return switch (word) {
      case 0 -> word0;
      case 1 -> word1;
      case 2 -> word2;
      case 3 -> word3;
      default -> throw new IndexOutOfBoundsException(word);
    };
  }

  void set(int word, int value) {
    switch (word) {
      case 0 -> word0 = value;
      case 1 -> word1 = value;
      case 2 -> word2 = value;
      case 3 -> word3 = value;
      default -> throw new IndexOutOfBoundsException(word);
    }
  }

  /** With a word for the application. */
  private static final class Five extends HeapRecord {
    private int word4;

    Five(long key) {
      super(key);
    }

    @Override
    int get(int word) {
      return word == 4 ? word4 : super.get(word);
    }

    @Override
    void set(int word, int value) {
      if (word == 4) {
        word4 = value;
      } else {
        super.set(word, value);
      }
    }
  }

  private static final class Many extends HeapRecord {
    private final int[] more;

    Many(long key, int words) {
      super(key);
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
