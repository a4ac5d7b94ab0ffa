package wisp.drivers.afxdp;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import wisp.core.spi.Burst;
import wisp.core.spi.LinkException;
import wisp.drivers.Framing;
import wisp.drivers.linux.Errno;
import wisp.drivers.linux.Libc;
import wisp.drivers.linux.NetworkInterface;

/**
 * All that the kernel has given us for one queue: the program, the socket and its rings.
 *
 * @param membership a socket by which the interface lets our frames in; −1: none is needed
 */
record XdpQueue(
    int mtu,
    XdpProgram program,
    int membership,
    XdpSocket socket,
    UmemLayout layout,
    ReceiveFrames receive,
    TransmitFrames transmit) {
  private static final String VETH = "veth";
  private static final int LARGEST_MTU = 65_535;

  /** The kernel frees the queue of a closed socket a moment later. */
  private static final int BUSY_RETRIES = 100;

  private static final long BUSY_NANOS = 5_000_000;

  /** How the kernel is asked for a queue. */
  private record Way(boolean zeroCopy, boolean pieces) {}

  /**
   * Opens one, in the calling thread's network namespace.
   *
   * @throws LinkException in one line for the user; nothing stays behind
   */
  static XdpQueue open(AfXdpConfig config) throws LinkException {
    NetworkInterface device = device(config);
    boolean isVeth = NetworkInterface.driver(config.name()).equals(VETH);
    XdpProgram program = XdpProgram.attach(config, device, isVeth);
    int membership = -1;
    try {
      boolean groups = config.own().stream().anyMatch(prefix -> !prefix.isIpv4());
      membership = Membership.join(config, device, program.station(), groups);
      LinkException reason = null;
      for (Way way : ways(config, program)) {
        try {
          return open(config, device, isVeth, program, membership, way);
        } catch (LinkException e) {
          reason = reason == null || way.pieces ? e : reason; // the more that was asked for
        }
      }
      throw reason == null ? new LinkException(config.label() + " can't be used") : reason;
    } catch (LinkException | RuntimeException | Error e) {
      close(membership);
      program.release();
      throw e;
    }
  }

  /**
   * Looks whether one could be opened, in the calling thread's network namespace, and opens none.
   *
   * @throws LinkException in one line for the user: not so
   */
  static void look(AfXdpConfig config) throws LinkException {
    NetworkInterface device = device(config);
    XdpProgram.look(config, device);
    int queues = NetworkInterface.queues(config.name());
    if (queues > 0 && config.queue() >= queues) {
      throw new LinkException(
          config.label()
              + ": "
              + config.name()
              + " has "
              + queues
              + (queues == 1 ? " queue" : " queues")
              + ", counted from 0; try queue="
              + (queues - 1)
              + ", or: ethtool -L "
              + config.name()
              + " combined "
              + (config.queue() + 1));
    }
    // Whether the driver knows packets of several chunks shows when the program is attached.
    layout(config, Math.min(device.mtu(), LARGEST_MTU), new Way(false, true));
  }

  private static NetworkInterface device(AfXdpConfig config) throws LinkException {
    NetworkInterface device = NetworkInterface.findUp(config.name());
    if (device.hardwareAddress() == 0) {
      throw new LinkException(config.label() + " is no Ethernet interface; use the tun link");
    }
    return device;
  }

  private static List<Way> ways(AfXdpConfig config, XdpProgram program) {
    var ways = new ArrayList<Way>();
    boolean tryZeroCopy = program.isNative() && config.zeroCopy() != AfXdpConfig.ZeroCopy.OFF;
    boolean tryCopy = config.zeroCopy() != AfXdpConfig.ZeroCopy.ON;
    for (boolean zeroCopy : new boolean[] {true, false}) {
      if (zeroCopy ? tryZeroCopy : tryCopy) {
        if (program.hasFrags()) {
          ways.add(new Way(zeroCopy, true));
        }
        ways.add(new Way(zeroCopy, false));
      }
    }
    return ways;
  }

  private static XdpQueue open(
      AfXdpConfig config,
      NetworkInterface device,
      boolean isVeth,
      XdpProgram program,
      int membership,
      Way way)
      throws LinkException {
    int mtu = Math.min(device.mtu(), LARGEST_MTU);
    UmemLayout layout = layout(config, mtu, way);
    XdpSocket socket = XdpSocket.open(config, layout);
    try {
      int flags = isTrusted(config, isVeth) ? Burst.CHECKSUM_TRUSTED : 0;
      ReceiveFrames receive = socket.receiveFrames(mtu, flags);
      TransmitFrames transmit = socket.transmitFrames();
      bind(config, device, way, socket);
      int result = program.redirect(config.queue(), socket.descriptor());
      if (result < 0) {
        throw socket.failed("can't be put into the map of sockets", result);
      }
      return new XdpQueue(mtu, program, membership, socket, layout, receive, transmit);
    } catch (LinkException | RuntimeException | Error e) {
      socket.close();
      throw e;
    }
  }

  /** Where a packet of the MTU does not fit, it says so. */
  private static UmemLayout layout(AfXdpConfig config, int mtu, Way way) throws LinkException {
    int frameBytes = mtu + Framing.ETHERNET_BYTES;
    UmemLayout layout =
        UmemLayout.of(!way.zeroCopy, config.chunkBytes(), config.frames(), frameBytes);
    int most = way.pieces ? UmemLayout.MOST_PIECES * layout.roomBytes() : layout.roomBytes();
    if (frameBytes > most) {
      throw new LinkException(
          config.label()
              + " has an MTU of "
              + mtu
              + ", for which chunk="
              + config.chunkBytes()
              + (way.pieces ? " is too small" : " would have to hold a whole packet")
              + "; use "
              + (config.chunkBytes() < 4096 ? "chunk=4096, or " : "")
              + "ip link set "
              + config.name()
              + " mtu "
              + (most - Framing.ETHERNET_BYTES));
    }
    // A packet that stays where it is takes two descriptors at least: headers and payload.
    return way.pieces && config.payloadBytes() > 0
        ? layout.withFrames(config.payloadBytes())
        : layout;
  }

  private static boolean isTrusted(AfXdpConfig config, boolean isVeth) {
    return switch (config.checksum()) {
      case TRUST -> true;
      case VERIFY -> false;
      case AUTO -> isVeth;
    };
  }

  private static void bind(AfXdpConfig config, NetworkInterface device, Way way, XdpSocket socket)
      throws LinkException {
    int result = socket.bind(device, way.pieces);
    for (int i = 0; result == -Errno.EBUSY && i < BUSY_RETRIES; i++) {
      LockSupport.parkNanos(BUSY_NANOS);
      result = socket.bind(device, way.pieces);
    }
    switch (-result) {
      case 0 -> {}
      case Errno.EBUSY ->
          throw socket.failed(
              "is in use by another XDP socket; end its program, or take another queue=", result);
      case Errno.EINVAL ->
          throw socket.failed(
              "can't be had (is there a queue "
                  + config.queue()
                  + "? ls /sys/class/net/"
                  + config.name()
                  + "/queues)",
              result);
      default ->
          throw socket.failed(
              way.zeroCopy ? "can't be had without copies (try zerocopy=off)" : "can't be had",
              result);
    }
  }

  private static void close(int descriptor) {
    if (descriptor >= 0) {
      try (Arena arena = Arena.ofConfined()) {
        new Libc(arena).close(descriptor);
      }
    }
  }

  /** Whether the card writes and reads our memory by itself. */
  boolean zeroCopy() {
    return !layout.overlapping();
  }

  /** Gives all of it back. */
  void close() {
    socket.close();
    close(membership);
    program.release();
  }
}
