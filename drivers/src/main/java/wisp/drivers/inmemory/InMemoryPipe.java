package wisp.drivers.inmemory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.LinkOffloads;
import wisp.core.spi.TransmitPacket;
import wisp.drivers.Claim;
import wisp.drivers.Framing;
import wisp.drivers.Parking;

/**
 * Two connected links, {@link #a()} and {@link #b()}: what one sends the other receives, in order,
 * without loss until its ring is full. Each direction is a ring of equal slots in one region; the
 * sender writes into a slot, the receiver reads the same bytes.
 *
 * <pre>
 *   released ≤ received ≤ published ≤ committed ≤ released + slots      (counts since the start)
 *      │          │           │           └ the sender's next slot
 *      │          │           └ flushed: the receiver may have it
 *      │          └ handed out
 *      └ the next receive gave the memory back
 * </pre>
 *
 * <p><b>Not thread-safe:</b> one thread drives both ends (or two that take turns); only {@link
 * Link#wake} may come from elsewhere. Packets leave on {@code flush}, as with a real ring, so that
 * a forgotten flush is noticed here.
 *
 * <p>With offloads a packet up to 64 KiB passes uncut and with its partial checksum, and is
 * received with {@link Burst#CHECKSUM_TRUSTED}: no wire lies between that could spoil it.
 *
 * <p>The ends are of kind {@code IP}, or of kind {@code ETHERNET} when made by {@link #ethernet}.
 * Whatever one sends the other gets, whomever it is addressed to; for more than two ends see {@link
 * InMemorySwitch}.
 */
public final class InMemoryPipe implements AutoCloseable {
  /** As on Ethernet. */
  public static final int DEFAULT_MTU = 1500;

  /** Packets a direction holds. */
  public static final int DEFAULT_SLOTS = 1024;

  /** What an end that does everything for the stack offers. */
  public static final LinkOffloads ALL_OFFLOADS = new LinkOffloads(true, 65_535);

  /**
   * Without a second thread nothing arrives while we sleep, so there is no point in sleeping long.
   */
  private static final long LONGEST_PARK_NANOS = 100_000;

  private static final int CACHE_LINE = 64;
  private static final int LARGEST_FRAME_HEADER = Framing.ETHERNET_BYTES + Framing.VLAN_TAG_BYTES;

  private final Arena arena = Arena.ofShared();
  private final End a;
  private final End b;

  /** With the default MTU and ring, and without offloads. */
  public InMemoryPipe() {
    this(DEFAULT_MTU, DEFAULT_SLOTS, LinkOffloads.NONE);
  }

  /**
   * A pipe.
   *
   * @param mtu largest IP packet in bytes, 68 … 65,535
   * @param slots packets each direction holds, ≥ 1
   * @param offloads what both ends offer
   */
  public InMemoryPipe(int mtu, int slots, LinkOffloads offloads) {
    this(Link.Kind.IP, mtu, slots, offloads, 0, 0, () -> {});
  }

  /** Flushed by {@code a}, {@code afterFlush} runs. */
  InMemoryPipe(
      Link.Kind kind,
      int mtu,
      int slots,
      LinkOffloads offloads,
      long hardwareAddressA,
      long hardwareAddressB,
      Runnable afterFlush) {
    if (mtu < 68 || mtu > 65_535) {
      throw new IllegalArgumentException("mtu " + mtu + " is outside 68 … 65535");
    }
    if (slots < 1) {
      throw new IllegalArgumentException("a ring needs at least one slot, not " + slots);
    }
    int frame = kind == Link.Kind.ETHERNET ? LARGEST_FRAME_HEADER : 0;
    int largest = Math.max(mtu, offloads.segmentationBytes()) + frame;
    var toB = new Ring(arena, slots, largest);
    var toA = new Ring(arena, slots, largest);
    a = new End("inmemory:a", kind, hardwareAddressA, mtu, offloads, toB, toA, afterFlush);
    b = new End("inmemory:b", kind, hardwareAddressB, mtu, offloads, toA, toB, () -> {});
  }

  /**
   * A pipe whose ends are of kind {@code ETHERNET}.
   *
   * @param mtu largest IP packet in bytes, 68 … 65,535; the Ethernet header comes on top
   * @param slots packets each direction holds, ≥ 1
   * @param offloads what both ends offer
   * @param hardwareAddressA of {@link #a()}, 48 bits
   * @param hardwareAddressB of {@link #b()}
   */
  public static InMemoryPipe ethernet(
      int mtu, int slots, LinkOffloads offloads, long hardwareAddressA, long hardwareAddressB) {
    return new InMemoryPipe(
        Link.Kind.ETHERNET, mtu, slots, offloads, hardwareAddressA, hardwareAddressB, () -> {});
  }

