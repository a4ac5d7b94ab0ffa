package wisp.drivers.faults;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.drivers.Framing;

/**
 * One direction of a path: packets go in at one time and come out at another, or not at all. It
 * keeps its own copy of each, in a bounded buffer that grows by chunks; once warm it allocates
 * nothing.
 *
 * <pre>
 *   offer → loss → burst loss → MTU → bottleneck (queue, rate or trace) → delay ± jitter → poll
 *                                └ answer   corrupt, mark, duplicate   └ + hold, if chosen to be overtaken
 * </pre>
 *
 * <p>One seed is one history: each kind of fault draws from a random stream of its own, so that
 * turning one on or off does not change whom the others strike. Time is an argument; it must not
 * run backwards. Jitter keeps the order of packets (each leaves no earlier than the one before), as
 * a queue would; so with dense traffic its mean is above zero. Only packets that were <em>held</em>
 * are overtaken. A duplicate follows its original immediately.
 *
 * <p>Corruption strikes where the receiver's checksums look: not the Ethernet header or ARP, which
 * a real wire protects by a check of its own, nor the first 8 bytes of an IPv6 header.
 *
 * <p>Not thread-safe.
 */
public final class PathModel implements AutoCloseable {
  /** Nothing is due. */
  public static final int NONE = -1;

  private static final long LARGEST_BUFFER_BYTES = 256L << 20;
  private static final int CHUNK_SLOTS = 256;
  private static final int CACHE_LINE = 64;

  private static final int TCP = 6;
  private static final int IPV6_CHECKED_FROM = 8; // the addresses are in the pseudo-header

  private final PathConfig path;
  private final Link.Kind kind;
  private final int slotBytes;
  private final long stride;
  private final int capacity;
  private final SplittableRandom lossDraws;
  private final SplittableRandom burstDraws;
  private final SplittableRandom jitterDraws;
  private final SplittableRandom reorderDraws;
  private final SplittableRandom duplicateDraws;
  private final SplittableRandom corruptDraws;
  private final SplittableRandom markDraws;

  // The buffer: slots in chunks, and a stack of free ones.
  private final Arena arena = Arena.ofShared();
  private final List<MemorySegment> chunks = new ArrayList<>();
  private int[] length = new int[0];
  private int[] flags = new int[0];
  private int[] segmentBytes = new int[0];
  private long[] enteredNanos = new long[0];
  private long[] sequence = new long[0];
  private int[] free = new int[0];
  private int freeCount;

  // Packets on their way: a binary heap by (due, order of insertion).
  private long[] heapDue = new long[0];
  private long[] heapOrder = new long[0];
  private int[] heapSlot = new int[0];
  private int heapSize;
  private long nextOrder;

  private final @Nullable Bottleneck bottleneck;

  // Answers to packets that are too big.
  private final AnswerLimit answerLimit = new AnswerLimit();
  private final MemorySegment answer =
      arena.allocate(IcmpError.LARGEST_BYTES + Framing.ETHERNET_BYTES + Framing.VLAN_TAG_BYTES);
  private @Nullable PathModel wayBack;

  private boolean inBurst;
  private long lastDueNanos = Long.MIN_VALUE;
  private long nextSequence;
  private long highestDelivered = -1;
  private long windowStartNanos;
  private long windowBytes;

  private long offered;
  private long offeredBytes;
  private long delivered;
  private long deliveredBytes;
  private long lostRandom;
  private long lostBurst;
  private long lostQueue;
  private long lostBuffer;
  private long lostTooBig;
  private long lostIcmp;
  private long answers;
  private long duplicated;
  private long reordered;
  private long corrupted;
  private long marked;
  private long delayNanos;
  private long firstDeliveryNanos;
  private long lastDeliveryNanos;
  private long peakBytesPerWindow;

  /** A path of IP packets. */
  public PathModel(PathConfig path, int slotBytes, long seed) {
    this(path, Link.Kind.IP, slotBytes, seed);
  }

