package wisp.lab.interop;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import wisp.core.spi.Link;
import wisp.core.spi.TransmitPacket;
import wisp.drivers.LinkWrapper;

/**
 * An Ethernet link that addresses one frame in so many to nobody: it takes its way through the
 * device as all others, with its payload where it lies, and is lost at the other end.
 */
final class SpoilingLink extends LinkWrapper {
  private final int oneIn;
  private int committed;
  private volatile int gathered;
  private volatile int cut;

  SpoilingLink(Link link, int oneIn) {
    super(link);
    this.oneIn = oneIn;
  }

  /** Frames whose payload stayed where it was. */
  int gathered() {
    return gathered;
  }

  /** Packets that the link was to cut into segments. */
  int cut() {
    return cut;
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
  public MemorySegment frameMemory() {
    return link.frameMemory();
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
  public void commit(TransmitPacket packet) {
    gathered += packet.pieces > 0 ? 1 : 0;
    cut += packet.segmentBytes > 0 ? 1 : 0;
    if (++committed % oneIn == 0) {
      byte last = packet.memory.get(ValueLayout.JAVA_BYTE, packet.start + 5);
      packet.memory.set(ValueLayout.JAVA_BYTE, packet.start + 5, (byte) ~last);
    }
    super.commit(packet);
  }
}
