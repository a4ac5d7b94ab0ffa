package wisp.core.ip;

import wisp.core.spi.KeyedHash;

/** How much of the fragment table each source address has at present. */
final class FragmentSenders {
  private static final int NONE = FragmentMap.NONE;

  private final KeyedHash hash;
  private final FragmentMap map;
  private final long[] high;
  private final long[] low;
  private final int[] datagrams;
  private final int[] bytes;

  FragmentSenders(KeyedHash hash, int most) {
    this.hash = hash;
    map = new FragmentMap(most);
    high = new long[most];
    low = new long[most];
    datagrams = new int[most];
    bytes = new int[most];
  }

  /** The number of a sender, or {@link FragmentMap#NONE} if it has nothing here. */
  int find(long sourceHigh, long sourceLow) {
    int sender = map.first(hash.hash(sourceHigh, sourceLow));
    while (sender != NONE && (low[sender] != sourceLow || high[sender] != sourceHigh)) {
      sender = map.next(sender);
    }
    return sender;
  }

  /** One datagram more. */
  int join(long sourceHigh, long sourceLow) {
    int sender = find(sourceHigh, sourceLow);
    if (sender == NONE) {
      sender = map.take(hash.hash(sourceHigh, sourceLow));
      high[sender] = sourceHigh;
      low[sender] = sourceLow;
      datagrams[sender] = 0;
      bytes[sender] = 0;
    }
    datagrams[sender]++;
    return sender;
  }

  /** One datagram fewer; who has none left is forgotten. */
  void leave(int sender) {
    if (--datagrams[sender] == 0) {
      assert bytes[sender] == 0 : bytes[sender];
      map.giveBack(sender);
    }
  }

  /** So many bytes of blocks more, or fewer. */
  void charge(int sender, int change) {
    bytes[sender] += change;
  }

  boolean is(int sender, long sourceHigh, long sourceLow) {
    return low[sender] == sourceLow && high[sender] == sourceHigh;
  }

  int datagrams(int sender) {
    return datagrams[sender];
  }

  int bytes(int sender) {
    return bytes[sender];
  }

  long reservedBytes() {
    return map.reservedBytes() + 24L * high.length;
  }
}
