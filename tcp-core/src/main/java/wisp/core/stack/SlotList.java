package wisp.core.stack;

import java.util.Arrays;

/** Slots to come back to; grows, never shrinks. */
final class SlotList {
  private int[] slots = new int[64];
  private int size;

  void add(int slot) {
    if (size == slots.length) {
      slots = Arrays.copyOf(slots, 2 * size);
    }
    slots[size++] = slot;
  }

  int size() {
    return size;
  }

  int get(int i) {
    return slots[i];
  }

  /** Takes the last one out. */
  int removeLast() {
    return slots[--size];
  }

  /** Removes the first {@code n}; later ones move up. */
  void removeFirst(int n) {
    System.arraycopy(slots, n, slots, 0, size - n);
    size -= n;
  }

  /** Removes the {@code i}-th; the last one takes its place. */
  void removeAt(int i) {
    slots[i] = slots[--size];
  }

  long reservedBytes() {
    return slots.length * 4L;
  }
}
