package wisp.drivers.afxdp;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import wisp.core.spi.LinkException;
import wisp.core.wire.HardwareAddress;
import wisp.drivers.linux.Libc;
import wisp.drivers.linux.NetworkInterface;
import wisp.drivers.linux.SocketCalls;

/**
 * Has an interface let in frames that the kernel itself does not want: to our hardware address, if
 * we have one of our own, and to the groups of IPv6 neighbour discovery. Asked for by a packet
 * socket that receives nothing; the interface is as it was when that is closed.
 *
 * <pre>
 *   struct packet_mreq (16 B)   index 4 │ type 2 │ length 2 │ address 8
 * </pre>
 */
final class Membership {
  private static final int AF_PACKET = 17;
  private static final int SOL_PACKET = 263;
  private static final int PACKET_ADD_MEMBERSHIP = 1;
  private static final short PACKET_MR_ALLMULTI = 2;
  private static final short PACKET_MR_UNICAST = 3;
  private static final int REQUEST_BYTES = 16;
  private static final ValueLayout.OfInt BE32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfShort BE16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private Membership() {}

  /**
   * Asks for what we need.
   *
   * @param station our hardware address
   * @param groups whether frames to groups of stations are needed
   * @return a socket to be closed, or −1: nothing was needed
   */
  static int join(AfXdpConfig config, NetworkInterface device, long station, boolean groups)
      throws LinkException {
    boolean ownStation = station != device.hardwareAddress();
    if (!ownStation && !groups) {
      return -1;
    }
    try (Arena arena = Arena.ofConfined()) {
      var libc = new Libc(arena);
      var calls = new SocketCalls(arena);
      int socket = libc.socket(AF_PACKET, Libc.SOCK_RAW, 0);
      int result = socket;
      if (result >= 0 && ownStation) {
        result = add(arena, calls, socket, device.index(), PACKET_MR_UNICAST, station);
      }
      if (result >= 0 && groups) {
        result = add(arena, calls, socket, device.index(), PACKET_MR_ALLMULTI, 0);
      }
      if (result < 0) {
        if (socket >= 0) {
          libc.close(socket);
        }
        throw new LinkException(
            config.label() + " can't be made to let our frames in: " + libc.describe(result));
      }
      return socket;
    }
  }

  private static int add(
      Arena arena, SocketCalls calls, int socket, int index, short type, long station) {
    MemorySegment request = arena.allocate(REQUEST_BYTES, 8);
    request.set(ValueLayout.JAVA_INT, 0, index);
    request.set(ValueLayout.JAVA_SHORT, 4, type);
    request.set(ValueLayout.JAVA_SHORT, 6, (short) HardwareAddress.LENGTH);
    request.set(BE16, 8, (short) (station >>> 32));
    request.set(BE32, 10, (int) station);
    return calls.setOption(socket, SOL_PACKET, PACKET_ADD_MEMBERSHIP, request);
  }
}
