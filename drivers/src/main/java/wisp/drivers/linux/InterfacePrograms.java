package wisp.drivers.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Whether an interface has an XDP program, as {@code ip link} shows it.
 *
 * <pre>
 *   nlmsghdr (16 B)    length 4 │ type 2 │ flags 2 │ sequence 4 │ port 4
 *   ifinfomsg (16 B)   family 1, pad 1 │ type 2 │ index 4 │ flags 4 │ changes 4
 *   rtattr             length 2 │ type 2 │ value …         each on a boundary of four
 * </pre>
 */
public final class InterfacePrograms {
  private static final short RTM_GETLINK = 18;
  private static final short RTM_NEWLINK = 16;
  private static final short NLM_F_REQUEST = 1;
  private static final short IFLA_EXT_MASK = 29;
  private static final int RTEXT_FILTER_SKIP_STATS = 8;
  private static final int IFLA_XDP = 43;
  private static final int IFLA_XDP_ATTACHED = 2;
  private static final int XDP_ATTACHED_NONE = 0;
  private static final int XDP_ATTACHED_HW = 3;
  private static final int TYPE_MASK = 0x3FFF; // without the flag that says it holds others
  private static final int HEADERS_BYTES = 32;
  private static final int ATTRIBUTE_BYTES = 4;
  private static final int REPLY_BYTES = 32_768;

  private InterfacePrograms() {}

  /**
   * Whether the driver or the kernel's stack runs one, so that no other can be attached; false
   * where nobody tells. In the calling thread's network namespace.
   */
  public static boolean hasXdp(int interfaceIndex) {
    try (Arena arena = Arena.ofConfined()) {
      var libc = new Libc(arena);
      int socket = libc.socket(Libc.AF_NETLINK, Libc.SOCK_RAW | Libc.SOCK_NONBLOCK, 0);
      if (socket < 0) {
        return false;
      }
      int length = HEADERS_BYTES + 2 * ATTRIBUTE_BYTES;
      MemorySegment request = arena.allocate(length, 8);
      request.set(ValueLayout.JAVA_INT, 0, length);
      request.set(ValueLayout.JAVA_SHORT, 4, RTM_GETLINK);
      request.set(ValueLayout.JAVA_SHORT, 6, NLM_F_REQUEST);
      request.set(ValueLayout.JAVA_INT, 20, interfaceIndex);
      request.set(ValueLayout.JAVA_SHORT, HEADERS_BYTES, (short) (2 * ATTRIBUTE_BYTES));
      request.set(ValueLayout.JAVA_SHORT, HEADERS_BYTES + 2, IFLA_EXT_MASK);
      request.set(ValueLayout.JAVA_INT, HEADERS_BYTES + 4, RTEXT_FILTER_SKIP_STATS);
      MemorySegment reply = arena.allocate(REPLY_BYTES, 8);
      int bytes = libc.write(socket, request.address(), length);
      bytes = bytes < 0 ? bytes : libc.read(socket, reply.address(), REPLY_BYTES);
      libc.close(socket);
      return bytes >= HEADERS_BYTES
          && reply.get(ValueLayout.JAVA_SHORT, 4) == RTM_NEWLINK
          && isAttached(reply.asSlice(0, bytes));
    }
  }

  private static boolean isAttached(MemorySegment reply) {
    int xdp = find(reply, HEADERS_BYTES, (int) reply.byteSize(), IFLA_XDP);
    if (xdp < 0) {
      return false;
    }
    int end = xdp + length(reply, xdp);
    int attached = find(reply, xdp + ATTRIBUTE_BYTES, end, IFLA_XDP_ATTACHED);
    if (attached < 0) {
      return false;
    }
    int how = reply.get(ValueLayout.JAVA_BYTE, attached + ATTRIBUTE_BYTES);
    return how != XDP_ATTACHED_NONE && how != XDP_ATTACHED_HW;
  }

  /** Where the attribute of that type begins; −1: there is none. */
  private static int find(MemorySegment reply, int from, int end, int type) {
    for (int at = from; at + ATTRIBUTE_BYTES < end; at += length(reply, at) + 3 & ~3) {
      int length = length(reply, at);
      if (length < ATTRIBUTE_BYTES || length > end - at) {
        return -1;
      }
      if ((reply.get(ValueLayout.JAVA_SHORT, at + 2) & TYPE_MASK) == type) {
        return length > ATTRIBUTE_BYTES ? at : -1;
      }
    }
    return -1;
  }

  private static int length(MemorySegment reply, int at) {
    return reply.get(ValueLayout.JAVA_SHORT, at) & 0xFFFF;
  }
}