  /**
   * A path.
   *
   * @param path what it is like
   * @param kind what packets begin with
   * @param slotBytes the largest packet it can carry, Ethernet header included
   * @param seed decides every draw
   */
  public PathModel(PathConfig path, Link.Kind kind, int slotBytes, long seed) {
    if (slotBytes < 1) {
      throw new IllegalArgumentException("packets of at most " + slotBytes + " B");
    }
    this.path = path;
    this.kind = kind;
    this.slotBytes = slotBytes;
    stride = (((slotBytes + CACHE_LINE - 1L) / CACHE_LINE) | 1) * CACHE_LINE;
    capacity = (int) Math.min(Integer.MAX_VALUE - 8, LARGEST_BUFFER_BYTES / stride);
    bottleneck = path.hasBottleneck() ? new Bottleneck(path) : null;
    var source = new SplittableRandom(seed);
    lossDraws = source.split();
    burstDraws = source.split();
    jitterDraws = source.split();
    reorderDraws = source.split();
    duplicateDraws = source.split();
    corruptDraws = source.split();
    markDraws = source.split();
  }

  /** What this path is like. */
  public PathConfig path() {
    return path;
  }

  /**
   * Where senders are told that their packets are too big: the answers travel the way back as any
   * other packet. Without it nobody is told.
   */
  public void answersThrough(PathModel wayBack) {
    this.wayBack = wayBack;
  }

  /** A packet of one segment enters. */
  public void offer(MemorySegment memory, long start, int bytes, int packetFlags, long nowNanos) {
    offer(memory, start, bytes, packetFlags, 0, nowNanos);
  }

  /**
   * A packet enters. Its bytes are copied.
   *
   * @param packetFlags as in {@link Burst}; a packet that gets corrupted loses {@link
   *     Burst#CHECKSUM_TRUSTED}
   * @param segment payload bytes of each segment that it stands for, as in {@link Burst}; 0: one
   */
  public void offer(
      MemorySegment memory, long start, int bytes, int packetFlags, int segment, long nowNanos) {
    long number = nextSequence++;
    offered++;
    offeredBytes += bytes;
    // Every packet draws from every stream, whatever becomes of it: its fate depends on its
    // number alone.
    boolean chosenForLoss = lossDraws.nextDouble() < path.loss();
    boolean chosenForBurst = isLostInBurst();
    double jitter = 2 * jitterDraws.nextDouble() - 1;
    boolean held = reorderDraws.nextDouble() < path.reorder();
    boolean twice = duplicateDraws.nextDouble() < path.duplicate();
    boolean spoilt = corruptDraws.nextDouble() < path.corrupt();
    long spoiltBit = corruptDraws.nextLong();
    boolean chosenForMark = markDraws.nextDouble() < path.mark();
    int ip = Framing.ipOffset(kind, memory, start, bytes);
    if (path.blocksIcmp() && ip >= 0 && IcmpError.is(memory, start + ip, bytes - ip)) {
      lostIcmp++;
      return;
    }
    if (chosenForLoss) {
      lostRandom++;
      return;
    }
    if (chosenForBurst) {
      lostBurst++;
      return;
    }
    if (bytes < 0 || bytes > slotBytes) {
      lostBuffer++;
      return;
    }
    if (ip >= 0 && isTooBig(memory, start + ip, bytes - ip, segment)) {
      lostTooBig++;
      answerTooBig(memory, start, ip, bytes, nowNanos);
      return;
    }
    if (bottleneck != null && !bottleneck.hasRoom(bytes, nowNanos)) {
      lostQueue++;
      return;
    }
    int slot = acquire();
    if (slot == NONE) {
      lostBuffer++;
      return;
    }
    MemorySegment.copy(memory, start, memory(slot), start(slot), bytes);
    length[slot] = bytes;
    flags[slot] = packetFlags;
    segmentBytes[slot] = segment;
    enteredNanos[slot] = nowNanos;
    sequence[slot] = number;
    if (chosenForMark && ip >= 0 && EcnMark.set(memory(slot), start(slot) + ip)) {
      marked++;
    }
    int checkedFrom = checkedFrom(memory, start, ip);
    if (spoilt && checkedFrom >= 0 && checkedFrom < bytes) {
      corrupted++;
      long bit = Long.remainderUnsigned(spoiltBit, 8L * (bytes - checkedFrom));
      corrupt(slot, 8L * checkedFrom + bit);
    }
    long departure =
        bottleneck == null ? nowNanos : bottleneck.depart(bytes, Math.max(0, ip), nowNanos);
    long due = departure + path.delayNanos() + Math.round(jitter * path.jitterNanos());
    due = Math.max(due, nowNanos);
    if (held) {
      due = Math.max(due, lastDueNanos) + path.reorderHoldNanos();
    } else {
      due = Math.max(due, lastDueNanos);
      lastDueNanos = due;
    }
    push(due, slot);
    if (twice) {
      duplicate(slot, due);
    }
  }

