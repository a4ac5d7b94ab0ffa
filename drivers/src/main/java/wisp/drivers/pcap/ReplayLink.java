package wisp.drivers.pcap;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.core.spi.LinkOffloads;
import wisp.core.spi.TransmitPacket;
import wisp.core.wire.HardwareAddress;
import wisp.drivers.Claim;
import wisp.drivers.Framing;
import wisp.drivers.LinkDownException;
import wisp.drivers.Parking;

/**
 * A link whose other end is a capture file: what it holds is received, as far apart as it was
 * captured, faster, or at once; what is sent is counted, and written to another file if one is
 * named. Time begins with the first {@code receive} or {@code awaitReadable}. After the last packet
 * nothing more comes.
 *
 * <p>Each packet is copied once, from the file's buffer into the link's own memory. One that was
 * cut when it was captured, or is too large for any stack, is dropped and counted. A file that goes
 * wrong in the middle delivers what comes before, then brings the link down, with a message that
 * says where.
 */
public final class ReplayLink implements Link {
  private static final int LARGEST_PACKET =
      65_575 + Framing.ETHERNET_BYTES + Framing.VLAN_TAG_BYTES; // IPv6 header, 65,535 B
  private static final int SLOT_BYTES = (LARGEST_PACKET + 63) / 64 * 64 + 64;
  private static final long USUAL_ADDRESS = 0x02_00_00_00_00_01L;

  private final ReplayConfig config;
  private final PcapReader reader;
  private final @Nullable PcapWriter writer;
  private final LongSupplier clock;
  private final EpochClock epochClock = new EpochClock();
  private final Arena arena = Arena.ofShared();
  private final MemorySegment receiveMemory =
      arena.allocate((long) Burst.CAPACITY * SLOT_BYTES, 64);
  private final MemorySegment transmitMemory = arena.allocate(SLOT_BYTES, 64);
  private final long hardwareAddress;
  private boolean hasNext;
  private @Nullable String damage;
  private final long firstNanos; // of the capture
  private long dueNanos; // of the next packet, since the beginning; never runs back
  private long originNanos;
  private boolean begun;
  private final Claim claim = new Claim();
  private long sent;
  private long sentBytes;
  private long drops;
  private boolean closed;
  private final Parking parking = new Parking();

  private ReplayLink(
      ReplayConfig config, PcapReader reader, @Nullable PcapWriter writer, LongSupplier clock) {
    this.config = config;
    this.reader = reader;
    this.writer = writer;
    this.clock = clock;
    goOn();
    firstNanos = hasNext ? reader.timeNanos() : 0;
    hardwareAddress = reader.linkKind() == Kind.ETHERNET ? address() : 0;
  }

  /**
   * Opens a capture.
   *
   * @throws LinkException in one line for the user; nothing stays open
   */
  public static ReplayLink open(ReplayConfig config) throws LinkException {
    return open(config, System::nanoTime);
  }

  /** By another clock: what is due is asked of it. */
  static ReplayLink open(ReplayConfig config, LongSupplier clock) throws LinkException {
    PcapReader reader;
    try {
      reader = new PcapReader(config.read());
    } catch (PcapReader.DamagedException e) {
      throw new LinkException("pcap: " + e.getMessage());
    } catch (IOException e) {
      throw new LinkException("pcap can't read " + e.getMessage()); // which names the file
    }
    try {
      return new ReplayLink(config, reader, writer(config, reader.linkKind()), clock);
    } catch (LinkException e) {
      reader.close();
      throw e;
    }
  }

  private static @Nullable PcapWriter writer(ReplayConfig config, Kind kind) throws LinkException {
    Path file = config.write();
    if (file == null) {
      return null;
    }
    try {
      if (Files.exists(file) && Files.isSameFile(file, config.read())) {
        throw new LinkException("pcap: " + file + " can't be read and written at once");
      }
      return new PcapWriter(file, kind);
    } catch (IOException e) {
      throw PcapWrapperProvider.cantWrite(e);
    }
  }

