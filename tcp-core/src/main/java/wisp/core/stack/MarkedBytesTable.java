package wisp.core.stack;

import java.util.Arrays;
import wisp.core.tcp.MarkedBytes;

/** What connections with the AccECN option count, by slot: nothing for all others. */
final class MarkedBytesTable {
  private final SlotNumbers places = new SlotNumbers();
  private final SlotList free = new SlotList();
  private int[] words = {};
  private int bound;

  /** Lays out what is kept of a slot. */
  void recall(int slot, MarkedBytes counters) {
    int place = places.get(slot);
    if (place == SlotNumbers.NONE) {
      counters.reset();
    } else {
      counters.read(words, place * MarkedBytes.WORDS);
    }
  }

  void keep(int slot, MarkedBytes counters) {
    if (counters.isInitial()) {
      return; // once it is not, it never is again
    }
    int place = places.get(slot);
    if (place == SlotNumbers.NONE) {
      place = free.size() > 0 ? free.removeLast() : next();
      places.put(slot, place);
    }
    counters.write(words, place * MarkedBytes.WORDS);
  }

  private int next() {
    int needed = (bound + 1) * MarkedBytes.WORDS;
    if (needed > words.length) {
      words = Arrays.copyOf(words, Math.max(16 * MarkedBytes.WORDS, 2 * words.length));
    }
    return bound++;
  }

  /** The connection in this slot is no more. */
  void forget(int slot) {
    int place = places.get(slot);
    if (place != SlotNumbers.NONE) {
      places.remove(slot);
      free.add(place);
    }
  }

  /** The connection in one slot is in another one from now on. */
  void move(int from, int to) {
    places.move(from, to);
  }

  long reservedBytes() {
    return places.reservedBytes() + free.reservedBytes() + 4L * words.length;
  }
}
