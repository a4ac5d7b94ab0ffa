package wisp.core.stack;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import wisp.core.ip.IpAddress;
import wisp.core.spi.CongestionControl;
import wisp.core.spi.KeyedHash;
import wisp.core.tcp.Backlog;
import wisp.core.tcp.congestion.CongestionControls;

/**
 * What many connections share, by a number of 16 bits: one endpoint, the handler, the profile. For
 * accepted connections the endpoint is the local one and the record holds the peer's; for
 * connections that we opened the roles are swapped, so that a million of them to one server share
 * one binding.
 *
 * <p>A record's key is (address, port, binding), address and port being those the binding doesn't
 * hold. To find a connection: the binding of the segment's endpoint, then the record of the key.
 */
final class Bindings {
  static final int NONE = 0;
  private static final int MOST = 65_535;

  private final KeyedHash hash;
  private final CongestionControls controls;

  /** Where bindings are noted for a process that comes after us; {@code null}: nowhere. */
  private final @Nullable BindingNotes notes;

  private long[] high = new long[16];
  private long[] low = new long[16];
  private int[] portAndRole = new int[16];
  private int[] connections = new int[16];
  private int[] next = new int[16];
  private @Nullable ConnectionHandler[] handler = new ConnectionHandler[16];
  private @Nullable ConnectionProfile[] profile = new ConnectionProfile[16];
  private @Nullable CongestionControl[] control = new CongestionControl[16];
  private @Nullable Backlog[] backlog = new Backlog[16];

  /**
   * Open addressing over binding numbers; 0: empty. Bindings with the same endpoint are chained by
   * {@link #next}.
   */
  private int[] table = new int[32];

  private final SlotList free = new SlotList();
  private final SlotList freed = new SlotList();
  private int endpoints;
  private int bound = 1;
  private int active;

  Bindings(KeyedHash hash, CongestionControls controls, @Nullable BindingNotes notes) {
    this.hash = hash;
    this.controls = controls;
    this.notes = notes;
  }

  /** First binding with this endpoint, or {@link #NONE}; others follow by {@link #next}. */
  int first(boolean activeRole, long addressHigh, long addressLow, int port) {
    if (activeRole && active == 0) {
      return NONE;
    }
    return table[find(addressHigh, addressLow, pack(activeRole, port))];
  }

  /** The next binding with the same endpoint. */
  int next(int binding) {
    return next[binding];
  }

  /**
   * The binding of this endpoint, handler and profile, made if need be; {@link #NONE}: all 65,535
   * are in use.
   *
   * @param from the listener's, or null for a connection of our own
   * @throws IllegalArgumentException for an unknown congestion control: listen and connect have
   *     asked before
   */
  @SuppressWarnings("ReferenceEquality") // the very handler, whatever it says of being equal
  int intern(
      boolean activeRole,
      long addressHigh,
      long addressLow,
      int port,
      ConnectionHandler h,
      ConnectionProfile p,
      @Nullable Backlog from) {
    int packed = pack(activeRole, port);
    int place = find(addressHigh, addressLow, packed);
    for (int b = table[place]; b != NONE; b = next[b]) {
      if (handler[b] == h && backlog[b] == from && p.equals(profile[b])) {
        return b;
      }
    }
    CongestionControl chosen = controls.find(p.congestionControl());
    int b = number();
    if (b == NONE) {
      return NONE;
    }
    // Before any record has this number in its key.
    if (notes != null && !notes.keep(b, packed, addressHigh, addressLow, h, p)) {
      free.add(b);
      return NONE;
    }
    enter(b, place, packed, addressHigh, addressLow, h, p, chosen, from);
    return b;
  }

  /**
   * Puts a binding of a former process back under its number, which is free as yet.
   *
   * @param control the profile's, or what stands in for it
   */
  void restore(
      int number,
      BindingNotes.Kept kept,
      ConnectionHandler h,
      CongestionControl control,
      @Nullable Backlog from) {
    while (high.length <= number) {
      grow();
    }
    int packed = pack(kept.activeRole(), kept.port());
    int place = find(kept.high(), kept.low(), packed);
    enter(number, place, packed, kept.high(), kept.low(), h, kept.profile(), control, from);
    for (; bound < number; bound++) {
      free.add(bound);
    }
    bound = number + 1;
  }

  private void enter(
      int b,
      int place,
      int packed,
      long addressHigh,
      long addressLow,
      ConnectionHandler h,
      ConnectionProfile p,
      CongestionControl chosen,
      @Nullable Backlog from) {
    high[b] = addressHigh;
    low[b] = addressLow;
    portAndRole[b] = packed;
    handler[b] = h;
    profile[b] = p;
    control[b] = chosen;
    backlog[b] = from;
    connections[b] = 0;
    endpoints += table[place] == NONE ? 1 : 0;
    next[b] = table[place];
    table[place] = b;
    active += packed >>> 16 != 0 ? 1 : 0;
    if (endpoints * 2 > table.length) {
      rehash(table.length * 2);
    }
  }

