package wisp.core.tcp;

import wisp.core.spi.FrameAllocator;
import wisp.core.spi.Link;
import wisp.core.spi.TransmitPacket;

/**
 * Frames that the link still reads, because it was given their payload where it lies. Each holds a
 * reference until the link has done with the packet: a late acknowledgment must not free what is
 * still to be sent. A link that copies on commit has done at once, and nothing is held.
 *
 * <pre>
 *   tail ──────────────────────────────────► head
 *   │ frame, packet 17 │ frame, packet 17 │ frame, packet 18 │ …       a ring; packets in order
 * </pre>
 */
public final class LentFrames {
  private static final int CAPACITY = 1 << 12;

  private final Link link;
  private final FrameAllocator frames;
  private int[] frame = {};
  private long[] packet = {};
  private final int[] added = new int[TransmitPacket.MOST_PIECES];
  private int addedCount;
  private int head;
  private int tail;

  /** For one context. */
  public LentFrames(Link link, FrameAllocator frames) {
    this.link = link;
    this.frames = frames;
  }

  /** Whether frames of one more packet can be held. */
  boolean hasRoom() {
    return head - tail <= CAPACITY - TransmitPacket.MOST_PIECES;
  }

  /** A frame of which the packet being written has a piece. */
  void add(int frameOfPiece) {
    added[addedCount++] = frameOfPiece;
  }

  /**
   * The packet was given to the link, or to nobody.
   *
   * @param gathered packets with pieces that the link was given, this one included
   */
  void sent(boolean given, long gathered) {
    if (given && link.gathersDone() < gathered) {
      if (frame.length == 0) {
        frame = new int[CAPACITY];
        packet = new long[CAPACITY];
      }
      for (int i = 0; i < addedCount; i++) {
        frames.retain(added[i]);
        int at = head++ & CAPACITY - 1;
        frame[at] = added[i];
        packet[at] = gathered;
      }
    }
    addedCount = 0;
  }

  /** Gives back what the link has done with. */
  public void takeBack() {
    if (tail != head) {
      takeBack(link.gathersDone());
    }
  }

  /** The link reads nothing any more: gives all back. */
  public void takeAllBack() {
    takeBack(Long.MAX_VALUE);
  }

  private void takeBack(long done) {
    while (tail != head && packet[tail & CAPACITY - 1] <= done) {
      frames.release(frame[tail++ & CAPACITY - 1]);
    }
  }

  /** Bytes that it occupies. */
  public long reservedBytes() {
    return (long) frame.length * (Integer.BYTES + Long.BYTES);
  }
}
