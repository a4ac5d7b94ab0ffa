package wisp.core.stack;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import wisp.core.ip.IpPacket;
import wisp.core.ip.SourceRoute;

/** Source routes of the few connections that have one, by slot; bounded (RFC 9293 §3.9.2.1). */
final class SourceRoutes {
  private static final int MOST = 1_024;

  private final SlotNumbers places = new SlotNumbers();
  private final SlotList free = new SlotList();
  private @Nullable SourceRoute[] routes = {};

  /** The application's own, which no received one replaces (MUST-52). */
  private boolean[] chosen = {};

  private int bound;

  @Nullable SourceRoute get(int slot) {
    int place = places.get(slot);
    return place == SlotNumbers.NONE ? null : routes[place];
  }

  /** The application's choice; false: there are too many routes. */
  boolean choose(int slot, SourceRoute route) {
    return put(slot, route, true);
  }

  /**
   * A segment came along a route: the way back is taken from now on, in place of another that was
   * received before (SHLD-24). Beyond so many connections it is not kept.
   */
  void received(int slot, IpPacket packet) {
    int place = places.get(slot);
    SourceRoute known = place == SlotNumbers.NONE ? null : routes[place];
    boolean isNews =
        known == null
            || (!chosen[place]
                && !known.isBack(packet.memory, packet.routeStart, packet.routeBytes));
    if (isNews) {
      put(slot, SourceRoute.back(packet.memory, packet.routeStart, packet.routeBytes), false);
    }
  }

  private boolean put(int slot, SourceRoute route, boolean isChosen) {
    int place = places.get(slot);
    if (place == SlotNumbers.NONE) {
      if (free.size() == 0 && bound == MOST) {
        return false;
      }
      place = free.size() > 0 ? free.removeLast() : next();
      places.put(slot, place);
    }
    routes[place] = route;
    chosen[place] = isChosen;
    return true;
  }

  private int next() {
    if (bound == routes.length) {
      int size = Math.max(16, 2 * bound);
      routes = Arrays.copyOf(routes, size);
      chosen = Arrays.copyOf(chosen, size);
    }
    return bound++;
  }

  /** The connection in this slot is no more. */
  void forget(int slot) {
    int place = places.get(slot);
    if (place != SlotNumbers.NONE) {
      places.remove(slot);
      routes[place] = null;
      free.add(place);
    }
  }

  /** The connection in one slot is in another one from now on. */
  void move(int from, int to) {
    places.move(from, to);
  }

  long reservedBytes() {
    return places.reservedBytes() + free.reservedBytes() + bound * 80L;
  }
}