  /** When the next packet comes out; {@link Long#MAX_VALUE}: none is inside. */
  public long nextDeadlineNanos() {
    return heapSize == 0 ? Long.MAX_VALUE : heapDue[0];
  }

  /**
   * Takes out the next packet that is due.
   *
   * @return its slot, owned by the caller until {@link #release}; or {@link #NONE}
   */
  public int poll(long nowNanos) {
    if (heapSize == 0 || heapDue[0] > nowNanos) {
      return NONE;
    }
    int slot = heapSlot[0];
    removeFirst();
    countDelivery(slot, nowNanos);
    return slot;
  }

  /** Gives a slot that {@link #poll} returned back. */
  public void release(int slot) {
    free[freeCount++] = slot;
  }

  /** Where a polled packet lies, borrowed until {@link #release}. */
  public MemorySegment memory(int slot) {
    return chunks.get(slot / CHUNK_SLOTS);
  }

  /** First byte of a polled packet in {@link #memory}. */
  public long start(int slot) {
    return slot % CHUNK_SLOTS * stride;
  }

  /** Bytes of a polled packet. */
  public int length(int slot) {
    return length[slot];
  }

  /** Flags of a polled packet, as in {@link Burst}. */
  public int flags(int slot) {
    return flags[slot];
  }

  /** Segments that a polled packet stands for, as in {@link Burst}. */
  public int segmentBytes(int slot) {
    return segmentBytes[slot];
  }

  /** What happened so far. */
  public PathStats stats() {
    return new PathStats(
        offered,
        offeredBytes,
        delivered,
        deliveredBytes,
        lostRandom,
        lostBurst,
        lostQueue,
        lostBuffer,
        lostTooBig,
        lostIcmp,
        answers,
        duplicated,
        reordered,
        corrupted,
        marked,
        heapSize,
        delayNanos,
        firstDeliveryNanos,
        lastDeliveryNanos,
        Math.max(peakBytesPerWindow, windowBytes));
  }

  /** Frees the buffer; what is inside is gone. Idempotent. */
  @Override
  public void close() {
    heapSize = 0;
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }

  /** The Gilbert–Elliott chain takes one step per packet. */
  private boolean isLostInBurst() {
    double step = burstDraws.nextDouble();
    double loss = burstDraws.nextDouble();
    inBurst = inBurst ? step >= path.burstLeave() : step < path.burstEnter();
    return inBurst && loss < path.burstLoss();
  }

  /** By the largest segment, when it is not cut yet. */
  private boolean isTooBig(MemorySegment memory, long ip, int bytes, int segment) {
    if (path.mtu() == 0 || bytes <= path.mtu()) {
      return false;
    }
    return segment == 0 || headerBytes(memory, ip, bytes) + segment > path.mtu();
  }

  /** Of IP and TCP. */
  private static int headerBytes(MemorySegment memory, long ip, int bytes) {
    boolean ipv6 = isIpv6(memory, ip);
    int header = ipv6 ? 40 : (memory.get(ValueLayout.JAVA_BYTE, ip) & 0xF) * 4;
    int protocol = memory.get(ValueLayout.JAVA_BYTE, ip + (ipv6 ? 6 : 9));
    return protocol == TCP && header + 20 <= bytes
        ? header + (memory.get(ValueLayout.JAVA_BYTE, ip + header + 12) >> 4 & 0xF) * 4
        : header;
  }

  private void answerTooBig(MemorySegment memory, long start, int ip, int bytes, long nowNanos) {
    if (!path.answersTooBig()
        || wayBack == null
        || !IcmpError.mayFollow(memory, start + ip, bytes - ip)
        || (ip > 0 && (memory.get(ValueLayout.JAVA_BYTE, start) & 1) != 0) // to a group
        || !answerLimit.take(nowNanos)) {
      return;
    }
    answers++;
    if (ip > 0) {
      MemorySegment.copy(memory, start, answer, 6, 6);
      MemorySegment.copy(memory, start + 6, answer, 0, 6);
      MemorySegment.copy(memory, start + 12, answer, 12, ip - 12);
    }
    int length = IcmpError.writeTooBig(memory, start + ip, bytes - ip, path, answer, ip);
    wayBack.offer(answer, 0, ip + length, 0, nowNanos);
  }

  /** The first byte that a checksum of the receiver looks at; −1: none does. */
  private int checkedFrom(MemorySegment memory, long start, int ip) {
    if (ip < 0) {
      return kind == Link.Kind.IP ? 0 : -1;
    }
    return isIpv6(memory, start + ip) ? ip + IPV6_CHECKED_FROM : ip;
  }

