package wisp.core.spi;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;

/**
 * A {@link TestLink} that takes payload from where it lies, and reads it only some flushes after
 * the commit, as a ring does: what the stack changes or gives away before then is sent wrong.
 */
public final class GatheringLink extends TestLink {
  private static final MemorySegment NOWHERE = MemorySegment.ofArray(new byte[0]);

  /** Flushes between commit and reading; 0: with the next flush. */
  public int lag;

  /** Payload of fewer bytes is to be copied. */
  public int least = 256;

  private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
  private long done;

  /** Packets with pieces so far. */
  public long gathered;

  private record Waiting(int flush, byte[] written, MemorySegment[] pieces) {
    byte[] bytes() {
      int length = written.length;
      for (MemorySegment piece : pieces) {
        length += (int) piece.byteSize();
      }
      var bytes = new byte[length];
      MemorySegment all = MemorySegment.ofArray(bytes);
      MemorySegment.copy(MemorySegment.ofArray(written), 0, all, 0, written.length);
      long at = written.length;
      for (MemorySegment piece : pieces) {
        all.asSlice(at, piece.byteSize()).copyFrom(piece);
        at += piece.byteSize();
      }
      return bytes;
    }
  }

  /** Reading so late. */
  public GatheringLink(int mtu, int lag) {
    super(mtu);
    this.lag = lag;
  }

  @Override
  public int gatherPieces() {
    return 4;
  }

  @Override
  public int leastGathered() {
    return least;
  }

  @Override
  public boolean gathers(MemorySegment memory) {
    return true;
  }

  @Override
  public long gathersDone() {
    return done;
  }

  @Override
  public void commit(TransmitPacket packet) {
    if (packet.totalLength() > mtu()) {
      throw new IllegalStateException(packet.totalLength() + " bytes do not fit the MTU");
    }
    byte[] written =
        packet.memory.asSlice(packet.start, packet.length).toArray(ValueLayout.JAVA_BYTE);
    var pieces = new MemorySegment[packet.pieces];
    for (int i = 0; i < pieces.length; i++) {
      pieces[i] = packet.pieceMemory(i).asSlice(packet.pieceStart(i), packet.pieceLength(i));
    }
    gathered += pieces.length > 0 ? 1 : 0;
    waiting.add(new Waiting(flushes, written, pieces));
    packet.memory = NOWHERE;
    commitNothing(packet);
  }

  @Override
  public void flush() {
    super.flush();
    while (!waiting.isEmpty() && waiting.peek().flush + lag < flushes) {
      Waiting packet = waiting.remove();
      outgoing.add(packet.bytes());
      done += packet.pieces.length > 0 ? 1 : 0;
    }
  }
}
