package wisp.core.spi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;

/** A link played by the test: feeds crafted packets, keeps what was sent. */
public class TestLink extends QuietLink {
  /** Packets that {@link #receive} will hand out. */
  public final ArrayDeque<byte[]> incoming = new ArrayDeque<>();

  /** Packets that the stack committed. */
  public final ArrayDeque<byte[]> outgoing = new ArrayDeque<>();

  /** For each of them the payload of the segments that the link was to cut; 0: one segment. */
  public final ArrayDeque<Integer> segmentBytes = new ArrayDeque<>();

  /** Packets that may be claimed before the link is full. */
  public int room = Integer.MAX_VALUE;

  /** Flushes so far. */
  public int flushes;

  private final int mtu;
  private final LinkOffloads offloads;
  private boolean claimed;

  private static LinkOffloads cutting(int bytes) {
    return new LinkOffloads(false, bytes);
  }

  /** With this MTU. */
  public TestLink(int mtu) {
    this(mtu, 0);
  }

  /** With this MTU, cutting packets of so many bytes itself; 0: it doesn't. */
  public TestLink(int mtu, int segmentationBytes) {
    super(MemorySegment.ofArray(new byte[65_536]));
    this.mtu = mtu;
    offloads = segmentationBytes == 0 ? LinkOffloads.NONE : cutting(segmentationBytes);
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
    int n = 0;
    while (!incoming.isEmpty() && !burst.isFull()) {
      byte[] packet = incoming.remove();
      burst.add(MemorySegment.ofArray(packet), 0, packet.length, 0);
      n++;
    }
    return n;
  }

  @Override
  public boolean claim(int bytes, TransmitPacket packet) {
    if (claimed) {
      throw new IllegalStateException("claimed twice");
    }
    if (room == 0) {
      return false;
    }
    if (bytes > Math.max(mtu, offloads.segmentationBytes())) {
      throw new IllegalStateException(bytes + " bytes do not fit the MTU of " + mtu);
    }
    room -= room == Integer.MAX_VALUE ? 0 : 1;
    transmit.fill((byte) 0x5A);
    packet.lend(transmit, 8);
    claimed = true;
    return true;
  }

  @Override
  public void commit(TransmitPacket packet) {
    commitNothing(packet);
    outgoing.add(packet.memory.asSlice(packet.start, packet.length).toArray(ValueLayout.JAVA_BYTE));
  }

  /** Ends the claim. */
  protected final void commitNothing(TransmitPacket packet) {
    if (!claimed) {
      throw new IllegalStateException("nothing was claimed");
    }
    claimed = false;
    segmentBytes.add(packet.segmentBytes);
  }

  @Override
  public void cancel(TransmitPacket packet) {
    claimed = false;
  }

  @Override
  public void flush() {
    flushes++;
  }
}
