package wisp.drivers.afpacket;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.LinkException;
import wisp.drivers.linux.Capability;
import wisp.drivers.linux.ClassicBpf;
import wisp.drivers.linux.Errno;
import wisp.drivers.linux.Libc;
import wisp.drivers.linux.Linux;
import wisp.drivers.linux.MemoryCalls;
import wisp.drivers.linux.NetworkInterface;
import wisp.drivers.linux.SocketCalls;

/**
 * A socket of AF_PACKET and what is asked of it. All that it changes on the interface, which is
 * that frames to other stations are let in, the kernel takes back when the socket is closed, also
 * by the end of the process.
 *
 * <pre>
 *   struct sockaddr_ll (20 B)     family 2 │ protocol 2, as on the wire │ index 4 │ type of device 2 │ type of packet 1 │ length 1 │ address 8
 *   struct packet_mreq (16 B)     index 4 │ type 2 │ length 2 │ address 8
 *   struct tpacket_req (16 B)     block size 4 │ blocks 4 │ slot size 4 │ slots 4
 *   struct tpacket_stats (8 B)    packets 4 │ drops 4, both since they were asked for last
 * </pre>
 */
final class PacketSocket {
  private static final int AF_PACKET = 17;
  private static final int SOL_PACKET = 263;
  private static final int PACKET_ADD_MEMBERSHIP = 1;
  private static final int PACKET_RX_RING = 5;
  private static final int PACKET_STATISTICS = 6;
  private static final int PACKET_VERSION = 10;
  private static final int PACKET_VNET_HDR = 15;
  private static final int PACKET_FANOUT = 18;
  private static final int PACKET_QDISC_BYPASS = 20;
  private static final int PACKET_FANOUT_DATA = 22;
  private static final int PACKET_IGNORE_OUTGOING = 23;
  private static final int TPACKET_V2 = 1;
  private static final short PACKET_MR_PROMISC = 1;
  private static final short PACKET_MR_ALLMULTI = 2;
  private static final short ETH_P_ALL = 3;
  private static final int ARPHRD_ETHER = 1;
  private static final int SOCKADDR_LL_BYTES = 20;
  private static final int STATISTICS_BYTES = 8;
  private static final int INDEX = 4;
  private static final int DEVICE_TYPE = 8;

  /** What may be on its way to the card: without it three packets of 64 KiB would be all. */
  private static final int SEND_BUFFER_BYTES = 4 << 20;

  private static final ValueLayout.OfShort BE16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private final AfPacketConfig config;
  private final Arena arena;
  private final Libc libc;
  private final SocketCalls calls;
  private final MemorySegment scratch;
  private final MemorySegment answer; // the first 8 bytes of it
  private final int descriptor;
  private int fanoutGroup;
  private long drops;

  private PacketSocket(AfPacketConfig config, Arena arena) throws LinkException {
    this.config = config;
    this.arena = arena;
    libc = new Libc(arena);
    calls = new SocketCalls(arena);
    scratch = arena.allocate(SOCKADDR_LL_BYTES, 8);
    answer = scratch.asSlice(0, STATISTICS_BYTES);
    // Of no protocol: until it is bound to an interface it gets nothing.
    descriptor = libc.socket(AF_PACKET, Libc.SOCK_RAW | Libc.SOCK_NONBLOCK, 0);
    if (descriptor < 0) {
      throw new LinkException(reason(libc, descriptor));
    }
  }

  /**
   * Opens one on an interface, through which nothing passes yet.
   *
   * @param arena where its memory is; to be closed after the socket
   * @throws LinkException in one line for the user; nothing stays open
   */
  static PacketSocket open(AfPacketConfig config, NetworkInterface device, Arena arena)
      throws LinkException {
    var socket = new PacketSocket(config, arena);
    try {
      socket.configure(device);
      return socket;
    } catch (LinkException | RuntimeException | Error e) {
      socket.close();
      throw e;
    }
  }

