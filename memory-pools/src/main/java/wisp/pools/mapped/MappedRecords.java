package wisp.pools.mapped;

import wisp.core.spi.RecordClass;
import wisp.pools.region.ExtentSource;
import wisp.pools.region.RecordSlabs;

/**
 * Records in a mapped file. Stores keep their order, and what is set between {@link #begin} and
 * {@link #commit} is undone by the next process when this one ended in between.
 */
final class MappedRecords extends RecordSlabs {
  private final UndoWord undo;
  private final int classBit;
  private final int keyWords;
  private final int recordWords;

  /**
   * In slabs from this source.
   *
   * @param slabBytes a slab is at most so large
   * @param classBit tells the class in the undo word, where slot numbers leave it room
   */
  MappedRecords(
      RecordClass recordClass,
      int recordWords,
      long slabBytes,
      ExtentSource source,
      UndoWord undo,
      int classBit) {
    super(recordClass, recordWords, slabBytes, UndoWord.SLOT_BITS, source);
    this.undo = undo;
    this.classBit = classBit;
    this.keyWords = recordClass.keyWords();
    this.recordWords = recordWords;
  }

  /** Undoes what a former process left half done in a record of this class. */
  void rollBack() {
    int code = undo.code();
    int slot = (code - 1) & ~UndoWord.IPV6;
    if (code == 0 || ((code - 1) & UndoWord.IPV6) != classBit) {
      return;
    }
    if (isLive(slot)) {
      for (int i = 0; i < recordWords; i++) {
        slabs.writeOrderedInt(slot, (keyWords + i) * 4, undo.word(i));
      }
    }
    undo.clear();
  }

  @Override
  public void begin(int slot) {
    for (int i = 0; i < recordWords; i++) {
      undo.word(i, get(slot, keyWords + i));
    }
    undo.code((slot | classBit) + 1);
  }

  @Override
  public void commit() {
    undo.clear();
  }

  @Override
  protected void clear(int slot) {
    for (int i = keyWords + recordWords - 1; i >= 0; i--) {
      set(slot, i, 0);
    }
  }

  @Override
  public void set(int slot, int word, int value) {
    undo.beforeStore();
    slabs.writeOrderedInt(slot, word * 4, value);
  }
}
