package wisp.core.ip;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import wisp.core.Counters;
import wisp.core.Counters.Event;
import wisp.core.memory.Blocks;
import wisp.core.spi.BlockPool;
import wisp.core.spi.KeyedHash;

/**
 * Reassembly of IPv4 and IPv6 datagrams (RFC 791 §3.2, RFC 8200 §4.5) in blocks of the shared pool.
 *
 * <p>Nothing of a datagram is looked at before all of it is there, so a tiny first fragment hides
 * nothing (RFC 1858). Where two fragments overlap the whole datagram is dropped, and so is what
 * still comes of it until its time is over (RFC 5722, here for IPv4 too); only a fragment that came
 * before with the same place and bytes is ignored. A fragment costs what its length costs, in any
 * order; what all of them hold is bounded, and what one sender holds ({@link FragmentTable}).
 *
 * <p>Tables and the buffer for whole packets are made when they are first needed; from then on
 * nothing is allocated.
 */
public final class Fragments {
  /** {@link #add}: kept, or a duplicate of one that is; more must come. */
  public static final int HELD = 0;

  /** {@link #add}: with this one the datagram is whole: see {@link #memory}. */
  public static final int COMPLETE = 1;

  /** {@link #add}: not used, and counted; nobody is told. */
  public static final int DROPPED = 2;

  /**
   * {@link #add}: not the last, but no multiple of 8 bytes long. For IPv6 a parameter problem code
   * 0 with pointer to the payload length is due (RFC 8200 §4.5).
   */
  public static final int BAD_LENGTH = 3;

  /**
   * {@link #add}: the datagram would be longer than 65,535 bytes. For IPv6 a parameter problem code
   * 0 with pointer to the fragment offset is due (RFC 8200 §4.5).
   */
  public static final int TOO_LONG = 4;

  /**
   * How long a datagram may take, from the fragment of it that came first (RFC 8200 §4.5; RFC 1122
   * §3.3.2: 60 to 120 s).
   */
  public static final long LIFETIME_NANOS = 60_000_000_000L;

  /** The longest header, IPv4 options or unfragmentable part included, that is kept, in bytes. */
  public static final int MOST_HEADER_BYTES = 200;

  /** Datagrams in hand at once, unless told otherwise. */
  public static final int DEFAULT_DATAGRAMS = 64;

  private static final int FITS = -1;
  private static final int LONGEST = 0xFFFF;

  /** Who wants to know that a datagram took too long. */
  @FunctionalInterface
  public interface Expired {
    /**
     * Time is over for a datagram whose fragment with offset 0 came: time exceeded code 1 is due
     * (RFC 792, RFC 4443 §3.3). What is shown is this fragment as it was received, of its whole
     * length: who quotes it cuts it.
     *
     * @param memory borrowed until this returns, in which {@link Fragments#add} must not be called
     */
    void onExpired(boolean ipv6, MemorySegment memory, long start, int length);
  }

  private final Blocks blocks;
  private final KeyedHash hash;
  private final int budgetBytes;
  private final int mostDatagrams;
  private final Counters counters;
  private final FragmentText text;
  private final WholePacket packet;
  private @Nullable FragmentTable table;

  /**
   * For one context.
   *
   * @param hash with a key of its own
   * @param budgetBytes of blocks for all datagrams together; the longest datagram needs 69,888
   * @param mostDatagrams in hand at once, those given up and not yet forgotten included; at least 1
   */
  public Fragments(
      Blocks blocks, KeyedHash hash, int budgetBytes, int mostDatagrams, Counters counters) {
    if (mostDatagrams < 1 || budgetBytes < 0) {
      throw new IllegalArgumentException(
          "room for " + mostDatagrams + " datagrams in " + budgetBytes + " bytes");
    }
    this.blocks = blocks;
    this.hash = hash;
    this.budgetBytes = budgetBytes;
    this.mostDatagrams = mostDatagrams;
    this.counters = counters;
    text = new FragmentText(blocks);
    packet = new WholePacket(blocks, text);
  }

