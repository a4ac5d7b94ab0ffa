package wisp.drivers.dpdk;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.core.spi.LinkOffloads;
import wisp.core.spi.TransmitPacket;
import wisp.drivers.Framing;
import wisp.drivers.LentMemory;
import wisp.drivers.LinkDownException;
import wisp.drivers.linux.Linux;
import wisp.drivers.linux.NetworkNamespace;
import wisp.drivers.linux.VirtioHeader;

/**
 * A device of DPDK, virtual or physical, with one queue each way.
 *
 * <p>A received packet is handed out where the driver has put it, in a buffer of {@link MbufPool},
 * which goes back on the next {@code receive}. A packet to be sent is written into such a buffer;
 * from {@code flush} on it is the driver's, which frees it. What the driver does not take at once
 * waits, is offered again, and is dropped and counted when nothing moves for 20 ms, or too many
 * wait. So is a received packet of several pieces: buffers are long enough for the MTU.
 *
 * <p>There is no descriptor to wait on. {@code awaitReadable} looks for packets itself, at ever
 * longer intervals of up to a millisecond while none come, and keeps what it finds for the next
 * {@code receive}.
 *
 * <p>DPDK knows the thread that receives, so that it has a cache of its own in the pool; another
 * thread may take over at any time.
 */
public final class DpdkLink implements Link, LentMemory {
  private static final int REFILL = 32;
  private static final int SPARES = 2 * Burst.CAPACITY;
  private static final int TCP_CHECKSUM = 16; // where it lies in its header
  private static final int UDP_CHECKSUM = 6;
  private static final int MOST_QUEUED = 8 * Burst.CAPACITY;
  private static final long PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
  private static final int SPINS = 64;
  private static final long SHORTEST_NAP_NANOS = 1_000;
  private static final long LONGEST_NAP_NANOS = 1_000_000;
  private static final long WATCH_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  /** Empty bursts after which {@code receive} looks at the clock, for who never waits. */
  private static final int EMPTY_BURSTS = 1 << 16;

  private final String label;
  private final Librte librte;
  private final Eal eal;
  private final MbufPool pool;
  private final Port port;
  private final Watch watch;
  private final String netns;
  private final boolean trusted;

  /** The buffers that net_af_xdp has lent to the kernel stay in its rings, which close with it. */
  private final int abandoned;

  private final LinkOffloads offloads;
  private final Arena arena = Arena.ofShared();

  /** Addresses of mbufs: those that the stack borrows, those received while waiting, … */
  private final MemorySegment lent = arena.allocate(ValueLayout.JAVA_LONG, Burst.CAPACITY);

  private final MemorySegment found = arena.allocate(ValueLayout.JAVA_LONG, Burst.CAPACITY);
  private final MemorySegment queued = arena.allocate(ValueLayout.JAVA_LONG, MOST_QUEUED);

  /** … those that wait to be written to, with room for one that is claimed and cancelled. */
  private final MemorySegment spare = arena.allocate(ValueLayout.JAVA_LONG, SPARES + 1);

  private int lentCount;
  private int foundCount;
  private int foundTaken;
  private int queuedCount;
  private int spareCount;
  private long stuckSinceNanos;
  private long claimed;
  private int claimedBytes;
  private long drops;
  private int emptyBursts;
  private long nextWatchNanos = System.nanoTime() + WATCH_NANOS;
  private boolean down;
  private boolean closed;
  private @Nullable Thread poller;
  private volatile boolean woken;
  private volatile @Nullable Thread waiter;

  private DpdkLink(Opening opening, Port port) {
    label = opening.label;
    librte = opening.librte;
    eal = opening.eal;
    pool = opening.pool;
    watch = opening.watch;
    netns = opening.config.netns();
    trusted = opening.trusted;
    abandoned = opening.config.driver().equals("net_af_xdp") ? pool.size() : 0;
    this.port = port;
    offloads = new LinkOffloads(port.checksums(), 0);
  }

