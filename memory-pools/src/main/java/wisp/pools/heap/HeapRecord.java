package wisp.pools.heap;

/** A connection's state, as an object: with three words, of connections without timestamps. */
class HeapRecord {
  private static final int WORDS = 3;

  /** Of IPv4: address and tail. */
  long key;

  private int word0;
  private int word1;
  private int word2;

  HeapRecord(long key) {
    this.key = key;
  }

  /** With room for so many words. */
  static HeapRecord of(long key, int words) {
    return switch (words) {
      case 1, 2, WORDS -> new HeapRecord(key);
      case 4 -> new Four(key);
      case 5 -> new Five(key);
      default -> new Many(key, words);
    };
  }

  /** Bytes of such a record. */
  static long bytes(int words) {
    if (words <= 5) {
      return ObjectLayout.object(8 + 4 * Math.max(WORDS, words));
    }
    return ObjectLayout.object(8 + 4 * WORDS + ObjectLayout.REFERENCE)
        + ObjectLayout.array(4, words - WORDS);
  }

  int get(int word) {
    return switch (word) {
      case 0 -> word0;
      case 1 -> word1;
      case 2 -> word2;
      default -> throw new IndexOutOfBoundsException(word);
    };
  }

  void set(int word, int value) {
    switch (word) {
      case 0 -> word0 = value;
      case 1 -> word1 = value;
      case 2 -> word2 = value;
      default -> throw new IndexOutOfBoundsException(word);
    }
  }

  /** With TS.Recent. */
  private static class Four extends HeapRecord {
    private int word3;

    Four(long key) {
      super(key);
    }

    @Override
    int get(int word) {
      return word == 3 ? word3 : super.get(word);
    }

    @Override
    void set(int word, int value) {
      if (word == 3) {
        word3 = value;
      } else {
        super.set(word, value);
      }
    }
  }

  /** With a word for the application, too. */
  private static final class Five extends Four {
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
