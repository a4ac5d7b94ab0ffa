package wisp.pools.mapped;

import net.openhft.chronicle.bytes.BytesStore;

/**
 * What the record that is being written was before: one a file, since a context writes one record
 * at a time.
 *
 * <pre>
 *   slot + 1, bit 30: IPv6; 0: none is being written (4) | the record's words (4 each)
 * </pre>
 */
final class UndoWord {
  static final int SLOT_BITS = 30;
  static final int IPV6 = 1 << SLOT_BITS;

  private final BytesStore<?, Void> store;
  private final long at;
  private Runnable beforeStore = () -> {};

  UndoWord(BytesStore<?, Void> store, long at) {
    this.store = store;
    this.at = at;
  }

  /** For tests: called before each store that matters. */
  void beforeStore(Runnable called) {
    beforeStore = called;
  }

  void beforeStore() {
    beforeStore.run();
  }

  int code() {
    return store.readInt(at);
  }

  void code(int code) {
    beforeStore.run();
    store.writeOrderedInt(at, code);
  }

  void clear() {
    code(0);
  }

  int word(int i) {
    return store.readInt(at + 4 + 4L * i);
  }

  void word(int i, int value) {
    beforeStore.run();
    store.writeOrderedInt(at + 4 + 4L * i, value);
  }
}
