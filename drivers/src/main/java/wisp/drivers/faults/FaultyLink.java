package wisp.drivers.faults;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.LinkOffloads;
import wisp.core.spi.TransmitPacket;
import wisp.drivers.LinkWrapper;

/**
 * A link with a bad path on it: one {@link PathModel} for what it sends, one for what it receives.
 * Whoever drives it says what time it is ({@link #advanceTo}) and comes back at {@link
 * #nextDeadlineNanos}: a simulator with a virtual clock, or a runner with the real one. Before
 * {@code receive}, {@code commit} and {@code flush} the time should be up to date; it is what
 * packets are stamped with.
 *
 * <p>It offers {@link LinkOffloads#NONE}, so that whatever it spoils has a complete checksum to be
 * found out by. (What the wrapped link <em>receives</em> uncut and trusted passes as it is, unless
 * corrupted.)
 */
public final class FaultyLink extends LinkWrapper {
  private static final int CACHE_LINE = 64;
  private static final int FRAME_ROOM = 18; // an Ethernet header with a VLAN tag
  private static final int LARGEST_PACKET = 65_575 + FRAME_ROOM; // IPv6 header, 65,535 B of payload
  private static final int MOST_BURSTS = 4; // then what is due goes first

  private final PathModel sending;
  private final PathModel receiving;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment staging;
  private final Burst arrivals = new Burst();
  private final TransmitPacket outgoing = new TransmitPacket();
  private final int[] lent = new int[Burst.CAPACITY];
  private int lentCount;
  private int claimedBytes = -1;
  private long nowNanos;
  private long drops;
  private boolean closed;

  /**
   * Wraps a link, and owns it from now on.
   *
   * @param link closed with this one
   * @param sending what happens to packets that the stack sends
   * @param receiving what happens to packets that arrive
   * @param seed of both paths
   */
  public FaultyLink(Link link, PathConfig sending, PathConfig receiving, long seed) {
    super(link);
    int largest =
        link.offloads().segmentationBytes() > 0 ? LARGEST_PACKET : link.mtu() + FRAME_ROOM;
    this.sending = new PathModel(sending, link.kind(), largest, seed);
    this.receiving = new PathModel(receiving, link.kind(), largest, ~seed);
    this.sending.answersThrough(this.receiving);
    this.receiving.answersThrough(this.sending);
    staging = arena.allocate(largest, CACHE_LINE);
  }

  /** What happened to packets that the stack sent. */
  public PathStats sendingStats() {
    return sending.stats();
  }

  /** What happened to packets that arrived. */
  public PathStats receivingStats() {
    return receiving.stats();
  }

  /** It is now so late; sends what is due. Time never runs backwards. */
  public void advanceTo(long nowNanos) {
    if (nowNanos < this.nowNanos) {
      throw new IllegalArgumentException("time ran back from " + this.nowNanos + " to " + nowNanos);
    }
    this.nowNanos = nowNanos;
    if (!closed) {
      sendDue();
    }
  }

  /**
   * When {@link #advanceTo} and {@link #receive} have something to do; {@link Long#MAX_VALUE}:
   * nothing is under way.
   */
  public long nextDeadlineNanos() {
    return Math.min(sending.nextDeadlineNanos(), receiving.nextDeadlineNanos());
  }

  @Override
  public String name() {
    return "faults:" + link.name();
  }

  @Override
  public LinkOffloads offloads() {
    return LinkOffloads.NONE;
  }

  @Override
  public int receive(Burst burst) {
    if (closed) {
      return 0;
    }
    for (int i = 0; i < lentCount; i++) {
      receiving.release(lent[i]);
    }
    lentCount = 0;
    takeArrivals();
    int before = burst.size();
    while (!burst.isFull()) {
      int slot = receiving.poll(nowNanos);
      if (slot == PathModel.NONE) {
        break;
      }
      burst.add(
          receiving.memory(slot),
          receiving.start(slot),
          receiving.length(slot),
          receiving.flags(slot),
          receiving.segmentBytes(slot));
      lent[lentCount++] = slot;
    }
    return burst.size() - before;
  }

  @Override
  public boolean claim(int bytes, TransmitPacket packet) {
    if (claimedBytes >= 0) {
      throw new IllegalStateException(
          name() + ": the last claim was neither committed nor cancelled");
    }
    if (closed || bytes > staging.byteSize()) {
      drops++;
      return false;
    }
    claimedBytes = bytes;
    packet.lend(staging, 0);
    return true;
  }

  @Override
  public void commit(TransmitPacket packet) {
    if (claimedBytes < 0 || packet.length > claimedBytes) {
      throw new IllegalStateException(
          name() + ": commit of " + packet.length + " B after a claim of " + claimedBytes);
    }
    if (packet.needsChecksum || packet.segmentBytes > 0) {
      throw new IllegalStateException(name() + " has no offloads");
    }
    claimedBytes = -1;
    if (closed || packet.length <= 0) {
      drops++;
      return;
    }
    sending.offer(staging, 0, packet.length, 0, nowNanos);
  }

  @Override
  public void cancel(TransmitPacket packet) {
    claimedBytes = -1;
  }

  @Override
  public void flush() {
    if (!closed) {
      sendDue();
    }
  }

  @Override
  public void awaitReadable(long timeoutNanos) {
    if (!closed) {
      long deadline = nextDeadlineNanos();
      long left = deadline == Long.MAX_VALUE ? deadline : Math.max(0, deadline - nowNanos);
      link.awaitReadable(Math.min(timeoutNanos, left));
    }
  }

  /** What the wrapped link lost, and what was too long. What the path lost is in the statistics. */
  @Override
  public long drops() {
    return drops + link.drops();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      link.close();
      sending.close();
      receiving.close();
      arena.close();
    }
  }

  private void takeArrivals() {
    for (int round = 0; round < MOST_BURSTS; round++) {
      arrivals.clear();
      int count = link.receive(arrivals);
      for (int i = 0; i < count; i++) {
        receiving.offer(
            arrivals.memory(i),
            arrivals.start(i),
            arrivals.length(i),
            arrivals.flags(i),
            arrivals.segmentBytes(i),
            nowNanos);
      }
      if (count < Burst.CAPACITY) {
        return;
      }
    }
  }

  private void sendDue() {
    boolean sent = false;
    for (int slot = sending.poll(nowNanos); slot != PathModel.NONE; slot = sending.poll(nowNanos)) {
      int bytes = sending.length(slot);
      if (link.claim(bytes, outgoing)) {
        MemorySegment.copy(
            sending.memory(slot), sending.start(slot), outgoing.memory, outgoing.start, bytes);
        outgoing.length = bytes;
        link.commit(outgoing);
        sent = true;
      }
      sending.release(slot);
    }
    if (sent) {
      link.flush();
    }
  }
}