  /** Why there are no such sockets here and what to do, in one line; null when there are. */
  static @Nullable String unavailable() {
    String reason = Linux.unavailable();
    if (reason != null) {
      return "afpacket " + reason;
    }
    try (Arena arena = Arena.ofConfined()) {
      var libc = new Libc(arena);
      int socket = libc.socket(AF_PACKET, Libc.SOCK_RAW, 0);
      if (socket < 0) {
        return reason(libc, socket);
      }
      libc.close(socket);
      return null;
    }
  }

  private static String reason(Libc libc, int error) {
    return switch (-error) {
      case Errno.EPERM, Errno.EACCES -> Capability.remedy("afpacket", Capability.NET_RAW);
      case Errno.EAFNOSUPPORT ->
          "afpacket needs packet sockets, which this kernel lacks; load them with: modprobe"
              + " af_packet";
      default -> "afpacket can't open a packet socket: " + libc.describe(error);
    };
  }

  private void configure(NetworkInterface device) throws LinkException {
    option("knows no TPACKET_V2", PACKET_VERSION, TPACKET_V2);
    option("has no virtio headers", PACKET_VNET_HDR, 1); // not any more once there is a ring
    option("can't ignore what leaves", PACKET_IGNORE_OUTGOING, 1);
    if (config.bypass()) {
      option("can't pass by the queue (try bypass=off)", PACKET_QDISC_BYPASS, 1);
    }
    filter(FrameFilter.nothing());
    if (calls.setOption(
            descriptor, SocketCalls.SOL_SOCKET, SocketCalls.SO_SNDBUFFORCE, SEND_BUFFER_BYTES)
        < 0) {
      // Without CAP_NET_ADMIN as much as net.core.wmem_max allows.
      calls.setOption(descriptor, SocketCalls.SOL_SOCKET, SocketCalls.SO_SNDBUF, SEND_BUFFER_BYTES);
    }
    scratch.fill((byte) 0);
    scratch.set(ValueLayout.JAVA_INT, 0, device.index());
    boolean shared = config.hardwareAddress() == AfPacketConfig.OF_INTERFACE;
    scratch.set(ValueLayout.JAVA_SHORT, 4, shared ? PACKET_MR_ALLMULTI : PACKET_MR_PROMISC);
    check(
        "can't be made to let our frames in",
        calls.setOption(descriptor, SOL_PACKET, PACKET_ADD_MEMBERSHIP, scratch.asSlice(0, 16)));
  }

  /**
   * Has the kernel write what comes in into a ring from {@link #bind} on.
   *
   * @param owner when it is closed, the ring's memory is given back
   */
  ReceiveRing ring(RingShape shape, Arena owner) throws LinkException {
    String what =
        "can't have a ring of " + (shape.bytes() >> 10) + " KiB (try fewer frames= or slot=2Ki)";
    check(what, setRing(shape.blockBytes(), shape.blocks(), shape.slotBytes(), shape.slots()));
    var memory = new MemoryCalls(owner);
    long address = memory.map(shape.bytes(), MemoryCalls.MAP_SHARED, descriptor, 0);
    if (MemoryCalls.isError(address)) {
      throw failed(what, (int) address);
    }
    return new ReceiveRing(MemoryCalls.view(address, shape.bytes(), owner), shape);
  }

  /** Takes the ring from the kernel; its memory has been given back. */
  void dropRing() throws LinkException {
    check("can't drop its ring", setRing(0, 0, 0, 0));
  }

  private int setRing(int blockBytes, int blocks, int slotBytes, int slots) {
    scratch.set(ValueLayout.JAVA_INT, 0, blockBytes);
    scratch.set(ValueLayout.JAVA_INT, 4, blocks);
    scratch.set(ValueLayout.JAVA_INT, 8, slotBytes);
    scratch.set(ValueLayout.JAVA_INT, 12, slots);
    return calls.setOption(descriptor, SOL_PACKET, PACKET_RX_RING, scratch.asSlice(0, 16));
  }