  private static boolean isIpv6(MemorySegment memory, long ip) {
    return (memory.get(ValueLayout.JAVA_BYTE, ip) >> 4 & 0xF) == 6;
  }

  private void corrupt(int slot, long bit) {
    long at = start(slot) + (bit >>> 3);
    byte old = memory(slot).get(ValueLayout.JAVA_BYTE, at);
    memory(slot).set(ValueLayout.JAVA_BYTE, at, (byte) (old ^ 1 << (bit & 7)));
    flags[slot] &= ~Burst.CHECKSUM_TRUSTED;
  }

  private void duplicate(int slot, long due) {
    int copy = acquire();
    if (copy == NONE) {
      return;
    }
    duplicated++;
    MemorySegment.copy(memory(slot), start(slot), memory(copy), start(copy), length[slot]);
    length[copy] = length[slot];
    flags[copy] = flags[slot];
    segmentBytes[copy] = segmentBytes[slot];
    enteredNanos[copy] = enteredNanos[slot];
    sequence[copy] = sequence[slot];
    push(due, copy);
  }

  private void countDelivery(int slot, long nowNanos) {
    delivered++;
    deliveredBytes += length[slot];
    delayNanos += nowNanos - enteredNanos[slot];
    if (sequence[slot] < highestDelivered) {
      reordered++;
    } else {
      highestDelivered = sequence[slot];
    }
    if (delivered == 1) {
      firstDeliveryNanos = nowNanos;
      windowStartNanos = nowNanos;
    }
    lastDeliveryNanos = nowNanos;
    if (nowNanos - windowStartNanos >= PathStats.WINDOW_NANOS) {
      peakBytesPerWindow = Math.max(peakBytesPerWindow, windowBytes);
      windowStartNanos = nowNanos;
      windowBytes = 0;
    }
    windowBytes += length[slot];
  }

  private int acquire() {
    if (freeCount == 0 && !grow()) {
      return NONE;
    }
    return free[--freeCount];
  }

  private boolean grow() {
    int old = length.length;
    int grown = Math.min(capacity, old + CHUNK_SLOTS);
    if (grown == old) {
      return false;
    }
    chunks.add(arena.allocate(stride * (grown - old), CACHE_LINE));
    length = Arrays.copyOf(length, grown);
    flags = Arrays.copyOf(flags, grown);
    segmentBytes = Arrays.copyOf(segmentBytes, grown);
    enteredNanos = Arrays.copyOf(enteredNanos, grown);
    sequence = Arrays.copyOf(sequence, grown);
    free = Arrays.copyOf(free, grown);
    heapDue = Arrays.copyOf(heapDue, grown);
    heapOrder = Arrays.copyOf(heapOrder, grown);
    heapSlot = Arrays.copyOf(heapSlot, grown);
    for (int slot = grown - 1; slot >= old; slot--) {
      free[freeCount++] = slot;
    }
    return true;
  }

  private void push(long due, int slot) {
    long order = nextOrder++;
    int at = heapSize++;
    while (at > 0) {
      int parent = (at - 1) >>> 1;
      if (heapDue[parent] <= due) {
        break; // parents are older, so an equal time stays below
      }
      move(parent, at);
      at = parent;
    }
    heapDue[at] = due;
    heapOrder[at] = order;
    heapSlot[at] = slot;
  }

  private void removeFirst() {
    int last = --heapSize;
    long due = heapDue[last];
    long order = heapOrder[last];
    int slot = heapSlot[last];
    int at = 0;
    while (true) {
      int child = 2 * at + 1;
      if (child >= last) {
        break;
      }
      if (child + 1 < last && isBefore(heapDue[child + 1], heapOrder[child + 1], child)) {
        child++;
      }
      if (!isBefore(heapDue[child], heapOrder[child], due, order)) {
        break;
      }
      move(child, at);
      at = child;
    }
    heapDue[at] = due;
    heapOrder[at] = order;
    heapSlot[at] = slot;
  }

  private boolean isBefore(long due, long order, int at) {
    return isBefore(due, order, heapDue[at], heapOrder[at]);
  }

  private static boolean isBefore(long due, long order, long otherDue, long otherOrder) {
    return due < otherDue || (due == otherDue && order < otherOrder);
  }

  private void move(int from, int to) {
    heapDue[to] = heapDue[from];
    heapOrder[to] = heapOrder[from];
    heapSlot[to] = heapSlot[from];
  }
}
