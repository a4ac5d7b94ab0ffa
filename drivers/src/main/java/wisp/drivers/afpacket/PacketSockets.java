package wisp.drivers.afpacket;

import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Burst;
import wisp.core.spi.LinkException;
import wisp.drivers.afpacket.FrameFilter.Part;
import wisp.drivers.linux.ClassicBpf;
import wisp.drivers.linux.NetworkInterface;

/**
 * What a link has of the kernel: a socket with its ring, and where links share an interface a
 * second one with what concerns all of them. One that was opened in part can be closed as well.
 */
final class PacketSockets {
  /** ARP and ICMP of a burst from everybody. */
  private static final int SIGNAL_SLOTS = 128;

  private static final int SIGNAL_BYTES = 2048;

  private final Arena arena = Arena.ofShared();
  private final PacketSocket[] sockets;
  private final RenewedRing[] rings;
  private final long hardwareAddress;
  private final int mtu;
  private int open;

  private PacketSockets(int count, long hardwareAddress, int mtu) {
    this.hardwareAddress = hardwareAddress;
    this.mtu = mtu;
    sockets = new PacketSocket[count];
    rings = new RenewedRing[count];
  }

  /**
   * In the calling thread's network namespace.
   *
   * @throws LinkException in one line for the user; nothing stays open
   */
  static PacketSockets open(AfPacketConfig config) throws LinkException {
    NetworkInterface device = NetworkInterface.findUp(config.name());
    Fanout fanout = config.fanout();
    long station = config.hardwareAddressOn(device);
    var all = new PacketSockets(fanout == null ? 1 : 2, station, config.mtuOn(device));
    try {
      RingShape shape = RingShape.of(config.slots(), config.slotBytes());
      Part part = fanout == null ? Part.ALL : Part.FLOWS;
      boolean fragments = fanout != null && fanout.fragmentsToAll();
      all.add(config, device, shape, FrameFilter.ours(station, part, fragments), fanout);
      if (fanout != null) {
        int slot = Math.max(SIGNAL_BYTES, RingShape.slotBytesFor(all.mtu));
        RingShape signals = RingShape.of(SIGNAL_SLOTS, slot);
        all.add(config, device, signals, FrameFilter.ours(station, Part.SIGNALS, fragments), null);
      }
      return all;
    } catch (LinkException | RuntimeException | Error e) {
      all.close();
      throw e;
    }
  }

  private void add(
      AfPacketConfig config,
      NetworkInterface device,
      RingShape shape,
      ClassicBpf filter,
      @Nullable Fanout fanout)
      throws LinkException {
    PacketSocket socket = PacketSocket.open(config, device, arena);
    try {
      rings[open] = new RenewedRing(socket, shape);
    } catch (LinkException | RuntimeException | Error e) {
      socket.close();
      throw e;
    }
    sockets[open++] = socket;
    socket.bind(device, fanout, filter);
  }

  /** Memory that is there as long as they are open. */
  Arena arena() {
    return arena;
  }

  long hardwareAddress() {
    return hardwareAddress;
  }

  int mtu() {
    return mtu;
  }

  /** The one that also sends. */
  PacketSocket sender() {
    return sockets[0];
  }

  /** The sender's. */
  RenewedRing ring() {
    return rings[0];
  }

  /** The sender's first. */
  int[] descriptors() {
    var descriptors = new int[open];
    for (int i = 0; i < open; i++) {
      descriptors[i] = sockets[i].descriptor();
    }
    return descriptors;
  }

  /** What concerns all comes first: it is little, and others wait for it. */
  void receive(Burst burst) {
    for (int i = rings.length - 1; i >= 0; i--) {
      rings[i].receive(burst);
    }
  }

  /** Forgets errors that are waiting to be told, and looks whether the interface is still there. */
  boolean areGone() {
    boolean gone = false;
    for (PacketSocket socket : sockets) {
      gone |= socket.isGone();
    }
    return gone;
  }

  /** Looks whether the kernel still fills the rings. Nothing may be lent. */
  void lookAtRings() {
    for (RenewedRing ring : rings) {
      ring.look();
    }
  }

  /** Frames that came and were lost. */
  long drops() {
    long sum = 0;
    for (int i = 0; i < open; i++) {
      sum += rings[i].drops() + sockets[i].drops();
    }
    return sum;
  }

  /** Frees all. Once. */
  void close() {
    for (int i = 0; i < open; i++) {
      rings[i].close();
      sockets[i].close();
    }
    arena.close();
  }
}
