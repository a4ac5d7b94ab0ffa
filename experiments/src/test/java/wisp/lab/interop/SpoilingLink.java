package wisp.lab.interop;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicLong;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.LinkOffloads;
import wisp.core.spi.TransmitPacket;

/**
 * Spoils the checksum of one in so many packets of TCP over IPv4 that have pieces: the kernel drops
 * them, and the link below knows nothing of it. All else is the link's, gathering included.
 */
final class SpoilingLink implements Link {
  private static final int TCP_CHECKSUM = 14 + 20 + 16; // IPv4 without options

  private final Link link;
  private final int oneIn;

  /** Packets with pieces. */
  final AtomicLong gathered = new AtomicLong();

  /** Packets that the link is to cut. */
  final AtomicLong cut = new AtomicLong();

  SpoilingLink(Link link, int oneIn) {
    this.link = link;
    this.oneIn = oneIn;
  }

  @Override
  public void commit(TransmitPacket packet) {
    if (packet.pieces > 0 && gathered.incrementAndGet() % oneIn == 0) {
      long at = packet.start + TCP_CHECKSUM;
      byte was = packet.memory.get(ValueLayout.JAVA_BYTE, at);
      packet.memory.set(ValueLayout.JAVA_BYTE, at, (byte) (was ^ 0x55));
    }
    if (packet.segmentBytes > 0) {
      cut.incrementAndGet();
    }
    link.commit(packet);
  }

  @Override
  public String name() {
    return link.name();
  }

  @Override
  public Kind kind() {
    return link.kind();
  }

  @Override
  public long hardwareAddress() {
    return link.hardwareAddress();
  }

  @Override
  public int mtu() {
    return link.mtu();
  }

  @Override
  public LinkOffloads offloads() {
    return link.offloads();
  }

  @Override
  public int receive(Burst burst) {
    return link.receive(burst);
  }

  @Override
  public boolean claim(int bytes, TransmitPacket packet) {
    return link.claim(bytes, packet);
  }

  @Override
  public int gatherPieces() {
    return link.gatherPieces();
  }

  @Override
  public int leastGathered() {
    return link.leastGathered();
  }

  @Override
  public boolean gathers(MemorySegment memory) {
    return link.gathers(memory);
  }

  @Override
  public long gathersDone() {
    return link.gathersDone();
  }

  @Override
  public void cancel(TransmitPacket packet) {
    link.cancel(packet);
  }

  @Override
  public void flush() {
    link.flush();
  }

  @Override
  public void awaitReadable(long timeoutNanos) {
    link.awaitReadable(timeoutNanos);
  }

  @Override
  public void wake() {
    link.wake();
  }

  @Override
  public long drops() {
    return link.drops();
  }

  @Override
  public void close() {
    link.close();
  }
}