  /**
   * A fragment arrived; its lengths are those of its headers and lie inside the packet. Addresses
   * are 128 bits; an IPv4 address has high word 0 and low word {@code 0xFFFF_0000_0000L | address}.
   *
   * @param protocol IPv4: of the header, part of the key. IPv6: the fragment header's next header;
   *     that of the first fragment counts
   * @param identification all 32 bits count
   * @param memory borrowed until this returns
   * @param headerStart where the IP header begins
   * @param headerLength bytes of the IPv4 header with options; or of the IPv6 header and the
   *     unfragmentable part, which the fragment header follows
   * @param nextHeaderFieldOffset IPv6: where, from {@code headerStart}, the byte lies that
   *     announces the fragment header. IPv4: any value
   * @param dataStart where the fragment's data begin
   * @param offset of these in the fragmentable part in bytes, a multiple of 8
   * @param length of these in bytes
   * @param more whether more fragments follow
   * @param ecn the two ECN bits of this fragment's header
   * @param nowNanos never less than in the call before
   * @return {@link #HELD}, {@link #COMPLETE}, {@link #DROPPED}, {@link #BAD_LENGTH} or {@link
   *     #TOO_LONG}
   */
  public int add(
      boolean ipv6,
      long sourceHigh,
      long sourceLow,
      long destinationHigh,
      long destinationLow,
      int protocol,
      int identification,
      MemorySegment memory,
      long headerStart,
      int headerLength,
      int nextHeaderFieldOffset,
      long dataStart,
      int offset,
      int length,
      boolean more,
      int ecn,
      long nowNanos) {
    assert offset >= 0 && offset % FragmentText.UNIT == 0 && length >= 0 && headerLength > 0;
    if (more && length % FragmentText.UNIT != 0) {
      return refuse(Event.DROP_FRAGMENT_MALFORMED, BAD_LENGTH);
    }
    if (isTooLong(ipv6, headerLength, offset + length)) {
      return refuse(Event.DROP_FRAGMENT_MALFORMED, TOO_LONG);
    }
    if (offset == 0 && !more) {
      packet.join(
          ipv6,
          memory,
          headerStart,
          headerLength,
          nextHeaderFieldOffset,
          protocol,
          dataStart,
          length);
      counters.add(Event.REASSEMBLED);
      return COMPLETE;
    }
    if (length == 0 || offset == 0 && headerLength > MOST_HEADER_BYTES) {
      return refuse(Event.DROP_FRAGMENT_MALFORMED, DROPPED);
    }

    FragmentTable t = table();
    long tag = tag(ipv6, protocol, identification);
    PartialDatagram d = t.find(sourceHigh, sourceLow, destinationHigh, destinationLow, tag);
    if (d == null) {
      long deadlineNanos = nowNanos + LIFETIME_NANOS;
      d = t.open(sourceHigh, sourceLow, destinationHigh, destinationLow, tag, deadlineNanos);
    }
    int verdict = judge(t, d, memory, dataStart, offset, offset + length, more, ecn, nowNanos);
    if (verdict != FITS) {
      return verdict;
    }
    if (offset == 0) {
      d.begin(ipv6, headerLength, nextHeaderFieldOffset, protocol, identification, length);
      if (!keepHeader(t, d, memory, headerStart)) {
        return DROPPED;
      }
    }
    return hold(t, d, memory, dataStart, offset, offset + length, more);
  }

  /** Whether a fragment {@link #FITS}; if not, what became of it. */
  private int judge(
      FragmentTable t,
      PartialDatagram d,
      MemorySegment memory,
      long dataStart,
      int offset,
      int end,
      boolean more,
      int ecn,
      long nowNanos) {
    if (d.buriedFor != null) {
      return refuse(d.buriedFor, DROPPED);
    }
    if (d.deadlineNanos <= nowNanos) {
      return refuse(Event.DROP_FRAGMENT_TIMEOUT, DROPPED);
    }
    int held = text.heldUnits(d, offset, end);
    if (held > 0
        && held == FragmentText.units(end - offset)
        && more == (end != d.total)
        && text.isDuplicate(d, offset, end, memory, dataStart)) {
      return refuse(Event.DROP_FRAGMENT_DUPLICATE, HELD);
    }
    d.fragments++;
    if (held > 0) {
      return giveUp(t, d, Event.DROP_FRAGMENT_OVERLAP);
    }
    if (d.contradicts(end, more) || !d.mixEcn(ecn)) {
      return giveUp(t, d, Event.DROP_FRAGMENT_MALFORMED);
    }
    return FITS;
  }

  private int hold(
      FragmentTable t,
      PartialDatagram d,
      MemorySegment memory,
      long dataStart,
      int offset,
      int end,
      boolean more) {
    if (!makeRoom(t, d, offset, end)) {
      return DROPPED;
    }
    text.put(d, offset, end, memory, dataStart);
    d.extend(end, more);
    return d.isWhole() ? complete(t, d) : HELD;
  }

