package wisp.drivers.rawip;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.LinkException;
import wisp.drivers.changes.ChangeFolder;
import wisp.drivers.changes.KernelSetting;
import wisp.drivers.changes.LocalPrefix;
import wisp.drivers.changes.SilencedPrefix;
import wisp.drivers.changes.SystemChanges;
import wisp.drivers.linux.Capability;
import wisp.drivers.linux.Errno;
import wisp.drivers.linux.InterfaceWatch;
import wisp.drivers.linux.Libc;
import wisp.drivers.linux.LocalPrefixes;
import wisp.drivers.linux.NetworkInterface;
import wisp.drivers.linux.NetworkNamespace;
import wisp.drivers.linux.SocketCalls;

/**
 * The sockets of a raw link, and what has to be changed so that packets come to them and nobody
 * else answers.
 *
 * <p>A raw socket belongs to one protocol, so there is one for each that we understand; each packet
 * comes to exactly one. A fourth only sends: it has protocol 255, of which nothing ever comes, and
 * is never bound to an address, for the kernel looks up its routes without one, so that the rule
 * which silences the kernel does not see it.
 *
 * <p>Order: the sockets with their filters, the rule, and only then the addresses become this
 * machine's. So no packet is seen by the kernel alone.
 */
final class RawIpSockets {
  private static final int[] PROTOCOLS = {6, 17, 1}; // TCP, UDP, ICMP
  private static final int IPPROTO_RAW = 255;
  private static final int IPPROTO_IP = 0;
  private static final int IP_MTU_DISCOVER = 10;
  private static final int IP_PMTUDISC_DONT = 0;
  private static final int SO_BINDTODEVICE = 25;
  private static final int BUFFER_BYTES = 16 << 20;
  private static final int USUAL_MTU = 1500;

  private final RawIpConfig config;
  private final Arena arena;
  private final Libc libc;
  private final SocketCalls calls;
  private final int[] receiving = {-1, -1, -1};
  private int sending = -1;

  private RawIpSockets(RawIpConfig config, Arena arena) {
    this.config = config;
    this.arena = arena;
    libc = new Libc(arena);
    calls = new SocketCalls(arena);
  }

  /**
   * Open sockets; all of it is owned by whoever gets this.
   *
   * @param receiving one for each protocol
   * @param sending for all of them
   * @param mtu largest packet to be sent, in bytes
   * @param watch over the interface; index 0, which none has, when no interface was chosen
   * @param changes of the machine
   */
  @SuppressWarnings("ArrayRecordComponent") // handed over once
  record Opened(
      int[] receiving, int sending, int mtu, InterfaceWatch watch, SystemChanges changes) {}

  /**
   * Opens them in the calling thread's network namespace.
   *
   * @throws LinkException in one line for the user; nothing stays behind
   */
  static Opened open(RawIpConfig config, ChangeFolder folder) throws LinkException {
    try (Arena arena = Arena.ofConfined()) {
      return new RawIpSockets(config, arena).open(folder);
    }
  }

  /** What speaks against opening them, in one line; null: nothing. Changes nothing. */
  static @Nullable String complaint(RawIpConfig config) {
    return NetworkNamespace.complaint(
        config.netns(),
        () -> {
          mtu(config, device(config));
          refuseLocal(config);
          return ReversePathFilter.off(config.device());
        });
  }

