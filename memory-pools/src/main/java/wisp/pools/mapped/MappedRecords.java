package wisp.pools.mapped;

import wisp.core.spi.RecordMemory;
import wisp.pools.region.Slabs;

/**
 * Records in a mapped file. Stores keep their order, and what is set between {@link #begin} and
 * {@link #commit} is undone by the next process when this one ended in between.
 */
final class MappedRecords implements RecordMemory {
  private final Slabs slabs;
  private final UndoWord undo;
  private final int classBit;
  private final int keyWords;
  private final int recordWords;

  /**
   * In these slabs.
   *
   * @param classBit tells the class in the undo word
   */
  MappedRecords(Slabs slabs, UndoWord undo, int classBit, int keyWords, int recordWords) {
    this.slabs = slabs;
    this.undo = undo;
    this.classBit = classBit;
    this.keyWords = keyWords;
    this.recordWords = recordWords;
  }

  /** Undoes what a former process left half done in a record of this class. */
  void rollBack() {
    int code = undo.code();
    int slot = (code - 1) & ~UndoWord.IPV6;
    if (code == 0 || ((code - 1) & UndoWord.IPV6) != classBit) {
      return;
    }
    if (slabs.isLive(slot)) {
      for (int i = 0; i < recordWords; i++) {
        slabs.writeOrderedInt(slot, (keyWords + i) * 4, undo.word(i));
      }
    }
    undo.clear();
  }

  @Override
  public void begin(int slot) {
    for (int i = 0; i < recordWords; i++) {
      undo.word(i, slabs.readInt(slot, (keyWords + i) * 4));
    }
    undo.code((slot | classBit) + 1);
  }

  @Override
  public void commit() {
    undo.clear();
  }

  @Override
  public int acquire() {
    int slot = slabs.acquire();
    if (slot != NONE) {
      for (int i = keyWords + recordWords - 1; i >= 0; i--) {
        set(slot, i, 0);
      }
    }
    return slot;
  }

  @Override
  public void release(int slot) {
    slabs.release(slot);
  }

  @Override
  public boolean isLive(int slot) {
    return slabs.isLive(slot);
  }

  @Override
  public int get(int slot, int word) {
    return slabs.readInt(slot, word * 4);
  }

  @Override
  public void set(int slot, int word, int value) {
    undo.beforeStore();
    slabs.writeOrderedInt(slot, word * 4, value);
  }

  @Override
  public int slotBound() {
    return slabs.slotBound();
  }

  @Override
  public int size() {
    return slabs.size();
  }

  @Override
  public long reservedBytes() {
    return slabs.source().reservedBytes() + slabs.tableBytes();
  }
}
