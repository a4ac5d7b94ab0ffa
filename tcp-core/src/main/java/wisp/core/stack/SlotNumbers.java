package wisp.core.stack;

import java.util.Arrays;

/**
 * A number for a few connections, by slot, that differ from what their profile says: open
 * addressing, nothing reserved before the first.
 */
final class SlotNumbers {
  static final int NONE = -1;
  private static final int FIRST_PLACES = 16;

  /** Slot + 1; 0: free. */
  private int[] slots = {};

  private int[] numbers = {};
  private int size;

  boolean isEmpty() {
    return size == 0;
  }

  /** The number of a slot, or {@link #NONE}. */
  int get(int slot) {
    if (size == 0) {
      return NONE;
    }
    int i = find(slot);
    return slots[i] == 0 ? NONE : numbers[i];
  }

  void put(int slot, int number) {
    if (size * 2 >= slots.length) {
      grow();
    }
    int i = find(slot);
    size += slots[i] == 0 ? 1 : 0;
    slots[i] = slot + 1;
    numbers[i] = number;
  }

  void remove(int slot) {
    if (size == 0) {
      return;
    }
    int gap = find(slot);
    if (slots[gap] == 0) {
      return;
    }
    slots[gap] = 0;
    size--;
    int mask = slots.length - 1;
    for (int i = gap + 1 & mask; slots[i] != 0; i = i + 1 & mask) {
      int home = home(slots[i] - 1);
      if ((i - home & mask) >= (i - gap & mask)) {
        slots[gap] = slots[i];
        numbers[gap] = numbers[i];
        slots[i] = 0;
        gap = i;
      }
    }
  }

  /** What is said of one slot is said of another one from now on. */
  void move(int from, int to) {
    int number = get(from);
    if (number != NONE) {
      remove(from);
      put(to, number);
    }
  }

  private void grow() {
    int[] slotsBefore = slots;
    int[] numbersBefore = numbers;
    slots = new int[Math.max(FIRST_PLACES, slotsBefore.length * 2)];
    numbers = Arrays.copyOf(numbers, slots.length);
    size = 0;
    for (int i = 0; i < slotsBefore.length; i++) {
      if (slotsBefore[i] != 0) {
        put(slotsBefore[i] - 1, numbersBefore[i]);
      }
    }
  }

  private int find(int slot) {
    int i = home(slot);
    while (slots[i] != 0 && slots[i] != slot + 1) {
      i = i + 1 & (slots.length - 1);
    }
    return i;
  }

  /**
   * As many bits of the product as there are places, from its top, where all bits of the slot
   * count; mixed once more, since slots of one store may lie a power of two apart.
   */
  private int home(int slot) {
    int product = slot * 0x9E37_79B9;
    product = (product ^ product >>> 15) * 0x85EB_CA6B;
    return product >>> Integer.numberOfLeadingZeros(slots.length - 1);
  }

  /** How many places a search for this slot looks at. */
  int steps(int slot) {
    return size == 0 ? 0 : (find(slot) - home(slot) & (slots.length - 1)) + 1;
  }

  long reservedBytes() {
    return slots.length * 8L;
  }
}