  private Opened open(ChangeFolder folder) throws LinkException {
    NetworkInterface device = device(config);
    int mtu = mtu(config, device);
    refuseLocal(config);
    SystemChanges changes = null;
    InterfaceWatch watch = null;
    boolean done = false;
    try {
      MemorySegment filter = PrefixFilter.to(config.own()).build(arena);
      for (int i = 0; i < PROTOCOLS.length; i++) {
        receiving[i] = socket(PROTOCOLS[i]);
        bindToDevice(receiving[i]);
        // Since the socket was made it may have got packets to others.
        check(
            "can't have a filter",
            calls.setOption(
                receiving[i], SocketCalls.SOL_SOCKET, SocketCalls.SO_ATTACH_FILTER, filter));
        drain(receiving[i]);
        calls.setOption(
            receiving[i], SocketCalls.SOL_SOCKET, SocketCalls.SO_RCVBUFFORCE, BUFFER_BYTES);
      }
      sending = socket(IPPROTO_RAW);
      bindToDevice(sending);
      calls.setOption(sending, SocketCalls.SOL_SOCKET, SocketCalls.SO_SNDBUFFORCE, BUFFER_BYTES);
      check(
          "can't leave the path's MTU to the stack",
          calls.setOption(sending, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT));
      watch = new InterfaceWatch(device == null ? 0 : device.index());
      changes = SystemChanges.open(folder, RawIpConfig.PROVIDER);
      for (IpPrefix prefix : config.own()) {
        changes.make(new SilencedPrefix(prefix));
      }
      changes.join(ReversePathFilter::isSetting);
      for (KernelSetting setting : ReversePathFilter.off(config.device())) {
        changes.make(setting);
      }
      for (IpPrefix prefix : config.own()) {
        changes.make(new LocalPrefix(prefix));
      }
      done = true;
      return new Opened(receiving, sending, mtu, watch, changes);
    } finally {
      if (!done) {
        if (changes != null) {
          changes.close();
        }
        if (watch != null) {
          watch.close();
        }
        close(libc, receiving, sending);
      }
    }
  }

  /** Closes all that are open. */
  static void close(Libc libc, int[] receiving, int sending) {
    for (int socket : receiving) {
      if (socket >= 0) {
        libc.close(socket);
      }
    }
    if (sending >= 0) {
      libc.close(sending);
    }
  }

  /** What is ours the kernel no longer answers from: that must not be what it lives by. */
  private static void refuseLocal(RawIpConfig config) throws LinkException {
    for (IpPrefix prefix : config.own()) {
      IpPrefix local = LocalPrefixes.overlapping(prefix);
      if (local != null) {
        throw new LinkException(
            "rawip: own="
                + prefix
                + (local.equals(prefix) ? " is" : " shares addresses with " + local + ", which is")
                + " this machine's own or another program's already, and would be cut off; choose"
                + " others (ip route show table local)");
      }
    }
  }

  private static @Nullable NetworkInterface device(RawIpConfig config) throws LinkException {
    return config.device().isEmpty() ? null : NetworkInterface.findUp(config.device());
  }

  private static int mtu(RawIpConfig config, @Nullable NetworkInterface device)
      throws LinkException {
    if (device == null) {
      return config.mtu() == 0 ? USUAL_MTU : config.mtu();
    }
    if (config.mtu() > device.mtu()) {
      throw new LinkException(
          "rawip: mtu="
              + config.mtu()
              + " is more than interface '"
              + device.name()
              + "' carries, which is "
              + device.mtu()
              + "; leave mtu away, or: ip link set "
              + device.name()
              + " mtu "
              + config.mtu());
    }
    return config.mtu() == 0 ? Math.min(device.mtu(), 65_535) : config.mtu();
  }

  private int socket(int protocol) throws LinkException {
    int socket = libc.socket(Libc.AF_INET, Libc.SOCK_RAW | Libc.SOCK_NONBLOCK, protocol);
    if (socket < 0) {
      throw new LinkException(
          socket == -Errno.EPERM
              ? Capability.remedy(RawIpConfig.PROVIDER, Capability.NET_RAW)
              : "rawip gets no raw socket: " + libc.describe(socket));
    }
    return socket;
  }

  private void bindToDevice(int socket) throws LinkException {
    if (!config.device().isEmpty()) {
      MemorySegment name = arena.allocateFrom(config.device());
      check(
          "can't be bound to interface '" + config.device() + "'",
          calls.setOption(socket, SocketCalls.SOL_SOCKET, SO_BINDTODEVICE, name));
    }
  }

  private void drain(int socket) {
    MemorySegment bytes = arena.allocate(1);
    while (calls.receive(socket, bytes.address(), 1, SocketCalls.MSG_DONTWAIT) >= 0) {
      // forgotten
    }
  }

  private void check(String what, int result) throws LinkException {
    if (result < 0) {
      throw new LinkException("rawip: a raw socket " + what + ": " + libc.describe(result));
    }
  }
}
