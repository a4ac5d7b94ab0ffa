package wisp.drivers.afpacket;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import wisp.core.spi.TransmitPacket;
import wisp.drivers.Framing;
import wisp.drivers.linux.Errno;
import wisp.drivers.linux.Iovec;
import wisp.drivers.linux.SocketCalls;
import wisp.drivers.linux.VirtioHeader;

/**
 * Frames on their way out: written one behind the other, each with its virtio header, and sent by
 * one call; payload that stays where it is the kernel takes from there. What the kernel does not
 * take is dropped and counted: TCP repairs it.
 *
 * <p>The area is as large as a few packets of 64 KiB, not as sixty-four: then it stays in the
 * cache.
 */
final class TransmitBatch {
  /** Frames sent by one call. */
  static final int MOST_FRAMES = 64;

  /** Ethernet header, and an IP packet of 64 KiB. */
  static final int LARGEST_FRAME = Framing.ETHERNET_BYTES + 65_575;

  private static final int AREA_BYTES = 256 * 1024;

  /** The header lies at 22, so that the frame begins on a boundary of 32. */
  private static final int FRAME_OFFSET = 32;

  private static final int LINE = 64;
  private static final int MOST_RETRIES = 3;

  private final PacketSocket socket;
  private final MemorySegment area;
  private final MemorySegment messages;
  private final Iovec iovec;
  private int count;
  private int fill; // of the area: whole lines
  private long gathers; // packets with pieces, those that were dropped included
  private long gathersDone;
  private boolean down;
  private long drops;

  /**
   * Nothing to be sent.
   *
   * @param arena must be open as long as this is used
   */
  TransmitBatch(Arena arena, PacketSocket socket) {
    this.socket = socket;
    area = arena.allocate(AREA_BYTES, LINE);
    messages = arena.allocate((long) MOST_FRAMES * SocketCalls.MMSGHDR_BYTES, LINE);
    iovec = new Iovec(arena, MOST_FRAMES);
    for (int i = 0; i < MOST_FRAMES; i++) {
      long at = (long) i * SocketCalls.MMSGHDR_BYTES;
      messages.set(JAVA_LONG, at + SocketCalls.MMSG_IOV, iovec.address(i));
    }
  }

  /** Lends room for a frame of at most so many bytes, ≤ {@link #LARGEST_FRAME}. */
  void claim(int bytes, TransmitPacket packet) {
    if (count == MOST_FRAMES || fill + FRAME_OFFSET + bytes > AREA_BYTES) {
      flush();
    }
    packet.lend(area, fill + FRAME_OFFSET);
  }

  /** Counts the pieces of a frame, which is then taken, or dropped. */
  void note(TransmitPacket packet) {
    gathers += packet.pieces > 0 ? 1 : 0;
  }

  /** Takes a frame that is sendable. */
  void commit(TransmitPacket packet) {
    VirtioHeader.write(packet, Framing.ETHERNET_BYTES);
    int parts = iovec.describe(count, packet, VirtioHeader.BYTES);
    long message = (long) count * SocketCalls.MMSGHDR_BYTES;
    messages.set(JAVA_LONG, message + SocketCalls.MMSG_IOV_COUNT, parts);
    count++;
    fill += (FRAME_OFFSET + packet.length + LINE - 1) / LINE * LINE;
  }

  /** Sends them all. The kernel has its own copy of what it has taken. */
  void flush() {
    int done = 0;
    int retries = 0;
    while (done < count) {
      long from = messages.address() + (long) done * SocketCalls.MMSGHDR_BYTES;
      int result = socket.send(from, count - done);
      if (result > 0) {
        done += result; // fewer than asked for: the next call tells why
        continue;
      }
      // An error that is told only once, such as that the interface was down, may be long over.
      boolean again = result == -Errno.EINTR || result == -Errno.ENETDOWN;
      if (again && retries++ < MOST_RETRIES) {
        continue;
      }
      down |= isDown(result);
      int lost = isLasting(result) ? count - done : 1;
      drops += lost;
      done += lost;
    }
    count = 0;
    fill = 0;
    gathersDone = gathers;
  }

  /** Packets with pieces that are not read any more. */
  long gathersDone() {
    return gathersDone;
  }

  private static boolean isDown(int result) {
    return result == -Errno.ENETDOWN || result == -Errno.ENXIO;
  }

  /** Whether the next frame would fare no better. */
  private static boolean isLasting(int result) {
    return isDown(result) || result == -Errno.EAGAIN || result == -Errno.ENOBUFS;
  }

  /** Whether the interface was down or gone since this was asked last, as the kernel says. */
  boolean wasDown() {
    boolean was = down;
    down = false;
    return was;
  }

  /** Frames that the kernel did not take. */
  long drops() {
    return drops;
  }
}