  /** Forgets restored bindings without connections. */
  void dropUnused() {
    for (int b = 1; b < bound; b++) {
      if (handler[b] != null && connections[b] == 0) {
        unlink(b);
      }
    }
    reuseFreed();
  }

  /** Whether there is a binding of this number. */
  boolean isKnown(int binding) {
    return binding < bound && handler[binding] != null;
  }

  /** Takes back a binding that was interned for a connection which did not come about. */
  void dropIfUnused(int binding) {
    if (binding != NONE && connections[binding] == 0) {
      unlink(binding);
    }
  }

  /**
   * Numbers that were freed may be given out again: no packet of the burst can mean the old ones
   * any more.
   */
  void reuseFreed() {
    while (freed.size() > 0) {
      free.add(freed.removeLast());
    }
  }

  private void unlink(int b) {
    int place = find(high[b], low[b], portAndRole[b]);
    if (table[place] == b) {
      table[place] = next[b];
      if (next[b] == NONE) {
        endpoints--;
        closeGap(place);
      }
    } else {
      int before = table[place];
      while (next[before] != b) {
        before = next[before];
      }
      next[before] = next[b];
    }
    active -= isActive(b) ? 1 : 0;
    handler[b] = null;
    profile[b] = null;
    control[b] = null;
    backlog[b] = null;
    freed.add(b);
    if (notes != null) {
      notes.forget(b);
    }
  }

  /** Moves what follows an emptied place up, so that no look-up ends too soon. */
  private void closeGap(int gap) {
    int mask = table.length - 1;
    for (int i = (gap + 1) & mask; table[i] != NONE; i = (i + 1) & mask) {
      int home = home(high[table[i]], low[table[i]], portAndRole[table[i]]);
      if ((i - home & mask) >= (i - gap & mask)) {
        table[gap] = table[i];
        table[i] = NONE;
        gap = i;
      }
    }
  }

  private int number() {
    if (free.size() > 0) {
      return free.removeLast();
    }
    if (bound > MOST) {
      return NONE;
    }
    if (bound == high.length) {
      grow();
    }
    return bound++;
  }

  private void grow() {
    int size = Math.min(high.length * 2, MOST + 1);
    high = Arrays.copyOf(high, size);
    low = Arrays.copyOf(low, size);
    portAndRole = Arrays.copyOf(portAndRole, size);
    connections = Arrays.copyOf(connections, size);
    next = Arrays.copyOf(next, size);
    handler = Arrays.copyOf(handler, size);
    profile = Arrays.copyOf(profile, size);
    control = Arrays.copyOf(control, size);
    backlog = Arrays.copyOf(backlog, size);
  }

  private void rehash(int size) {
    table = new int[size];
    endpoints = 0;
    for (int b = 1; b < bound; b++) {
      if (handler[b] == null) {
        continue;
      }
      int place = find(high[b], low[b], portAndRole[b]);
      endpoints += table[place] == NONE ? 1 : 0;
      next[b] = table[place];
      table[place] = b;
    }
  }

  private int find(long addressHigh, long addressLow, int packed) {
    int i = home(addressHigh, addressLow, packed);
    while (table[i] != NONE
        && (low[table[i]] != addressLow
            || portAndRole[table[i]] != packed
            || high[table[i]] != addressHigh)) {
      i = i + 1 & (table.length - 1);
    }
    return i;
  }

  private int home(long addressHigh, long addressLow, int packed) {
    long hashed =
        IpAddress.isIpv4(addressHigh, addressLow)
            ? hash.hash(addressLow << 32 | packed)
            : hash.hash(addressHigh, addressLow, packed);
    return (int) hashed & (table.length - 1);
  }

  private static int pack(boolean activeRole, int port) {
    return port | (activeRole ? 1 << 16 : 0);
  }

  /** The last 32 bits of a record's key. */
  static int tail(int port, int binding) {
    return port << 16 | binding;
  }

  static int tailPort(int tail) {
    return tail >>> 16;
  }

  static int tailBinding(int tail) {
    return tail & 0xFFFF;
  }

  /** Whether connections of this binding were opened by us: it holds the remote endpoint. */
  boolean isActive(int binding) {
    return portAndRole[binding] >>> 16 != 0;
  }

  long high(int binding) {
    return high[binding];
  }

  long low(int binding) {
    return low[binding];
  }

  int port(int binding) {
    return portAndRole[binding] & 0xFFFF;
  }

  ConnectionHandler handler(int binding) {
    ConnectionHandler h = handler[binding];
    assert h != null;
    return h;
  }

  ConnectionProfile profile(int binding) {
    ConnectionProfile p = profile[binding];
    assert p != null;
    return p;
  }

  CongestionControl control(int binding) {
    CongestionControl c = control[binding];
    assert c != null;
    return c;
  }

  /** The one of the listener that its connections came from. */
  @Nullable Backlog backlog(int binding) {
    return backlog[binding];
  }

  void connectionAdded(int binding) {
    connections[binding]++;
  }

  void connectionRemoved(int binding) {
    if (--connections[binding] == 0) {
      unlink(binding);
    }
  }

  long reservedBytes() {
    return high.length * 44L + table.length * 4L + free.reservedBytes() + freed.reservedBytes();
  }
}