  /** Packets sent so far. */
  public long sent() {
    return sent;
  }

  /** Their bytes. */
  public long sentBytes() {
    return sentBytes;
  }

  /** Whether all packets have been received. */
  public boolean hasEnded() {
    return !hasNext;
  }

  @Override
  public String name() {
    return "pcap:" + config.read();
  }

  @Override
  public Kind kind() {
    return reader.linkKind();
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
    return LinkOffloads.NONE;
  }

  /**
   * {@inheritDoc}
   *
   * @throws LinkDownException when the file is damaged, after the last packet before that
   */
  @Override
  public int receive(Burst burst) {
    if (closed) {
      return 0;
    }
    long now = now();
    int added = 0;
    while (hasNext && dueNanos <= now && !burst.isFull()) {
      int length = reader.length();
      if (length == 0 || length > LARGEST_PACKET || reader.isCut()) {
        drops++;
      } else {
        long at = (long) added * SLOT_BYTES;
        MemorySegment.copy(reader.memory(), reader.start(), receiveMemory, at, length);
        burst.add(receiveMemory, at, length, config.trusted() ? Burst.CHECKSUM_TRUSTED : 0);
        added++;
      }
      goOn();
    }
    if (added == 0 && damage != null) {
      throw new LinkDownException(damage);
    }
    return added;
  }

  @Override
  public boolean claim(int bytes, TransmitPacket packet) {
    if (closed || bytes > LARGEST_PACKET) {
      drops++;
      return false;
    }
    claim.begin(this, bytes);
    packet.lend(transmitMemory, 0);
    return true;
  }

  @Override
  public void commit(TransmitPacket packet) {
    claim.commit(this, packet);
    int ipBytes = packet.length - Framing.headerBytes(kind());
    if (closed || packet.length <= 0 || ipBytes < 0 || ipBytes > config.mtu()) {
      drops++;
      return;
    }
    sent++;
    sentBytes += packet.length;
    if (writer != null) {
      writer.write(epochClock.getAsLong(), packet.memory, packet.start, packet.length);
    }
  }

  @Override
  public void cancel(TransmitPacket packet) {
    claim.cancel();
  }

  /** Nothing to do: each packet was counted on commit. */
  @Override
  public void flush() {}

  @Override
  public void awaitReadable(long timeoutNanos) {
    parking.await(closed || timeoutNanos <= 0 ? 0 : Math.min(timeoutNanos, leftNanos()));
  }

  /** Until the next packet is due. */
  private long leftNanos() {
    return hasNext ? dueNanos - now() : damage == null ? Long.MAX_VALUE : 0;
  }

  @Override
  public void wake() {
    parking.wake();
  }

  @Override
  public long drops() {
    return drops;
  }

  /**
   * {@inheritDoc}
   *
   * @throws UncheckedIOException when what was sent could not be written
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    reader.close();
    arena.close();
    try {
      if (writer != null) {
        writer.close();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private long now() {
    long now = clock.getAsLong();
    if (!begun) {
      begun = true;
      originNanos = now;
    }
    return now - originNanos;
  }

  /** Looks at the next packet of the file. */
  private void goOn() {
    try {
      hasNext = reader.next();
    } catch (IOException e) {
      hasNext = false;
      damage = "pcap: " + e.getMessage();
    }
    if (hasNext && reader.packets() > 1 && config.speed() != ReplayConfig.FASTEST) {
      // A packet that says it is earlier than the one before comes right after it.
      dueNanos = Math.max(dueNanos, (long) ((reader.timeNanos() - firstNanos) / config.speed()));
    }
  }

  /** The one asked for, or where the first frame goes, unless that is a group. */
  private long address() {
    long address = config.hardwareAddress();
    if (address == 0 && hasNext && reader.length() >= Framing.ETHERNET_BYTES) {
      address = HardwareAddress.read(reader.memory(), reader.start());
    }
    return HardwareAddress.isUnicast(address) ? address : USUAL_ADDRESS;
  }
}
