package wisp.drivers.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import wisp.core.ip.IpAddress;

/**
 * Gives a device addresses and routes of either family: rtnetlink, as {@code ip} uses it. Each call
 * is one request and its acknowledgement.
 *
 * <pre>
 *   nlmsghdr (16 B)   length 4 │ type 2 │ flags 2 │ sequence 4 │ port 4
 *   ifaddrmsg (8 B)   family 1 │ prefix bits 1 │ flags 1 │ scope 1 │ device index 4
 *   rtmsg (12 B)      family 1 │ prefix bits 1 │ source bits 1 │ TOS 1 │ table 1 │ protocol 1 │ scope 1 │ type 1 │ flags 4
 *   rtattr            length 2 │ type 2 │ value …         numbers in the machine's order, addresses as on the wire
 * </pre>
 */
public final class RouteSocket implements AutoCloseable {
  private static final int MESSAGE_BYTES = 128;
  private static final int REPLY_BYTES = 4096;
  private static final int HEADER_BYTES = 16;
  private static final int LARGEST_ADDRESS = 16;

  private static final short NLMSG_ERROR = 2;
  private static final short RTM_NEWADDR = 20;
  private static final short RTM_NEWROUTE = 24;
  private static final short NEW_WITH_ACK = 0x1 | 0x4 | 0x200 | 0x400; // REQUEST ACK EXCL CREATE
  private static final byte IFA_F_NODAD = 2;
  private static final short IFA_ADDRESS = 1;
  private static final short IFA_LOCAL = 2;
  private static final short IFA_BROADCAST = 4;
  private static final short RTA_DST = 1;
  private static final short RTA_OIF = 4;
  private static final byte RT_TABLE_MAIN = (byte) 254;
  private static final byte RTPROT_BOOT = 3;
  private static final byte RT_SCOPE_LINK = (byte) 253;
  private static final byte RTN_UNICAST = 1;
  private static final int LONGEST_BROADCAST_PREFIX = 30;

  private static final ValueLayout.OfInt BE32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfLong BE64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private final Arena arena = Arena.ofConfined();
  private final Libc libc = new Libc(arena);
  private final MemorySegment message = arena.allocate(MESSAGE_BYTES, 8);
  private final MemorySegment reply = arena.allocate(REPLY_BYTES, 8);
  private final int descriptor;
  private int fill;

  private RouteSocket() {
    descriptor = libc.socket(Libc.AF_NETLINK, Libc.SOCK_RAW | Libc.SOCK_NONBLOCK, 0);
  }

  /** In the calling thread's network namespace. Whether it worked the first call tells. */
  public static RouteSocket open() {
    return new RouteSocket();
  }

  /**
   * Gives the device an address. One of IPv6 is usable at once: nobody is asked whether it is taken
   * (no duplicate address detection, RFC 4862 §5.4).
   *
   * @param bits length of the prefix, to which the kernel makes a route once the device is up
   * @param broadcast whether the device knows broadcast, so that an IPv4 prefix has such an address
   * @return 0 or {@code −errno}
   */
  public int addAddress(int deviceIndex, IpAddress address, int bits, boolean broadcast) {
    begin(RTM_NEWADDR);
    putByte(family(address));
    putByte((byte) bits);
    putByte(address.isIpv4() ? 0 : IFA_F_NODAD);
    putByte((byte) 0);
    putInt(deviceIndex);
    putAddress(IFA_LOCAL, address);
    putAddress(IFA_ADDRESS, address);
    if (broadcast && address.isIpv4() && bits <= LONGEST_BROADCAST_PREFIX) {
      int hostBits = bits == 0 ? -1 : -1 >>> bits;
      putAddress(IFA_BROADCAST, IpAddress.ofIpv4(address.ipv4() | hostBits));
    }
    return request();
  }

  /**
   * Routes a network to the device, which must be up.
   *
   * @param network without bits beyond the prefix
   * @return 0 or {@code −errno}
   */
  public int addRoute(int deviceIndex, IpAddress network, int bits) {
    begin(RTM_NEWROUTE);
    putByte(family(network));
    putByte((byte) bits);
    putByte((byte) 0);
    putByte((byte) 0);
    putByte(RT_TABLE_MAIN);
    putByte(RTPROT_BOOT);
    putByte(network.isIpv4() ? RT_SCOPE_LINK : 0);
    putByte(RTN_UNICAST);
    putInt(0);
    putAddress(RTA_DST, network);
    putAttribute(RTA_OIF, Integer.BYTES);
    putInt(deviceIndex);
    return request();
  }

  @Override
  public void close() {
    if (descriptor >= 0) {
      libc.close(descriptor);
    }
    arena.close();
  }

  private void begin(short type) {
    message.fill((byte) 0);
    message.set(ValueLayout.JAVA_SHORT, 4, type);
    message.set(ValueLayout.JAVA_SHORT, 6, NEW_WITH_ACK);
    fill = HEADER_BYTES;
  }

  private void putByte(byte value) {
    message.set(ValueLayout.JAVA_BYTE, fill++, value);
  }

  private void putInt(int value) {
    message.set(ValueLayout.JAVA_INT, fill, value);
    fill += Integer.BYTES;
  }

  private void putAttribute(short type, int valueBytes) {
    message.set(ValueLayout.JAVA_SHORT, fill, (short) (4 + valueBytes));
    message.set(ValueLayout.JAVA_SHORT, fill + 2, type);
    fill += 4;
  }

  private void putAddress(short type, IpAddress address) {
    if (address.isIpv4()) {
      putAttribute(type, Integer.BYTES);
      message.set(BE32, fill, address.ipv4());
      fill += Integer.BYTES;
    } else {
      putAttribute(type, LARGEST_ADDRESS);
      message.set(BE64, fill, address.high());
      message.set(BE64, fill + 8, address.low());
      fill += LARGEST_ADDRESS;
    }
  }

  /** The kernel has acknowledged before {@code write} returns. */
  private int request() {
    if (descriptor < 0) {
      return descriptor;
    }
    message.set(ValueLayout.JAVA_INT, 0, fill);
    int written = libc.write(descriptor, message.address(), fill);
    if (written < 0) {
      return written;
    }
    int bytes = libc.read(descriptor, reply.address(), REPLY_BYTES);
    if (bytes < 0) {
      return bytes;
    }
    boolean answered =
        bytes >= HEADER_BYTES + Integer.BYTES
            && reply.get(ValueLayout.JAVA_SHORT, 4) == NLMSG_ERROR;
    return answered ? reply.get(ValueLayout.JAVA_INT, HEADER_BYTES) : -Errno.EINVAL;
  }

  private static byte family(IpAddress address) {
    return (byte) (address.isIpv4() ? Libc.AF_INET : Libc.AF_INET6);
  }
}
