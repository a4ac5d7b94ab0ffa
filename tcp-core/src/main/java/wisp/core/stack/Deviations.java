package wisp.core.stack;

import java.util.ArrayList;
import java.util.List;

/**
 * What single connections have otherwise than their profile says, by slot: a few of them, so that
 * the others pay nothing for it.
 */
final class Deviations {
  private final SlotNumbers dscp = new SlotNumbers();

  /** Index into {@link #keepAlives}. */
  private final SlotNumbers keepAlive = new SlotNumbers();

  /** Every setting that was ever chosen for a single connection, once. */
  private final List<KeepAlive> keepAlives = new ArrayList<>();

  int dscp(int slot, ConnectionProfile profile) {
    int changed = dscp.get(slot);
    return changed == SlotNumbers.NONE ? profile.dscp() : changed;
  }

  void dscp(int slot, int value) {
    dscp.put(slot, value);
  }

  KeepAlive keepAlive(int slot, ConnectionProfile profile) {
    int changed = keepAlive.get(slot);
    return changed == SlotNumbers.NONE ? profile.keepAlive() : keepAlives.get(changed);
  }

  void keepAlive(int slot, KeepAlive settings) {
    int i = keepAlives.indexOf(settings);
    if (i < 0) {
      i = keepAlives.size();
      keepAlives.add(settings);
    }
    keepAlive.put(slot, i);
  }

  /** The connection in this slot is no more. */
  void forget(int slot) {
    dscp.remove(slot);
    keepAlive.remove(slot);
  }

  long reservedBytes() {
    return dscp.reservedBytes() + keepAlive.reservedBytes() + 64L * keepAlives.size();
  }
}