  /** What was got before the port, to be given back when the next step fails. */
  private record Opening(
      String label,
      DpdkConfig config,
      Librte librte,
      Eal eal,
      MbufPool pool,
      Watch watch,
      boolean trusted) {}

  /** Why no link over DPDK can be opened here and what to do; null when one can. */
  static @Nullable String unavailable(String driver) {
    String reason = Linux.unavailable();
    if (reason != null) {
      return "dpdk " + reason;
    }
    Librte librte = Librte.find();
    if (librte == null) {
      return "DPDK is not installed: " + Librte.install(driver);
    }
    return librte.version().startsWith(librte.abi().release())
        ? null
        : "this is "
            + librte.version()
            + ", but its libraries' number is that of "
            + librte.abi().release()
            + "; use another link";
  }

  /**
   * Opens a device.
   *
   * @throws LinkException in one line for the user; nothing stays behind
   */
  public static DpdkLink open(DpdkConfig config) throws LinkException {
    return open("dpdk:" + config.label(), config, Watch.NONE, null);
  }

  /**
   * Opens a device that someone else looks after.
   *
   * @param label what it is called
   * @param watch closed with the link, also when that can't be opened
   * @param abi where things lie; null: as in the version that is installed
   */
  static DpdkLink open(String label, DpdkConfig config, Watch watch, @Nullable Abi abi)
      throws LinkException {
    boolean done = false;
    try {
      String reason = unavailable(config.driver());
      Librte librte = Librte.find();
      if (reason != null || librte == null) {
        throw new LinkException(reason == null ? "DPDK is not installed" : reason);
      }
      DpdkLink link =
          NetworkNamespace.inside(
              config.netns(),
              () -> open(label, config, librte, watch, abi == null ? librte.abi() : abi));
      done = true;
      return link;
    } finally {
      if (!done) {
        watch.close();
      }
    }
  }

  private static DpdkLink open(String label, DpdkConfig config, Librte librte, Watch given, Abi abi)
      throws LinkException {
    Watch watch = given;
    Eal eal = null;
    MbufPool pool = null;
    boolean done = false;
    try {
      int mtu = config.mtu() == 0 ? 1500 : config.mtu();
      boolean trusted = config.checksum() == DpdkConfig.Trust.TRUST;
      // That of net_tap is made by it.
      if (watch == Watch.NONE
          && !config.argument("iface").isEmpty()
          && !config.driver().equals("net_tap")) {
        var below = new InterfaceWatch(config.argument("iface"));
        watch = below;
        mtu = mtu(config, below, mtu);
        trusted |= config.checksum() == DpdkConfig.Trust.AUTO && below.isVeth();
      }
      eal = Eal.start(librte, config);
      pool = new MbufPool(librte, config);
      var opening = new Opening(label, config, librte, eal, pool, watch, trusted);
      Port port;
      synchronized (Eal.class) { // its lists of devices are not for two threads at once
        port = new Port(librte, eal, abi, config, pool, mtu, given == Watch.NONE);
      }
      done = true;
      return new DpdkLink(opening, port);
    } finally {
      if (!done) {
        if (pool != null) {
          pool.close(0);
        }
        if (eal != null) {
          eal.leave();
        }
        watch.close();
      }
    }
  }

  private static int mtu(DpdkConfig config, InterfaceWatch below, int wanted) throws LinkException {
    int largest = below.found().mtu();
    if (config.mtu() > largest) {
      throw new LinkException(
          "interface '"
              + below.found().name()
              + "' has an MTU of "
              + largest
              + "; for mtu="
              + config.mtu()
              + ": ip link set "
              + below.found().name()
              + " mtu "
              + config.mtu());
    }
    return Math.min(wanted, largest);
  }

  @Override
  public String name() {
    return label;
  }

  @Override
  public Kind kind() {
    return Kind.ETHERNET;
  }

  @Override
  public long hardwareAddress() {
    return port.hardwareAddress();
  }

