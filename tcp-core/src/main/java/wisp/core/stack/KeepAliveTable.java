package wisp.core.stack;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Keep-alive settings of single connections, by slot: each setting once, for as long as a
 * connection has it. An application may choose another one for every connection.
 */
final class KeepAliveTable {
  private final SlotNumbers places = new SlotNumbers();
  private final Map<KeepAlive, Integer> placeOf = new HashMap<>();
  private final SlotList free = new SlotList();
  private @Nullable KeepAlive[] settings = {};

  /** How many connections have the setting in this place. */
  private int[] uses = {};

  private int bound;

  /** What this slot has; null: as its profile says. */
  @Nullable KeepAlive get(int slot) {
    int place = places.get(slot);
    return place == SlotNumbers.NONE ? null : settings[place];
  }

  void put(int slot, KeepAlive chosen) {
    Integer known = placeOf.get(chosen);
    int place = known == null ? add(chosen) : known;
    uses[place]++; // before the former one goes: it may be the same
    forget(slot);
    places.put(slot, place);
  }

  private int add(KeepAlive chosen) {
    int place = free.size() > 0 ? free.removeLast() : bound++;
    if (place == uses.length) {
      int length = Math.max(4, 2 * place);
      settings = Arrays.copyOf(settings, length);
      uses = Arrays.copyOf(uses, length);
    }
    settings[place] = chosen;
    placeOf.put(chosen, place);
    return place;
  }

  /** The connection in this slot is no more. */
  void forget(int slot) {
    int place = places.get(slot);
    if (place == SlotNumbers.NONE) {
      return;
    }
    places.remove(slot);
    if (--uses[place] == 0) {
      placeOf.remove(settings[place]);
      settings[place] = null;
      free.add(place);
    }
  }

  /** Different settings in use. */
  int size() {
    return placeOf.size();
  }

  long reservedBytes() {
    return places.reservedBytes() + free.reservedBytes() + 8L * uses.length + 96L * size();
  }
}
