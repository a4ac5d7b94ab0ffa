package wisp.core.udp;

import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;
import wisp.core.ip.IpAddress;
import wisp.core.ip.IpPacket;
import wisp.core.spi.KeyedHash;

/**
 * The ports of a context, found by hash of both endpoints; nothing is allocated when a datagram
 * looks for its own. The hash is keyed, since a server may connect ports to whom it is told to.
 */
public final class UdpPorts {
  /** Ports at a time. */
  public static final int MOST = 65_536;

  /** Ephemeral numbers are all but the well-known ones (RFC 6056 §3.2). */
  static final int FIRST_EPHEMERAL = 1_024;

  private static final int EPHEMERAL = 65_536 - FIRST_EPHEMERAL;
  private static final int NUMBERS_A_PAGE = 256;
  private static final int PORT_BYTES = 160;
  private static final long ANY_IPV4_LOW = IpAddress.mapped(0);

  private final KeyedHash hash;
  private final KeyedHash random;
  private @Nullable UdpPort[] buckets = new UdpPort[16];
  private final int[][] users = new int[65_536 / NUMBERS_A_PAGE][];
  private int size;
  private long chosen;

  /**
   * Empty.
   *
   * @param hash for the places
   * @param random for ephemeral numbers
   */
  public UdpPorts(KeyedHash hash, KeyedHash random) {
    this.hash = hash;
    this.random = random;
  }

  /** Ports that are open. */
  public int size() {
    return size;
  }

  // ---- Finding ----------------------------------------------------------------------------------

  /**
   * Whose a datagram is: the port connected to its source before those that are not, and of these
   * the one at its very destination before one at all addresses of its family, and that before one
   * at all. What was sent to a group is for the latter two alone.
   */
  @Nullable UdpPort of(IpPacket packet, int number, int remotePort) {
    if (size == 0) {
      return null;
    }
    long high = packet.destinationHigh;
    long low = packet.destinationLow;
    UdpPort port = find(high, low, number, packet.sourceHigh, packet.sourceLow, remotePort);
    if (port == null) {
      port = find(high, low, number, 0, 0, 0);
    }
    if (port == null && !packet.ipv6) {
      port = find(0, ANY_IPV4_LOW, number, 0, 0, 0);
    }
    return port != null ? port : find(0, 0, number, 0, 0, 0);
  }

  /** The port with these endpoints. */
  @Nullable UdpPort find(
      long localHigh, long localLow, int number, long remoteHigh, long remoteLow, int remotePort) {
    UdpPort port = buckets[bucket(localHigh, localLow, number, remoteHigh, remoteLow, remotePort)];
    while (port != null
        && !port.is(localHigh, localLow, number, remoteHigh, remoteLow, remotePort)) {
      port = port.next;
    }
    return port;
  }

  private int bucket(
      long localHigh, long localLow, int number, long remoteHigh, long remoteLow, int remotePort) {
    long local = localHigh ^ Long.rotateLeft(localLow, 32) ^ ((long) number << 16 | remotePort);
    return (int) hash.hash(local, remoteHigh, remoteLow) & (buckets.length - 1);
  }

  private int bucket(UdpPort p) {
    return bucket(p.localHigh, p.localLow, p.number, p.remoteHigh, p.remoteLow, p.remotePort);
  }

  // ---- Opening and closing ----------------------------------------------------------------------

  /**
   * Opens a port.
   *
   * @return false: its local endpoint is another's, and not both are connected to different remotes
   * @throws IllegalStateException when there are {@link #MOST}
   */
  public boolean add(UdpPort port) {
    assert !port.open && port.number > 0;
    if (isTaken(port)) {
      return false;
    }
    if (size == MOST) {
      throw new IllegalStateException(MOST + " UDP ports are open, and no more can be");
    }
    if (size == buckets.length) {
      grow();
    }
    link(port);
    size++;
    page(port.number)[port.number % NUMBERS_A_PAGE]++;
    port.open = true;
    return true;
  }

  /** Closes a port; one that is closed stays so. */
  public void remove(UdpPort port) {
    if (!port.open) {
      return;
    }
    port.open = false;
    int at = bucket(port);
    UdpPort before = buckets[at];
    if (before == port) {
      buckets[at] = port.next;
    } else {
      while (before != null && before.next != port) {
        before = before.next;
      }
      assert before != null : "an open port is in its bucket";
      if (before != null) {
        before.next = port.next;
      }
    }
    port.next = null;
    size--;
    page(port.number)[port.number % NUMBERS_A_PAGE]--;
  }

  /** Closes all. */
  public void close() {
    for (int i = 0; i < buckets.length; i++) {
      for (UdpPort port = buckets[i]; port != null; port = buckets[i]) {
        remove(port);
      }
    }
  }

  private boolean isTaken(UdpPort p) {
    if (!isUsed(p.number)) {
      return false;
    }
    if (p.isConnected()) {
      return find(p.localHigh, p.localLow, p.number, 0, 0, 0) != null
          || find(p.localHigh, p.localLow, p.number, p.remoteHigh, p.remoteLow, p.remotePort)
              != null;
    }
    for (UdpPort first : buckets) {
      for (UdpPort other = first; other != null; other = other.next) {
        if (other.number == p.number
            && other.localLow == p.localLow
            && other.localHigh == p.localHigh) {
          return true;
        }
      }
    }
    return false;
  }

  private void grow() {
    @Nullable UdpPort[] old = buckets;
    buckets = new UdpPort[old.length * 2];
    for (UdpPort first : old) {
      UdpPort port = first;
      while (port != null) {
        UdpPort next = port.next;
        link(port);
        port = next;
      }
    }
  }

  private void link(UdpPort port) {
    int at = bucket(port);
    port.next = buckets[at];
    buckets[at] = port;
  }

  // ---- Numbers ----------------------------------------------------------------------------------

  /**
   * A number that nobody uses at any address, not to be guessed from those before: a random one, or
   * the next free one behind it (RFC 6056 §3.3.1, RFC 5452 §9.2).
   *
   * @param wanted whether a number will do
   * @return −1: all that would are in use
   */
  public int chooseNumber(IntPredicate wanted) {
    int offset = (int) (random.hash(chosen++) >>> 33) % EPHEMERAL;
    for (int tries = 0; tries < EPHEMERAL; tries++) {
      int number = FIRST_EPHEMERAL + (offset + tries) % EPHEMERAL;
      if (!isUsed(number) && wanted.test(number)) {
        return number;
      }
    }
    return -1;
  }

  private boolean isUsed(int number) {
    int[] page = users[number / NUMBERS_A_PAGE];
    return page != null && page[number % NUMBERS_A_PAGE] != 0;
  }

  private int[] page(int number) {
    int page = number / NUMBERS_A_PAGE;
    if (users[page] == null) {
      users[page] = new int[NUMBERS_A_PAGE];
    }
    return users[page];
  }

  /** Bytes that it occupies. */
  public long reservedBytes() {
    long bytes = (buckets.length + users.length) * 4L + size * (long) PORT_BYTES;
    for (int[] page : users) {
      bytes += page == null ? 0 : NUMBERS_A_PAGE * 4L;
    }
    return bytes;
  }
}
