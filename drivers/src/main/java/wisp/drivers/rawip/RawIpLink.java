package wisp.drivers.rawip;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.core.spi.LinkOffloads;
import wisp.core.spi.TransmitPacket;
import wisp.drivers.Claim;
import wisp.drivers.LentMemory;
import wisp.drivers.LinkDownException;
import wisp.drivers.changes.ChangeFolder;
import wisp.drivers.changes.SystemChanges;
import wisp.drivers.linux.Errno;
import wisp.drivers.linux.InterfaceWatch;
import wisp.drivers.linux.Libc;
import wisp.drivers.linux.Linux;
import wisp.drivers.linux.MessageVector;
import wisp.drivers.linux.Opening;
import wisp.drivers.linux.PollSet;
import wisp.drivers.linux.SocketCalls;
import wisp.drivers.linux.WakeEvent;

/**
 * Raw sockets for TCP, UDP and ICMP over IPv4. Packets are received in bursts with {@code recvmmsg}
 * and sent on {@code flush} with {@code sendmmsg}.
 *
 * <p>What is received may be larger than the MTU: whole datagrams, put together from their
 * fragments by the kernel, and TCP packets that it never cut or has joined, up to 64 KiB. A raw
 * socket does not tell how large their segments were. What is sent is complete: the kernel adds no
 * checksum but that of the IP header, and cuts nothing.
 *
 * <p>While the link is open the kernel takes its addresses for this machine's, and does not answer
 * from them. Peers are other machines, or other network namespaces: this machine's own kernel would
 * choose the very address that it wants to reach as its source.
 *
 * <p>When the interface that was chosen is deleted, {@code receive} and {@code awaitReadable} throw
 * {@link LinkDownException}; while it is down, or there is no route, what is sent is dropped and
 * counted.
 */
public final class RawIpLink implements Link, LentMemory {
  private static final int SMALLEST_PACKET = 20;
  private static final int LARGEST_PACKET = 65_535;

  /** An odd number of cache lines, lest the beginnings of all slots compete for the same sets. */
  private static final int SLOT_BYTES = 1025 * 64;

  private static final int MSG_TRUNC = 0x20;
  private static final int DESTINATION = 16; // RFC 791 §3.1

  /** {@code sockaddr_in}: family 2, port 2, address 4, pad 8. */
  private static final int ADDRESS_BYTES = 16;

  /** Its place in the poll set. */
  private static final int WATCH = 0;

  /** An idle loop that never waits asks this often whether the interface is still there. */
  private static final int IDLE_ROUNDS = 1 << 16;

  private static final ValueLayout.OfInt BE32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private final RawIpConfig config;
  private final int[] receiving;
  private final int sending;
  private final int mtu;
  private final InterfaceWatch watch;
  private final SystemChanges changes;
  private final WakeEvent wakeEvent;
  private final Arena arena = Arena.ofShared();
  private final Libc libc = new Libc(arena);
  private final SocketCalls calls = new SocketCalls(arena);
  private final PollSet polled;
  private final MessageVector received =
      new MessageVector(arena, Burst.CAPACITY, SLOT_BYTES, MemorySegment.NULL, 0);
  private final MemorySegment destinations =
      arena.allocate((long) Burst.CAPACITY * ADDRESS_BYTES, 8);
  private final MessageVector sent;
  private final Claim claim = new Claim();
  private int waiting; // committed, not sent
  private int first; // the socket to begin with: none is to wait for ever behind another
  private int idleRounds;
  private long drops;
  private boolean down;
  private boolean closed;

  private RawIpLink(RawIpConfig config, RawIpSockets.Opened opened, WakeEvent wakeEvent) {
    this.config = config;
    this.wakeEvent = wakeEvent;
    receiving = opened.receiving();
    sending = opened.sending();
    mtu = opened.mtu();
    watch = opened.watch();
    changes = opened.changes();
    sent = new MessageVector(arena, Burst.CAPACITY, sendSlot(mtu), destinations, ADDRESS_BYTES);
    for (int slot = 0; slot < Burst.CAPACITY; slot++) {
      destinations.set(ValueLayout.JAVA_SHORT, (long) slot * ADDRESS_BYTES, (short) Libc.AF_INET);
    }
    polled =
        new PollSet(
            arena, libc, wakeEvent, watch.descriptor(), receiving[0], receiving[1], receiving[2]);
  }

  /** An odd number of cache lines. */
  private static int sendSlot(int mtu) {
    return ((mtu + 63) / 64 | 1) * 64;
  }

  /**
   * Undoes what killed processes have left, and opens a link.
   *
   * @throws LinkException in one line for the user; nothing stays behind
   */
  public static RawIpLink open(RawIpConfig config) throws LinkException {
    return open(config, ChangeFolder.standard());
  }

  /** The same, with another folder to note changes in. */
  static RawIpLink open(RawIpConfig config, ChangeFolder folder) throws LinkException {
    List<ChangeFolder.Leftover> leftovers =
        Linux.unavailable() == null ? folder.cleanUp() : List.of();
    try {
      return Opening.open(
          RawIpConfig.PROVIDER,
          config.netns(),
          () -> RawIpSockets.open(config, folder),
          (opened, wakeEvent) -> new RawIpLink(config, opened, wakeEvent));
    } catch (LinkException e) {
      throw leftovers.isEmpty()
          ? e
          : new LinkException(e.getMessage() + "; " + leftovers.getFirst());
    }
  }

