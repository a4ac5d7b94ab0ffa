package wisp.drivers.tun;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import wisp.core.spi.Burst;
import wisp.core.spi.LinkException;
import wisp.core.spi.LinkOffloads;
import wisp.core.spi.TransmitPacket;
import wisp.drivers.Claim;
import wisp.drivers.Framing;
import wisp.drivers.LentMemory;
import wisp.drivers.LinkDownException;
import wisp.drivers.PersistentLink;
import wisp.drivers.StationAddress;
import wisp.drivers.linux.Errno;
import wisp.drivers.linux.Iovec;
import wisp.drivers.linux.Libc;
import wisp.drivers.linux.Linux;
import wisp.drivers.linux.NetworkNamespace;
import wisp.drivers.linux.PollSet;
import wisp.drivers.linux.PolledLink;
import wisp.drivers.linux.VirtioHeader;
import wisp.drivers.linux.WakeEvent;

/**
 * A TUN or TAP device. Each packet is one {@code read} or {@code write}, with a {@link
 * VirtioHeader} before it.
 *
 * <p>With {@code offload=on} the kernel hands over packets of up to 64 KiB with a partial checksum:
 * there was no wire that could have spoilt them, so they are received as trusted. A packet is sent
 * on {@code commit}; there is no ring to flush. What the kernel does not take is dropped and
 * counted, never tried again: TCP repairs it.
 *
 * <p>On a TAP device (kind {@code ETHERNET}) a packet begins with its Ethernet header, 14 bytes,
 * and {@link TransmitPacket#checksumStart} counts from there; {@link TransmitPacket#headerBytes} is
 * IP and TCP alone, as everywhere. The hardware address is the stack's: at the other end the kernel
 * has its own.
 *
 * <p>With {@code persist=on} the device, its addresses and its routes outlive a process that is
 * killed, and the next one takes them up; while nobody has it open the kernel drops what is sent to
 * it.
 *
 * <p>A device that is set down loses what is sent until it is up again. When it is deleted, {@code
 * receive} and {@code awaitReadable} throw {@link LinkDownException}.
 */
public final class TunLink implements PolledLink, PersistentLink, LentMemory {
  /** Ethernet header with a VLAN tag, IPv6 header and 65,535 bytes of payload. */
  private static final int LARGEST_PACKET = 65_575 + 18;

  private static final int LARGEST_SEGMENTED = 65_535; // the IPv4 length field
  private static final int SMALLEST_IP_PACKET = 20;

  private static final int HEADER_BYTES = VirtioHeader.BYTES;

  /** The header lies at 22 of a slot, so that the packet begins on a boundary of 32. */
  private static final int PACKET_OFFSET = 32;

  /**
   * An odd number of cache lines, lest the headers of all slots compete for the same cache sets.
   */
  private static final int SLOT_BYTES = 1027 * 64;

  private static final int MOST_RETRIES = 3;

  private static final int LEAST_GATHERED = 32 << 10;

  static {
    assert PACKET_OFFSET + LARGEST_PACKET + 1 <= SLOT_BYTES;
  }

  private final String device;
  private final TunConfig config;
  private final LinkOffloads offloads;
  private final int frameBytes; // of the Ethernet header
  private final int smallest;
  private final long hardwareAddress;
  private final Arena arena = Arena.ofShared();
  private final Libc libc = new Libc(arena);
  private final MemorySegment receiveMemory =
      arena.allocate((long) SLOT_BYTES * Burst.CAPACITY, 64);
  private final MemorySegment transmitMemory = arena.allocate(SLOT_BYTES, 64);
  private final Iovec iovec = new Iovec(arena, 1);
  private final WakeEvent wakeEvent;
  private final PollSet waiting;
  private final int descriptor;
  private final Claim claim = new Claim();
  private long gathers;
  private long drops;
  private boolean down;
  private boolean stays;
  private boolean closed;

  private TunLink(TunConfig config, TunDevice.Opened opened, WakeEvent wakeEvent) {
    this.config = config;
    this.wakeEvent = wakeEvent;
    device = opened.name();
    descriptor = opened.descriptor();
    frameBytes = Framing.headerBytes(config.kind());
    smallest = frameBytes > 0 ? frameBytes : SMALLEST_IP_PACKET;
    hardwareAddress = hardwareAddress(config, device);
    offloads = config.offload() ? new LinkOffloads(true, LARGEST_SEGMENTED) : LinkOffloads.NONE;
    waiting = new PollSet(arena, libc, wakeEvent, descriptor);
  }

  /**
   * Makes a device, or takes an idle persistent one, and brings it up.
   *
   * @throws LinkException in one line for the user; nothing stays behind
   */
  public static TunLink open(TunConfig config) throws LinkException {
    return openQueues(config, 1).getFirst();
  }

  /**
   * As {@link #open}, with several queues, each a link: for contexts that share the device.
   *
   * @param count 1 or more
   */
  public static List<TunLink> openQueues(TunConfig config, int count) throws LinkException {
    String reason = Linux.unavailable();
    if (reason != null) {
      throw new LinkException(TunConfig.provider(config.kind()) + " " + reason);
    }
    var wakeEvents = new ArrayList<WakeEvent>();
    try {
      for (int i = 0; i < count; i++) {
        wakeEvents.add(new WakeEvent());
      }
      List<TunDevice.Opened> opened =
          NetworkNamespace.inside(config.netns(), () -> TunDevice.open(config, count));
      var links = new ArrayList<TunLink>();
      for (int i = 0; i < count; i++) {
        links.add(new TunLink(config, opened.get(i), wakeEvents.get(i)));
      }
      return links;
    } catch (LinkException | RuntimeException | Error e) {
      wakeEvents.forEach(WakeEvent::close);
      throw e;
    }
  }