  @Override
  public int mtu() {
    return port.mtu();
  }

  @Override
  public LinkOffloads offloads() {
    return offloads;
  }

  /**
   * {@inheritDoc}
   *
   * @throws LinkDownException when the interface below the device is gone
   */
  @Override
  public int receive(Burst burst) {
    if (closed) {
      return 0;
    }
    if (Thread.currentThread() != poller) {
      adoptThread();
    }
    giveBack();
    int room = Burst.CAPACITY - burst.size();
    if (room == 0) {
      return 0;
    }
    if (foundTaken < foundCount) {
      takeFound(room);
    } else {
      lentCount = poll(lent, room);
    }
    int before = burst.size();
    for (int i = 0; i < lentCount; i++) {
      add(burst, lent.getAtIndex(ValueLayout.JAVA_LONG, i));
    }
    if (lentCount > 0) {
      emptyBursts = 0;
    } else if (down) {
      throw gone();
    } else if (++emptyBursts >= EMPTY_BURSTS) {
      emptyBursts = 0;
      look(System.nanoTime());
    }
    return burst.size() - before;
  }

  private void adoptThread() {
    eal.registerThread();
    poller = Thread.currentThread();
  }

  private int poll(MemorySegment into, int most) {
    if (down || !port.isStarted()) {
      return 0;
    }
    return Math.min(port.receive(into.address(), most), most);
  }

  /** What was lent is written to next, as long as there is room; the rest goes to the pool. */
  private void giveBack() {
    while (lentCount > 0 && spareCount < SPARES) {
      long mbuf = lent.getAtIndex(ValueLayout.JAVA_LONG, lentCount - 1);
      if (!Mbuf.isWhole(mbuf)) {
        break;
      }
      spare.setAtIndex(ValueLayout.JAVA_LONG, spareCount++, mbuf);
      lentCount--;
    }
    if (lentCount > 0) {
      librte.free(lent.address(), lentCount);
      lentCount = 0;
    }
  }

  private void takeFound(int room) {
    lentCount = Math.min(room, foundCount - foundTaken);
    for (int i = 0; i < lentCount; i++) {
      lent.setAtIndex(
          ValueLayout.JAVA_LONG, i, found.getAtIndex(ValueLayout.JAVA_LONG, foundTaken++));
    }
  }

  private void add(Burst burst, long mbuf) {
    if (!pool.contains(mbuf)) {
      throw new IllegalStateException(
          name() + ": the driver received into memory that is not ours");
    }
    int offset = Mbuf.dataOffset(mbuf);
    int bytes = Mbuf.pieceBytes(mbuf);
    if (Mbuf.pieces(mbuf) != 1 || bytes < Framing.ETHERNET_BYTES || offset + bytes > pool.room()) {
      drops++;
      return;
    }
    long start = mbuf + Mbuf.BYTES + offset - pool.memory().address();
    boolean vouched = trusted || Mbuf.isChecksumGood(mbuf);
    burst.add(pool.memory(), start, bytes, vouched ? Burst.CHECKSUM_TRUSTED : 0);
  }

  @Override
  public boolean claim(int bytes, TransmitPacket packet) {
    if (claimed != 0) {
      throw new IllegalStateException(
          name() + ": the last claim was neither committed nor cancelled");
    }
    if (closed || down || bytes > DpdkConfig.ROOM_BYTES || (spareCount == 0 && !refill())) {
      drops++;
      return false;
    }
    claimed = spare.getAtIndex(ValueLayout.JAVA_LONG, --spareCount);
    claimedBytes = bytes;
    packet.lend(pool.memory(), claimed + Mbuf.BYTES + Mbuf.HEAD_ROOM - pool.memory().address());
    return true;
  }

