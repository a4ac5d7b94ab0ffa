package wisp.core.spi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;

/** An Ethernet link played by the test: feeds crafted frames, keeps what was sent. */
public final class TestEthernet extends QuietLink {
  /** Frames that {@link #receive} will hand out. */
  public final ArrayDeque<byte[]> incoming = new ArrayDeque<>();

  /** Frames that were committed. */
  public final ArrayDeque<byte[]> outgoing = new ArrayDeque<>();

  private static final int MTU = 1_500;
  private static final int HEADER = 14;

  private final long hardware;
  private boolean claimed;
  private int room;

  /** Of this station. */
  public TestEthernet(long hardware) {
    super(MemorySegment.ofArray(new byte[2_048]));
    this.hardware = hardware;
  }

  @Override
  public Kind kind() {
    return Kind.ETHERNET;
  }

  @Override
  public long hardwareAddress() {
    return hardware;
  }

  @Override
  public int receive(Burst burst) {
    int n = 0;
    while (!incoming.isEmpty() && !burst.isFull()) {
      byte[] frame = incoming.remove();
      burst.add(MemorySegment.ofArray(frame), 0, frame.length, 0);
      n++;
    }
    return n;
  }

  @Override
  public boolean claim(int bytes, TransmitPacket packet) {
    if (claimed || bytes > MTU + HEADER) {
      throw new IllegalStateException(claimed ? "claimed twice" : bytes + " bytes");
    }
    room = bytes;
    transmit.fill((byte) 0x5A);
    packet.lend(transmit, 3);
    claimed = true;
    return true;
  }

  @Override
  public void commit(TransmitPacket packet) {
    if (!claimed || packet.length > room) {
      throw new IllegalStateException("committed " + packet.length + " bytes of " + room);
    }
    claimed = false;
    outgoing.add(packet.memory.asSlice(packet.start, packet.length).toArray(ValueLayout.JAVA_BYTE));
  }

  @Override
  public void cancel(TransmitPacket packet) {
    claimed = false;
  }
}
