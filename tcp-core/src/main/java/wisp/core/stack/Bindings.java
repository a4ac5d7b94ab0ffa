package wisp.core.stack;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.KeyedHash;
import wisp.core.spi.RecordClass;
import wisp.core.spi.RecordStore;

/**
 * What many connections share, by a number of 16 bits: one endpoint, the handler, the profile. For
 * accepted connections the endpoint is the local one and the record holds the peer's; for
 * connections that we opened the roles are swapped, so that a million of them to one server share
 * one binding.
 *
 * <p>A record's key is (address 32, port 16, binding 16), address and port being those the binding
 * doesn't hold. To find a connection: the binding of the segment's endpoint, then the record of the
 * key.
 */
final class Bindings {
  static final int NONE = 0;
  private static final int MOST = 65_535;

  private final KeyedHash hash;
  private int[] address = new int[16];
  private int[] portAndRole = new int[16];
  private int[] connections = new int[16];
  private int[] next = new int[16];
  private @Nullable ConnectionHandler[] handler = new ConnectionHandler[16];
  private @Nullable ConnectionProfile[] profile = new ConnectionProfile[16];

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

  Bindings(KeyedHash hash) {
    this.hash = hash;
  }

  /** First binding with this endpoint, or {@link #NONE}; others follow by {@link #next}. */
  int first(boolean activeRole, int ipv4, int port) {
    if (activeRole && active == 0) {
      return NONE;
    }
    return table[find(ipv4, pack(activeRole, port))];
  }

  /** The next binding with the same endpoint. */
  int next(int binding) {
    return next[binding];
  }

  /**
   * The binding of this endpoint, handler and profile, made if need be; {@link #NONE}: all 65,535
   * are in use.
   */
  @SuppressWarnings("ReferenceEquality") // the very handler, whatever it says of being equal
  int intern(boolean activeRole, int ipv4, int port, ConnectionHandler h, ConnectionProfile p) {
    int packed = pack(activeRole, port);
    int place = find(ipv4, packed);
    for (int b = table[place]; b != NONE; b = next[b]) {
      if (handler[b] == h && p.equals(profile[b])) {
        return b;
      }
    }
    int b = number();
    if (b == NONE) {
      return NONE;
    }
    address[b] = ipv4;
    portAndRole[b] = packed;
    handler[b] = h;
    profile[b] = p;
    connections[b] = 0;
    endpoints += table[place] == NONE ? 1 : 0;
    next[b] = table[place];
    table[place] = b;
    active += activeRole ? 1 : 0;
    if (endpoints * 2 > table.length) {
      rehash(table.length * 2);
    }
    return b;
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
    int place = find(address[b], portAndRole[b]);
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
    freed.add(b);
  }

  /** Moves what follows an emptied place up, so that no look-up ends too soon. */
  private void closeGap(int gap) {
    int mask = table.length - 1;
    for (int i = (gap + 1) & mask; table[i] != NONE; i = (i + 1) & mask) {
      int home = home(address[table[i]], portAndRole[table[i]]);
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
    if (bound == address.length) {
      grow();
    }
    return bound++;
  }

  private void grow() {
    int size = Math.min(address.length * 2, MOST + 1);
    address = Arrays.copyOf(address, size);
    portAndRole = Arrays.copyOf(portAndRole, size);
    connections = Arrays.copyOf(connections, size);
    next = Arrays.copyOf(next, size);
    handler = Arrays.copyOf(handler, size);
    profile = Arrays.copyOf(profile, size);
  }

  private void rehash(int size) {
    table = new int[size];
    endpoints = 0;
    for (int b = 1; b < bound; b++) {
      if (handler[b] == null) {
        continue;
      }
      int place = find(address[b], portAndRole[b]);
      endpoints += table[place] == NONE ? 1 : 0;
      next[b] = table[place];
      table[place] = b;
    }
  }

  private int find(int ipv4, int packed) {
    int i = home(ipv4, packed);
    while (table[i] != NONE && (address[table[i]] != ipv4 || portAndRole[table[i]] != packed)) {
      i = i + 1 & (table.length - 1);
    }
    return i;
  }

  private int home(int ipv4, int packed) {
    return (int) hash.hash((long) ipv4 << 32 | packed) & (table.length - 1);
  }

  private static int pack(boolean activeRole, int port) {
    return port | (activeRole ? 1 << 16 : 0);
  }

  static long key(int address, int port, int binding) {
    return (long) address << 32 | (long) port << 16 | binding;
  }

  /** The key of a live record of IPv4. */
  static long keyOf(RecordStore ipv4, int slot) {
    return ipv4.addressLow(slot) << 32 | (ipv4.tail(slot) & 0xFFFF_FFFFL);
  }

  /** The low half of a key's address as {@link RecordStore} wants it; the high half is 0. */
  static long keyLow(long key) {
    return RecordClass.mappedLow(keyAddress(key));
  }

  static int keyAddress(long key) {
    return (int) (key >>> 32);
  }

  static int keyPort(long key) {
    return (int) (key >>> 16) & 0xFFFF;
  }

  static int keyBinding(long key) {
    return (int) key & 0xFFFF;
  }

  /** Whether connections of this binding were opened by us: it holds the remote endpoint. */
  boolean isActive(int binding) {
    return portAndRole[binding] >>> 16 != 0;
  }

  int address(int binding) {
    return address[binding];
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

  void connectionAdded(int binding) {
    connections[binding]++;
  }

  void connectionRemoved(int binding) {
    if (--connections[binding] == 0) {
      unlink(binding);
    }
  }

  long reservedBytes() {
    return address.length * 24L + table.length * 4L + free.reservedBytes() + freed.reservedBytes();
  }
}