  /** Begins: frames that pass the filter come in from now on, and sending is possible. */
  void bind(NetworkInterface device, @Nullable Fanout fanout, ClassicBpf filter)
      throws LinkException {
    scratch.fill((byte) 0);
    scratch.set(ValueLayout.JAVA_SHORT, 0, (short) AF_PACKET);
    scratch.set(BE16, 2, ETH_P_ALL);
    scratch.set(ValueLayout.JAVA_INT, INDEX, device.index());
    check("can't be bound", calls.bind(descriptor, scratch));
    calls.address(descriptor, scratch);
    if (scratch.get(ValueLayout.JAVA_SHORT, DEVICE_TYPE) != ARPHRD_ETHER) {
      throw new LinkException(config.label() + " is no Ethernet interface; use the tun link");
    }
    if (fanout != null) {
      join(fanout);
    }
    // Only now: before it has joined, a socket gets what belongs to others of the group.
    filter(filter);
  }

  private void join(Fanout fanout) throws LinkException {
    int result = calls.setOption(descriptor, SOL_PACKET, PACKET_FANOUT, fanout.option());
    if (result == -Errno.EINVAL) {
      throw failed(
          "can't join fanout="
              + fanout
              + " (is the group on another interface, or in another"
              + " mode?)",
          result);
    }
    check("can't join fanout=" + fanout, result);
    if (fanout.group() == Fanout.NEW) {
      check("doesn't tell its group", calls.option(descriptor, SOL_PACKET, PACKET_FANOUT, answer));
      fanoutGroup = answer.get(ValueLayout.JAVA_INT, 0) & 0xFFFF;
    } else {
      fanoutGroup = fanout.group();
    }
    if (fanout.mode() == Fanout.Mode.CBPF) {
      check(
          "can't have a program for fanout=" + fanout,
          calls.setOption(
              descriptor, SOL_PACKET, PACKET_FANOUT_DATA, FrameFilter.flowNumber().build(arena)));
    }
  }

  private void filter(ClassicBpf program) throws LinkException {
    check(
        "can't have a filter",
        calls.setOption(
            descriptor,
            SocketCalls.SOL_SOCKET,
            SocketCalls.SO_ATTACH_FILTER,
            program.build(arena)));
  }

  /** The group that it has joined. */
  int fanoutGroup() {
    return fanoutGroup;
  }

  int descriptor() {
    return descriptor;
  }

  /**
   * Sends frames without waiting.
   *
   * @param messages address of {@code count} structures {@code mmsghdr}
   * @return how many the kernel has taken, or {@code −errno}
   */
  int send(long messages, int count) {
    return calls.sendMany(descriptor, messages, count, SocketCalls.MSG_DONTWAIT);
  }

  /**
   * Forgets an error that is waiting to be told, so that {@code poll} waits again, and looks
   * whether the interface is still there.
   */
  boolean isGone() {
    calls.option(descriptor, SocketCalls.SOL_SOCKET, SocketCalls.SO_ERROR, answer);
    int bytes = calls.address(descriptor, scratch);
    return bytes >= DEVICE_TYPE && scratch.get(ValueLayout.JAVA_INT, INDEX) <= 0;
  }

  /** Frames for which the ring had no free slot. */
  long drops() {
    int bytes = calls.option(descriptor, SOL_PACKET, PACKET_STATISTICS, answer);
    if (bytes == STATISTICS_BYTES) {
      drops += Integer.toUnsignedLong(scratch.get(ValueLayout.JAVA_INT, 4));
    }
    return drops;
  }

  /** Frees it, and leaves the interface as it was. */
  void close() {
    libc.close(descriptor);
  }

  private void option(String what, int option, int value) throws LinkException {
    check(what, calls.setOption(descriptor, SOL_PACKET, option, value));
  }

  private void check(String what, int result) throws LinkException {
    if (result < 0) {
      throw failed(what, result);
    }
  }

  private LinkException failed(String what, int result) {
    return new LinkException(config.label() + " " + what + ": " + libc.describe(result));
  }
}
