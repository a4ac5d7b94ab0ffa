package wisp.drivers.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import wisp.core.ip.IpAddress;

/**
 * Addresses, routes and routing rules of either family: rtnetlink, as {@code ip} uses it. Each call
 * is one request and its acknowledgement.
 *
 * <pre>
 *   nlmsghdr (16 B)   length 4 │ type 2 │ flags 2 │ sequence 4 │ port 4
 *   ifaddrmsg (8 B)   family 1 │ prefix bits 1 │ flags 1 │ scope 1 │ device index 4
 *   rtmsg (12 B)      family 1 │ prefix bits 1 │ source bits 1 │ TOS 1 │ table 1 │ protocol 1 │ scope 1 │ type 1 │ flags 4
 *   fib_rule_hdr (12 B)  family 1 │ destination bits 1 │ source bits 1 │ TOS 1 │ table 1 │ unused 2 │ action 1 │ flags 4
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
  private static final short RTM_DELROUTE = 25;
  private static final short RTM_NEWRULE = 32;
  private static final short RTM_DELRULE = 33;
  private static final short WITH_ACK = 0x1 | 0x4; // REQUEST ACK
  private static final short NEW_WITH_ACK = WITH_ACK | 0x200 | 0x400; // EXCL CREATE
  private static final byte IFA_F_NODAD = 2;
  private static final short IFA_ADDRESS = 1;
  private static final short IFA_LOCAL = 2;
  private static final short IFA_BROADCAST = 4;
  private static final short RTA_DST = 1;
  private static final short RTA_OIF = 4;
  private static final byte RT_TABLE_MAIN = (byte) 254;
  private static final byte RT_TABLE_LOCAL = (byte) 255;
  private static final byte RTPROT_BOOT = 3;
  private static final byte RT_SCOPE_LINK = (byte) 253;
  private static final byte RT_SCOPE_HOST = (byte) 254;
  private static final byte RTN_UNICAST = 1;
  private static final byte RTN_LOCAL = 2;
  private static final byte FR_ACT_BLACKHOLE = 6;
  private static final short FRA_SRC = 2;
  private static final short FRA_PRIORITY = 6;
  private static final short FRA_PROTOCOL = 21;

  /** In every network namespace. */
  private static final int LOOPBACK_INDEX = 1;

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
    begin(RTM_NEWADDR, NEW_WITH_ACK);
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
    begin(RTM_NEWROUTE, NEW_WITH_ACK);
    putRoute(network, bits, RT_TABLE_MAIN, network.isIpv4() ? RT_SCOPE_LINK : 0, RTN_UNICAST);
    putNumber(RTA_OIF, deviceIndex);
    return request();
  }

  /**
   * Has the kernel take every address of a network for one of this machine's: it answers ARP for
   * them and hands packets to them to sockets here ("AnyIP").
   *
   * @param network without bits beyond the prefix
   * @return 0 or {@code −errno}
   */
  public int addLocalRoute(IpAddress network, int bits) {
    return localRoute(RTM_NEWROUTE, NEW_WITH_ACK, network, bits);
  }

  /** Ends {@link #addLocalRoute}; {@code −ESRCH}: there is no such route. */
  public int deleteLocalRoute(IpAddress network, int bits) {
    return localRoute(RTM_DELROUTE, WITH_ACK, network, bits);
  }

  private int localRoute(short type, short flags, IpAddress network, int bits) {
    begin(type, flags);
    putRoute(network, bits, RT_TABLE_LOCAL, network.isIpv4() ? RT_SCOPE_HOST : 0, RTN_LOCAL);
    putNumber(RTA_OIF, LOOPBACK_INDEX);
    return request();
  }

  /**
   * A rule by which what is sent from a network's addresses finds no route and is dropped without a
   * word.
   *
   * @param priority rules are looked at from the lowest on; that of the local table has 0
   * @return 0 or {@code −errno}
   */
  public int addBlackholeRule(IpAddress network, int bits, int priority) {
    begin(RTM_NEWRULE, NEW_WITH_ACK);
    putRule(network, bits, priority);
    return request();
  }

  /** Deletes it; {@code −ENOENT}: there is no such rule. */
  public int deleteBlackholeRule(IpAddress network, int bits, int priority) {
    begin(RTM_DELRULE, WITH_ACK);
    putRule(network, bits, priority);
    return request();
  }

  @Override
  public void close() {
    if (descriptor >= 0) {
      libc.close(descriptor);
    }
    arena.close();
  }

  private void begin(short type, short flags) {
    message.fill((byte) 0);
    message.set(ValueLayout.JAVA_SHORT, 4, type);
    message.set(ValueLayout.JAVA_SHORT, 6, flags);
    fill = HEADER_BYTES;
  }

  private void putRoute(IpAddress network, int bits, byte table, byte scope, byte kind) {
    putByte(family(network));
    putByte((byte) bits);
    putByte((byte) 0);
    putByte((byte) 0);
    putByte(table);
    putByte(RTPROT_BOOT);
    putByte(scope);
    putByte(kind);
    putInt(0);
    putAddress(RTA_DST, network);
  }

  private void putRule(IpAddress network, int bits, int priority) {
    putByte(family(network));
    putByte((byte) 0);
    putByte((byte) bits);
    putByte((byte) 0);
    putInt(FR_ACT_BLACKHOLE << 24); // table 0, two bytes unused, action
    putInt(0);
    putAddress(FRA_SRC, network);
    putNumber(FRA_PRIORITY, priority);
    putAttribute(FRA_PROTOCOL, 1);
    putByte(RTPROT_BOOT);
    fill += 3; // attributes begin on boundaries of four
  }

  private void putNumber(short type, int value) {
    putAttribute(type, Integer.BYTES);
    putInt(value);
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
