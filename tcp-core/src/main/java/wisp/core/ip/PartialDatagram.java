package wisp.core.ip;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import wisp.core.Counters.Event;
import wisp.core.memory.Blocks;

/**
 * What is known of a datagram that isn't whole yet: its key, its end, its header and where its text
 * lies. A slot of {@link FragmentTable}, reused for ever.
 */
final class PartialDatagram {
  static final int UNKNOWN = -1;

  /** Bytes in a slot's fields and array, about: object headers, longs, ints, handles. */
  static final int RESERVED_BYTES = 144 + 4 * FragmentText.MOST_BLOCKS;

  // RFC 3168 §5.3: code points that met in this datagram, a bit each.
  private static final int NOT_ECT_SEEN = 1;
  private static final int CE_SEEN = 1 << 3;

  final int slot;

  // Key, together with the sender's address.
  long destinationHigh;
  long destinationLow;
  long tag;

  int sender;
  long deadlineNanos;

  // Neighbours in the order of the first-received fragment.
  int older;
  int newer;

  /** Why it was given up: its blocks are gone, and what comes of it still is dropped. */
  @Nullable Event buriedFor;

  /** Fragments received, without duplicates; they count as dropped when it is given up. */
  int fragments;

  /** Bytes of blocks. */
  int bytes;

  final int[] blocks = new int[FragmentText.MOST_BLOCKS];
  int heldUnits;

  /** Length of the fragmentable part, as the last fragment tells. */
  int total;

  /** Right edge of what is held. */
  int highest;

  // Of the fragment with offset 0.
  int headerBlock;
  boolean ipv6;
  int headerLength;
  int nextHeaderFieldOffset;
  int protocol;
  int identification;
  int firstLength;
  private int ecnSeen;

  PartialDatagram(int slot) {
    this.slot = slot;
    Arrays.fill(blocks, Blocks.NONE);
  }

  void reset() {
    buriedFor = null;
    fragments = 0;
    bytes = 0;
    heldUnits = 0;
    total = UNKNOWN;
    highest = 0;
    headerBlock = Blocks.NONE;
    ecnSeen = 0;
  }

  /** What the fragment with offset 0 says of the datagram. */
  void begin(
      boolean ipv6,
      int headerLength,
      int nextHeaderFieldOffset,
      int protocol,
      int identification,
      int firstLength) {
    this.ipv6 = ipv6;
    this.headerLength = headerLength;
    this.nextHeaderFieldOffset = nextHeaderFieldOffset;
    this.protocol = protocol;
    this.identification = identification;
    this.firstLength = firstLength;
  }

  boolean hasFirstFragment() {
    return headerBlock != Blocks.NONE;
  }

  /** Whether a fragment's end can't be true together with those before it. */
  boolean contradicts(int end, boolean more) {
    if (total == UNKNOWN) {
      return !more && end < highest;
    }
    return more ? end >= total : end != total;
  }

  /** Notes where a fragment ends that is held from now on. */
  void extend(int end, boolean more) {
    highest = Math.max(highest, end);
    if (!more) {
      total = end;
    }
  }

  boolean isWhole() {
    return total != UNKNOWN && heldUnits == FragmentText.units(total);
  }

  /**
   * Notes a fragment's ECN code point.
   *
   * @return false: CE, where another fragment says that its transport doesn't know ECN
   */
  boolean mixEcn(int ecn) {
    ecnSeen |= 1 << ecn;
    return (ecnSeen & (NOT_ECT_SEEN | CE_SEEN)) != (NOT_ECT_SEEN | CE_SEEN);
  }

  boolean isCongestionExperienced() {
    return (ecnSeen & CE_SEEN) != 0;
  }
}