  @Override
  public String name() {
    return config.device().isEmpty()
        ? RawIpConfig.PROVIDER
        : RawIpConfig.PROVIDER + ":" + config.device();
  }

  @Override
  public Kind kind() {
    return Kind.IP;
  }

  @Override
  public int mtu() {
    return mtu;
  }

  @Override
  public LinkOffloads offloads() {
    return LinkOffloads.NONE;
  }

  /**
   * {@inheritDoc}
   *
   * @throws LinkDownException when the interface is gone
   */
  @Override
  public int receive(Burst burst) {
    if (closed) {
      return 0;
    }
    int before = burst.size();
    int slot = 0;
    int socket = first;
    for (int i = 0; i < receiving.length; i++) {
      int room = Math.min(Burst.CAPACITY - burst.size(), Burst.CAPACITY - slot);
      if (room == 0) {
        break;
      }
      int count =
          calls.receiveMany(
              receiving[socket], received.address(slot), room, SocketCalls.MSG_DONTWAIT);
      for (int end = slot + Math.max(count, 0); slot < end; slot++) {
        add(burst, slot);
      }
      drops += count < 0 && count != -Errno.EAGAIN && count != -Errno.EINTR ? 1 : 0;
      socket = socket + 1 == receiving.length ? 0 : socket + 1;
    }
    first = first + 1 == receiving.length ? 0 : first + 1;
    int added = burst.size() - before;
    if (added == 0) {
      lookForTheInterface();
    }
    return added;
  }

  private void add(Burst burst, int slot) {
    int length = received.moved(slot);
    if (length < SMALLEST_PACKET
        || length > LARGEST_PACKET
        || (received.flags(slot) & MSG_TRUNC) != 0) {
      drops++;
      return;
    }
    long start = received.start(slot);
    boolean trusted =
        switch (config.checksum()) {
          case AUTO -> PartialChecksum.is(received.memory(), start, length);
          case TRUST -> true;
          case VERIFY -> false;
        };
    burst.add(received.memory(), start, length, trusted ? Burst.CHECKSUM_TRUSTED : 0);
  }

  private void lookForTheInterface() {
    if (down || ++idleRounds >= IDLE_ROUNDS) {
      idleRounds = 0;
      failIfGone();
    }
  }

  private void failIfGone() {
    down |= watch.isGone();
    if (down) {
      throw new LinkDownException(
          name() + " is gone: the interface or its network namespace was deleted");
    }
  }

  @Override
  public boolean claim(int bytes, TransmitPacket packet) {
    if (closed || down || bytes > mtu) {
      drops++;
      return false;
    }
    claim.begin(this, bytes);
    if (waiting == Burst.CAPACITY) {
      flush();
    }
    packet.lend(sent.memory(), sent.start(waiting));
    return true;
  }

  @Override
  public void commit(TransmitPacket packet) {
    int length = packet.length;
    claim.commit(this, packet);
    boolean isIpv4 =
        length >= SMALLEST_PACKET
            && (packet.memory.get(ValueLayout.JAVA_BYTE, packet.start) & 0xF0) == 0x40;
    if (closed || down || !isIpv4) {
      drops++;
      return;
    }
    destinations.set(
        BE32,
        (long) waiting * ADDRESS_BYTES + 4,
        packet.memory.get(BE32, packet.start + DESTINATION));
    sent.length(waiting, length);
    waiting++;
  }

  @Override
  public void cancel(TransmitPacket packet) {
    claim.cancel();
  }

  /** Sends what was committed. What the kernel refuses is dropped and counted. */
  @Override
  public void flush() {
    int end = waiting;
    waiting = 0;
    for (int slot = 0; slot < end && !closed; ) {
      int count = calls.sendMany(sending, sent.address(slot), end - slot, SocketCalls.MSG_DONTWAIT);
      if (count > 0) {
        slot += count;
      } else if (count == -Errno.EAGAIN || count == -Errno.ENOBUFS) {
        drops += end - slot; // the kernel is full, for all of them
        return;
      } else if (count != -Errno.EINTR) {
        drops++; // no route, interface down, too long by a smaller MTU: others may have a way
        slot++;
        down |= count == -Errno.ENODEV && !config.device().isEmpty();
      }
    }
  }

  /**
   * {@inheritDoc}
   *
   * @throws LinkDownException when the interface is gone
   */
  @Override
  public void awaitReadable(long timeoutNanos) {
    if (closed || timeoutNanos <= 0) {
      return;
    }
    polled.await(timeoutNanos);
    if (down || polled.isReady(WATCH)) {
      failIfGone();
    }
  }

  @Override
  public void wake() {
    wakeEvent.wake();
  }

  @Override
  public MemorySegment receiveMemory() {
    return received.memory();
  }

  @Override
  public long drops() {
    return drops;
  }

  @Override
  public void close() {
    if (!closed) {
      flush();
      closed = true;
      changes.close(); // before the sockets: nothing comes any more that the kernel could answer
      RawIpSockets.close(libc, receiving, sending);
      watch.close();
      wakeEvent.close();
      arena.close();
    }
  }
}