  /** The rest of the key: RFC 791 §3.2 names the protocol, RFC 8200 §4.5 does not. */
  private static long tag(boolean ipv6, int protocol, int identification) {
    long family = ipv6 ? 1L << 40 : (long) protocol << 32;
    return family | identification & 0xFFFF_FFFFL;
  }

  /** The length field of an IPv4 packet counts its header, that of an IPv6 packet does not. */
  private static boolean isTooLong(boolean ipv6, int headerLength, int dataLength) {
    int counted = ipv6 ? headerLength - WholePacket.IPV6_HEADER : headerLength;
    return counted + dataLength > LONGEST;
  }

  private int refuse(Event reason, int result) {
    counters.add(reason);
    return result;
  }

  private static int giveUp(FragmentTable t, PartialDatagram d, Event reason) {
    t.bury(d, reason);
    return DROPPED;
  }

  private boolean keepHeader(
      FragmentTable t, PartialDatagram d, MemorySegment memory, long headerStart) {
    int block = t.acquire(d, BlockPool.ACTIVITY);
    if (block == Blocks.NONE) {
      return false;
    }
    d.headerBlock = block;
    MemorySegment.copy(
        memory, headerStart, blocks.memory(block), blocks.start(block), d.headerLength);
    return true;
  }

  private boolean makeRoom(FragmentTable t, PartialDatagram d, int offset, int end) {
    int k = FragmentText.missingBlock(d, offset, end);
    while (k != Blocks.NONE) {
      int block = t.acquire(d, BlockPool.LARGEST);
      if (block == Blocks.NONE) {
        return false;
      }
      text.addBlock(d, k, block);
      k = FragmentText.missingBlock(d, offset, end);
    }
    return true;
  }

  private int complete(FragmentTable t, PartialDatagram d) {
    // A later fragment may have come with a shorter header than the first.
    if (isTooLong(d.ipv6, d.headerLength, d.total)) {
      return giveUp(t, d, Event.DROP_FRAGMENT_MALFORMED);
    }
    packet.join(d);
    t.remove(d);
    counters.add(Event.REASSEMBLED);
    return COMPLETE;
  }

  /**
   * After {@link #COMPLETE}: where the whole packet lies, header first, as if it had never been
   * cut. Borrowed until the next {@link #add} or {@link #expire}.
   */
  public MemorySegment memory() {
    return packet.memory();
  }

  /** Where it begins in {@link #memory}. */
  public long start() {
    return 0;
  }

  /** Its bytes, header included. */
  public int length() {
    return packet.length();
  }

  /**
   * Gives up what took too long.
   *
   * @return how many datagrams, those dropped before and forgotten now not included
   */
  public int expire(long nowNanos, Expired listener) {
    if (table == null) {
      return 0;
    }
    int expired = 0;
    for (var d = table.oldest(); d != null && d.deadlineNanos <= nowNanos; d = table.oldest()) {
      boolean alive = d.buriedFor == null;
      boolean tell = alive && d.hasFirstFragment();
      if (tell) {
        packet.firstFragment(d);
      }
      if (alive) {
        expired++;
        counters.add(Event.DROP_FRAGMENT_TIMEOUT, d.fragments);
      }
      table.remove(d);
      if (tell) {
        listener.onExpired(d.ipv6, packet.memory(), 0, packet.length());
      }
    }
    return expired;
  }

  /** When {@link #expire} has something to do; {@link Long#MAX_VALUE}: never. */
  public long nextDeadlineNanos() {
    PartialDatagram oldest = table == null ? null : table.oldest();
    return oldest == null ? Long.MAX_VALUE : oldest.deadlineNanos;
  }

  /** Datagrams in hand, those given up and not yet forgotten included. */
  public int datagrams() {
    return table == null ? 0 : table.size();
  }

  /** Bytes of blocks that are held; at most the budget. */
  public int heldBytes() {
    return table == null ? 0 : table.heldBytes();
  }

  /** Bytes of tables and buffer, which don't lie in the pool. */
  public long reservedBytes() {
    return packet.reservedBytes() + (table == null ? 0 : table.reservedBytes());
  }

  /** Gives all blocks back and forgets everything. */
  public void release() {
    if (table != null) {
      for (var d = table.oldest(); d != null; d = table.oldest()) {
        table.remove(d);
      }
    }
  }

  private FragmentTable table() {
    if (table == null) {
      table = new FragmentTable(blocks, hash, budgetBytes, mostDatagrams, counters);
    }
    return table;
  }
}
