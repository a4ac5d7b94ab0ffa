package wisp.core.spi;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.BitSet;

/** Slots in one growing array, which counts how often it is read. */
public final class ArrayRecords implements RecordMemory {
  public long reads;
  private final int words;
  private final BitSet live = new BitSet();
  private final ArrayDeque<Integer> free = new ArrayDeque<>();
  private int[] memory = new int[64];
  private int bound;

  public ArrayRecords(int words) {
    this.words = words;
  }

  @Override
  public int acquire() {
    int slot = free.isEmpty() ? bound++ : free.remove();
    if (bound * words > memory.length) {
      memory = Arrays.copyOf(memory, memory.length * 2);
    }
    Arrays.fill(memory, slot * words, (slot + 1) * words, 0);
    live.set(slot);
    return slot;
  }

  @Override
  public void release(int slot) {
    live.clear(slot);
    free.add(slot);
  }

  @Override
  public boolean isLive(int slot) {
    return slot >= 0 && live.get(slot);
  }

  @Override
  public int get(int slot, int word) {
    assert isLive(slot);
    reads++;
    return memory[slot * words + word];
  }

  @Override
  public void set(int slot, int word, int value) {
    assert isLive(slot);
    memory[slot * words + word] = value;
  }

  @Override
  public int slotBound() {
    return bound;
  }

  @Override
  public int size() {
    return live.cardinality();
  }

  @Override
  public long reservedBytes() {
    return 4L * memory.length;
  }
}