  /** One end. */
  public Link a() {
    return a;
  }

  /** The other one. */
  public Link b() {
    return b;
  }

  /** Closes both ends. */
  @Override
  public void close() {
    a.close();
    b.close();
  }

  /** One direction: slots between a sender and a receiver. See the picture above. */
  private static final class Ring {
    final int slots;
    final int largest;
    final MemorySegment memory;
    final int[] length;
    final int[] flags;
    final int[] segmentBytes;
    private final long stride;
    long released;
    long received;
    long published;
    long committed;

    Ring(Arena arena, int slots, int largest) {
      this.slots = slots;
      this.largest = largest;
      // An odd number of cache lines, lest the headers of all slots compete for the same
      // cache sets.
      long lines = ((long) largest + CACHE_LINE - 1) / CACHE_LINE;
      stride = (lines | 1) * CACHE_LINE;
      memory = arena.allocate(stride * slots, CACHE_LINE);
      length = new int[slots];
      flags = new int[slots];
      segmentBytes = new int[slots];
    }

    boolean isFull() {
      return committed - released == slots;
    }

    int slot(long count) {
      return (int) (count % slots);
    }

    long start(long count) {
      return slot(count) * stride;
    }
  }

  private final class End implements Link {
    private final String name;
    private final Kind kind;
    private final long hardwareAddress;
    private final int mtu;
    private final LinkOffloads offloads;
    private final Ring out;
    private final Ring in;
    private final Runnable afterFlush;
    private final Claim claim = new Claim();
    private long drops;
    private boolean closed;
    private final Parking parking = new Parking();

    End(
        String name,
        Kind kind,
        long hardwareAddress,
        int mtu,
        LinkOffloads offloads,
        Ring out,
        Ring in,
        Runnable afterFlush) {
      this.name = name;
      this.kind = kind;
      this.hardwareAddress = hardwareAddress;
      this.afterFlush = afterFlush;
      this.mtu = mtu;
      this.offloads = offloads;
      this.out = out;
      this.in = in;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public Kind kind() {
      return kind;
    }

    @Override
    public long hardwareAddress() {
      return hardwareAddress;
    }

    @Override
    public int mtu() {
      return mtu;
    }

    @Override
    public LinkOffloads offloads() {
      return offloads;
    }

    @Override
    public int receive(Burst burst) {
      if (closed) {
        return 0;
      }
      in.released = in.received;
      int before = burst.size();
      while (in.received < in.published && !burst.isFull()) {
        int slot = in.slot(in.received);
        burst.add(
            in.memory,
            in.start(in.received),
            in.length[slot],
            in.flags[slot],
            in.segmentBytes[slot]);
        in.received++;
      }
      return burst.size() - before;
    }

    @Override
    public boolean claim(int bytes, TransmitPacket packet) {
      if (closed || (this == a ? b : a).closed || bytes > out.largest || out.isFull()) {
        drops++;
        return false;
      }
      claim.begin(this, bytes);
      packet.lend(out.memory, out.start(out.committed));
      return true;
    }

    @Override
    public void commit(TransmitPacket packet) {
      claim.commit(this, packet);
      int ipBytes = packet.length - Framing.headerBytes(kind);
      if (closed
          || ipBytes < 0
          || packet.length == 0
          || (ipBytes > mtu && packet.segmentBytes == 0)
          || (packet.segmentBytes > 0 && ipBytes > offloads.segmentationBytes())) {
        drops++;
        return;
      }
      int slot = out.slot(out.committed);
      out.length[slot] = packet.length;
      out.flags[slot] = packet.needsChecksum ? Burst.CHECKSUM_TRUSTED : 0;
      out.segmentBytes[slot] = packet.segmentBytes;
      out.committed++;
    }

    @Override
    public void cancel(TransmitPacket packet) {
      claim.cancel();
    }

    @Override
    public void flush() {
      out.published = out.committed;
      afterFlush.run();
    }

    @Override
    public void awaitReadable(long timeoutNanos) {
      boolean idle = !closed && in.received == in.published;
      parking.await(idle ? Math.min(timeoutNanos, LONGEST_PARK_NANOS) : 0);
    }

    @Override
    public void wake() {
      parking.wake();
    }

    @Override
    public long drops() {
      return drops;
    }

    @Override
    public void close() {
      closed = true;
      if (a.closed && b.closed && arena.scope().isAlive()) {
        arena.close();
      }
    }
  }
}