  private boolean refill() {
    if (pool.take(spare.address(), REFILL)) {
      spareCount = REFILL;
    } else if (pool.take(spare.address(), 1)) {
      spareCount = 1;
    }
    for (int i = 0; i < spareCount; i++) {
      // So that it can be given back whatever happens.
      Mbuf.write(spare.getAtIndex(ValueLayout.JAVA_LONG, i), 0, 0, 0);
    }
    return spareCount > 0;
  }

  @Override
  public void commit(TransmitPacket packet) {
    int length = packet.length;
    if (claimed == 0 || length > claimedBytes) {
      throw new IllegalStateException(
          name() + ": commit of " + length + " B after a claim of " + claimedBytes);
    }
    if ((packet.needsChecksum && !offloads.transmitChecksum()) || packet.segmentBytes > 0) {
      throw new IllegalStateException(name() + " does not complete checksums, or cut packets");
    }
    if (closed || !VirtioHeader.isSendable(packet, Framing.ETHERNET_BYTES, port.mtu())) {
      drops++;
      cancel(packet);
      return;
    }
    if (!write(packet)) {
      drops++;
      cancel(packet);
      return;
    }
    queued.setAtIndex(ValueLayout.JAVA_LONG, queuedCount++, claimed);
    claimed = 0;
    if (queuedCount % Burst.CAPACITY == 0) {
      flush();
    }
    if (queuedCount == MOST_QUEUED) {
      drop(MOST_QUEUED - Burst.CAPACITY);
    }
  }

  /** False when it asks for what a device can't do. */
  private boolean write(TransmitPacket packet) {
    if (!packet.needsChecksum) {
      Mbuf.write(claimed, packet.length, 0, 0);
      return true;
    }
    int ipBytes = packet.checksumStart - Framing.ETHERNET_BYTES;
    int version =
        packet.memory.get(ValueLayout.JAVA_BYTE, packet.start + Framing.ETHERNET_BYTES) >> 4 & 0xF;
    boolean tcp = packet.checksumOffset == TCP_CHECKSUM;
    if ((!tcp && packet.checksumOffset != UDP_CHECKSUM)
        || (version != 4 && version != 6)
        || ipBytes > Mbuf.MOST_LAYER3_BYTES) {
      return false;
    }
    Mbuf.write(
        claimed,
        packet.length,
        (tcp ? Mbuf.SEND_TCP_CHECKSUM : Mbuf.SEND_UDP_CHECKSUM)
            | (version == 4 ? Mbuf.SEND_IPV4 : Mbuf.SEND_IPV6),
        Mbuf.headers(Framing.ETHERNET_BYTES, ipBytes));
    return true;
  }

  @Override
  public void cancel(TransmitPacket packet) {
    if (claimed != 0) {
      spare.setAtIndex(ValueLayout.JAVA_LONG, spareCount++, claimed);
      claimed = 0;
    }
  }

  /** What the driver does not take now is offered again on the next calls, for a while. */
  @Override
  public void flush() {
    int sent = 0;
    while (sent < queuedCount && port.isStarted() && !down) {
      int taken =
          port.transmit(
              queued.address() + (long) sent * Long.BYTES,
              Math.min(queuedCount - sent, Burst.CAPACITY));
      if (taken == 0) {
        break;
      }
      sent += Math.min(taken, queuedCount - sent);
    }
    if (sent == queuedCount) {
      queuedCount = 0;
      stuckSinceNanos = 0;
    } else {
      keep(sent);
    }
  }

  private void keep(int sent) {
    int left = queuedCount - sent;
    long now = System.nanoTime();
    if (sent > 0 || stuckSinceNanos == 0) {
      stuckSinceNanos = now | 1; // 0: nothing is stuck
      MemorySegment.copy(queued, (long) sent * Long.BYTES, queued, 0, (long) left * Long.BYTES);
      queuedCount = left;
    } else if (now - stuckSinceNanos > PATIENCE_NANOS) {
      drop(0);
    }
  }

  /** Gives up those from the {@code from}th on. */
  private void drop(int from) {
    drops += queuedCount - from;
    freeAll(queued, from, queuedCount);
    queuedCount = from;
  }