  /** The device's name, as {@code ip link} shows it. */
  public String device() {
    return device;
  }

  @Override
  public String name() {
    return TunConfig.provider(config.kind()) + ":" + device;
  }

  @Override
  public Kind kind() {
    return config.kind();
  }

  @Override
  public long hardwareAddress() {
    return hardwareAddress;
  }

  @Override
  public int mtu() {
    return config.mtu();
  }

  @Override
  public LinkOffloads offloads() {
    return offloads;
  }

  @Override
  public int readableDescriptor() {
    return closed ? -1 : descriptor;
  }

  /**
   * {@inheritDoc}
   *
   * @throws LinkDownException when the device is gone
   */
  @Override
  public int receive(Burst burst) {
    if (closed) {
      return 0;
    }
    int before = burst.size();
    int interruptions = 0;
    for (int slot = 0; slot < Burst.CAPACITY && !burst.isFull(); ) {
      long at = (long) slot * SLOT_BYTES + PACKET_OFFSET;
      // One byte more than the largest packet: whatever fills it was cut off.
      int bytes =
          libc.read(
              descriptor,
              receiveMemory.address() + at - HEADER_BYTES,
              HEADER_BYTES + LARGEST_PACKET + 1);
      if (bytes < 0) {
        if (bytes == -Errno.EINTR && interruptions++ < MOST_RETRIES) {
          continue;
        }
        down |= isGone(bytes);
        drops += bytes == -Errno.EAGAIN || bytes == -Errno.EINTR || down ? 0 : 1;
        break;
      }
      slot++; // also when it is no use: this loop ends
      int length = bytes - HEADER_BYTES;
      if (length < smallest || length > LARGEST_PACKET) {
        drops++;
        continue;
      }
      VirtioHeader.add(burst, receiveMemory, at, length);
    }
    int added = burst.size() - before;
    if (down && added == 0) {
      throw gone();
    }
    return added;
  }

  @Override
  public int gatherPieces() {
    return TransmitPacket.MOST_PIECES;
  }

  /**
   * Much, since the kernel copies once more: {@code writev} costs it 0.1 µs more than {@code
   * write}, and it copies faster what a copy of ours has brought into the cache. See decision 34.
   */
  @Override
  public int leastGathered() {
    return LEAST_GATHERED;
  }

  /** The kernel has its own copy when {@link #commit} returns. */
  @Override
  public long gathersDone() {
    return gathers;
  }

  @Override
  public boolean claim(int bytes, TransmitPacket packet) {
    if (closed || down || bytes > LARGEST_PACKET) {
      drops++;
      return false;
    }
    claim.begin(this, bytes);
    packet.lend(transmitMemory, PACKET_OFFSET);
    return true;
  }

  @Override
  public void commit(TransmitPacket packet) {
    claim.commit(this, packet);
    gathers += packet.pieces > 0 ? 1 : 0;
    if (closed || down || !VirtioHeader.isSendable(packet, frameBytes, config.mtu())) {
      drops++;
      return;
    }
    VirtioHeader.write(packet, frameBytes);
    write(packet);
  }

  @Override
  public void cancel(TransmitPacket packet) {
    claim.cancel();
  }

  /** Nothing to do: each packet left on commit. */
  @Override
  public void flush() {}

  /**
   * {@inheritDoc}
   *
   * @throws LinkDownException when the device is gone
   */
  @Override
  public void awaitReadable(long timeoutNanos) {
    if (closed || timeoutNanos <= 0) {
      return;
    }
    if (down) {
      throw gone();
    }
    waiting.await(timeoutNanos);
  }

  @Override
  public void wake() {
    wakeEvent.wake();
  }

  @Override
  public long drops() {
    return drops;
  }

  @Override
  public MemorySegment receiveMemory() {
    return receiveMemory;
  }

  @Override
  public void leaveBehind() {
    stays = config.persistent();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      if (config.persistent() && !stays) {
        TunDevice.persist(libc, descriptor, false);
      }
      libc.close(descriptor);
      wakeEvent.close();
      arena.close();
    }
  }

  private void write(TransmitPacket packet) {
    int parts = packet.pieces == 0 ? 1 : iovec.describe(0, packet, HEADER_BYTES);
    int result = write(packet.length, parts);
    for (int retry = 0; result == -Errno.EINTR && retry < MOST_RETRIES; retry++) {
      result = write(packet.length, parts);
    }
    if (result != HEADER_BYTES + packet.totalLength()) {
      drops++; // EAGAIN, ENOBUFS: the kernel is full; EIO: the device is set down; EINVAL: it
      // does not like it
      down |= isGone(result);
    }
  }

  private int write(int length, int parts) {
    long address = transmitMemory.address() + PACKET_OFFSET - HEADER_BYTES;
    return parts == 1
        ? libc.write(descriptor, address, HEADER_BYTES + length)
        : libc.writePieces(descriptor, iovec.address(0), parts);
  }

  private static boolean isGone(int result) {
    return result == -Errno.EBADFD || result == -Errno.EBADF || result == -Errno.ENODEV;
  }

  private LinkDownException gone() {
    return new LinkDownException(
        name() + " is gone: the device or its network namespace was deleted");
  }

  /** The one asked for, or one made from the device's name; 0 where packets have none. */
  private static long hardwareAddress(TunConfig config, String device) {
    boolean made = config.kind() == Kind.ETHERNET && config.hardwareAddress() == 0;
    return made ? StationAddress.madeFrom(device) : config.hardwareAddress();
  }
}