  /**
   * {@inheritDoc}
   *
   * @throws LinkDownException when the interface below the device is gone
   */
  @Override
  public void awaitReadable(long timeoutNanos) {
    if (closed || timeoutNanos <= 0) {
      return;
    }
    if (Thread.currentThread() != poller) {
      adoptThread();
    }
    if (down) {
      throw gone();
    }
    waiter = poller;
    long begun = System.nanoTime();
    long now = begun;
    for (int round = 0; !woken && !finds() && now - begun < timeoutNanos; round++) {
      if (round < SPINS) {
        Thread.onSpinWait();
      } else {
        // An eighth of the time that it has been quiet: late by an eighth at most.
        long nap = Math.clamp((now - begun) >> 3, SHORTEST_NAP_NANOS, LONGEST_NAP_NANOS);
        LockSupport.parkNanos(this, Math.min(nap, timeoutNanos - (now - begun)));
      }
      now = System.nanoTime();
      look(now);
    }
    waiter = null;
    woken = false;
  }

  /** Whether there are packets for the next {@code receive}. */
  private boolean finds() {
    if (queuedCount > 0) {
      flush();
    }
    if (foundTaken == foundCount) {
      foundTaken = 0;
      foundCount = poll(found, Burst.CAPACITY);
    }
    return foundCount > 0;
  }

  private void look(long now) {
    if (now - nextWatchNanos < 0) {
      return;
    }
    nextWatchNanos = now + WATCH_NANOS;
    try {
      down |= !watch.look(port);
    } catch (LinkException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
    if (down) {
      throw gone();
    }
  }

  private LinkDownException gone() {
    return new LinkDownException(
        name() + " is gone: the interface below it or its network namespace was deleted");
  }

  @Override
  public void wake() {
    woken = true;
    Thread waiting = waiter;
    if (waiting != null) {
      LockSupport.unpark(waiting);
    }
  }

  @Override
  public long drops() {
    return drops;
  }

  /** Whether somebody is at the other end, as far as the driver knows. */
  boolean isPeerThere() {
    return port.isLinkUp();
  }

  @Override
  public MemorySegment receiveMemory() {
    return pool.memory();
  }

  /** {@inheritDoc} Spare ones, which wait to be written to, are at home as well. */
  @Override
  public int framesOut() {
    return pool.size() - pool.available() - spareCount;
  }

  /** Packet buffers that nobody has; all of them, when nothing is on its way. */
  int availableBuffers() {
    return pool.available();
  }

  /**
   * Gives every buffer back and pulls the device out.
   *
   * @throws AssertionError when assertions are on and a buffer did not come back
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    giveBack();
    freeAll(found, foundTaken, foundCount);
    freeAll(queued, 0, queuedCount);
    drain();
    cancel(new TransmitPacket());
    freeAll(spare, 0, spareCount);
    try {
      NetworkNamespace.inside(
          netns,
          () -> {
            closePort();
            return true;
          });
    } catch (LinkException e) {
      closePort(); // the namespace is gone; the device with it
    }
    watch.close();
    int missing = pool.close(abandoned);
    if (Thread.currentThread() == poller) {
      eal.unregisterThread();
    }
    eal.leave();
    arena.close();
    assert missing == 0 : name() + ": " + missing + " packet buffers did not come back";
  }

  private void closePort() {
    synchronized (Eal.class) {
      port.close();
    }
  }

  /** What lies in a ring of net_ring, nobody else gives back. */
  private void drain() {
    for (int i = 0; i < pool.size(); i += Burst.CAPACITY) {
      lentCount = poll(lent, Burst.CAPACITY);
      if (lentCount == 0) {
        break;
      }
      giveBack();
    }
  }

  private void freeAll(MemorySegment array, int from, int to) {
    if (to > from) {
      librte.free(array.address() + (long) from * Long.BYTES, to - from);
    }
  }
}
