package wisp.drivers.tun;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import wisp.core.ip.IpAddress;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.drivers.HostPrefix;
import wisp.drivers.linux.Capability;
import wisp.drivers.linux.Errno;
import wisp.drivers.linux.Libc;
import wisp.drivers.linux.Linux;
import wisp.drivers.linux.NetworkNamespace;
import wisp.drivers.linux.RouteSocket;
import wisp.drivers.linux.VirtioHeader;

/**
 * Makes a TUN or TAP device and configures it: by ioctl, addresses and routes by netlink.
 *
 * <pre>
 *   struct ifreq (40 B)     name 16 │ flags 2, or mtu, queue length or device index 4
 * </pre>
 */
final class TunDevice {
  static final String CONTROL = "/dev/net/tun";
  private static final long TUNSETIFF = 0x400454caL;
  private static final long TUNSETPERSIST = 0x400454cbL;
  private static final long TUNSETOFFLOAD = 0x400454d0L;
  private static final long TUNSETVNETHDRSZ = 0x400454d8L;
  private static final short IFF_TUN = 0x0001;
  private static final short IFF_TAP = 0x0002;
  private static final short IFF_MULTI_QUEUE = 0x0100;
  private static final short IFF_NO_PI = 0x1000;
  private static final short IFF_VNET_HDR = 0x4000;

  /**
   * TUN_F_CSUM, TSO4, TSO6. Not USO (0x60): whoever receives could not tell where one datagram of a
   * merged packet ends.
   */
  private static final long OFFLOADS = 0x1 | 0x2 | 0x4;

  /** TUN_F_TSO_ECN: without it the kernel cuts every large packet that carries CWR. */
  private static final long OFFLOADS_WITH_ECN = OFFLOADS | 0x8;

  private static final long SIOCGIFFLAGS = 0x8913L;
  private static final long SIOCSIFFLAGS = 0x8914L;
  private static final long SIOCSIFMTU = 0x8922L;
  private static final long SIOCGIFINDEX = 0x8933L;
  private static final long SIOCSIFTXQLEN = 0x8943L;

  /**
   * Packets that the kernel holds for us. Its own choice is 500. When 100,000 connections sent one
   * byte at once, 56 % had it back after 40 s (twice); with 10,000 it was 100 % and 89 %: it helps,
   * and does not end the drops. A queue takes 8 bytes a packet.
   */
  private static final int QUEUE_PACKETS = 10_000;

  private static final short IFF_UP = 1;

  private static final int IFREQ_BYTES = 40;
  private static final int IFREQ_VALUE = 16;
  private static final int NAME_BYTES = 16;

  private final TunConfig config;
  private final Libc libc;
  private final MemorySegment ifreq;
  private final Arena arena;

  private boolean multiQueue;

  /** A persistent device was there before us, with its addresses and routes. */
  private boolean takenUp;

  private TunDevice(TunConfig config, Arena arena) {
    this.config = config;
    this.arena = arena;
    libc = new Libc(arena);
    ifreq = arena.allocate(IFREQ_BYTES, 8);
  }

  /**
   * An open device.
   *
   * @param descriptor owned by whoever gets this
   * @param name as the kernel gave it
   */
  record Opened(int descriptor, String name) {}

  /** Makes the device in the calling thread's network namespace. Nothing stays when it fails. */
  static Opened open(TunConfig config) throws LinkException {
    try (Arena arena = Arena.ofConfined()) {
      return new TunDevice(config, arena).open(1).getFirst();
    }
  }

  /**
   * As above, with several queues: a descriptor for each.
   *
   * @param queues 1 or more
   */
  static List<Opened> open(TunConfig config, int queues) throws LinkException {
    try (Arena arena = Arena.ofConfined()) {
      return new TunDevice(config, arena).open(queues);
    }
  }

  private List<Opened> open(int queues) throws LinkException {
    multiQueue = queues > 1;
    var opened = new ArrayList<Opened>();
    try {
      opened.add(openFirst());
      while (opened.size() < queues) {
        opened.add(openAnother(opened.getFirst().name()));
      }
      if (multiQueue) {
        QueueProgram.attach(opened.getFirst().descriptor(), libc); // else by what we send
      }
      return opened;
    } catch (LinkException | RuntimeException | Error e) {
      opened.forEach(queue -> libc.close(queue.descriptor()));
      throw e;
    }
  }

  private Opened openAnother(String name) throws LinkException {
    int tun = openControl();
    try {
      return new Opened(tun, create(tun, name));
    } catch (LinkException | RuntimeException | Error e) {
      libc.close(tun);
      throw e;
    }
  }

  private int openControl() throws LinkException {
    int tun = libc.open(CONTROL, Libc.O_RDWR | Libc.O_NONBLOCK);
    if (tun < 0) {
      throw new LinkException(
          TunConfig.provider(config.kind())
              + " can't open "
              + CONTROL
              + ": "
              + libc.describe(tun)
              + (tun == -Errno.ENOENT ? "; load it with: modprobe tun" : "; run as root"));
    }
    return tun;
  }

  private Opened openFirst() throws LinkException {
    int tun = openControl();
    int socket = -1;
    boolean done = false;
    try {
      socket = libc.socket(Libc.AF_INET, Libc.SOCK_DGRAM, 0);
      if (socket < 0) {
        throw failed("can't be configured", socket, "");
      }
      name(config.name());
      takenUp = config.persistent() && libc.ioctl(socket, SIOCGIFINDEX, ifreq.address()) >= 0;
      String name = create(tun, config.name());
      configure(socket, name);
      if (config.persistent()) {
        check("can't be made persistent", persist(libc, tun, true));
      }
      done = true;
      return new Opened(tun, name);
    } finally {
      if (socket >= 0) {
        libc.close(socket);
      }
      if (!done) {
        libc.close(tun);
      }
    }
  }

  private String create(int tun, String device) throws LinkException {
    name(device);
    int layer = (isTap() ? IFF_TAP : IFF_TUN) | (multiQueue ? IFF_MULTI_QUEUE : 0);
    ifreq.set(ValueLayout.JAVA_SHORT, IFREQ_VALUE, (short) (layer | IFF_NO_PI | IFF_VNET_HDR));
    int result = libc.ioctl(tun, TUNSETIFF, ifreq.address());
    switch (-result) {
      case Errno.EBUSY ->
          throw failed(
              "is in use", result, "; choose another name, or end the program that holds it");
      case Errno.EPERM ->
          throw new LinkException(
              Capability.remedy(TunConfig.provider(config.kind()), Capability.NET_ADMIN));
      case Errno.EINVAL ->
          throw failed("can't be made", result, "; is there another device of that name?");
      default -> check("can't be made", result);
    }
    MemorySegment bytes = arena.allocate(4, 4);
    bytes.set(ValueLayout.JAVA_INT, 0, VirtioHeader.BYTES);
    check("has no vnet header", libc.ioctl(tun, TUNSETVNETHDRSZ, bytes.address()));
    result = libc.ioctl(tun, TUNSETOFFLOAD, config.offload() ? OFFLOADS_WITH_ECN : 0);
    if (result == -Errno.EINVAL) {
      result = libc.ioctl(tun, TUNSETOFFLOAD, OFFLOADS);
    }
    check("has no offloads (try offload=off)", result);
    return ifreq.getString(0);
  }

  private void configure(int socket, String name) throws LinkException {
    name(name);
    ifreq.set(ValueLayout.JAVA_INT, IFREQ_VALUE, config.mtu());
    check("refuses mtu=" + config.mtu(), libc.ioctl(socket, SIOCSIFMTU, ifreq.address()));
    ifreq.set(ValueLayout.JAVA_INT, IFREQ_VALUE, QUEUE_PACKETS);
    check("refuses a longer queue", libc.ioctl(socket, SIOCSIFTXQLEN, ifreq.address()));
    check("has no index", libc.ioctl(socket, SIOCGIFINDEX, ifreq.address()));
    int index = ifreq.get(ValueLayout.JAVA_INT, IFREQ_VALUE);
    check("has no flags", libc.ioctl(socket, SIOCGIFFLAGS, ifreq.address()));
    short flags = ifreq.get(ValueLayout.JAVA_SHORT, IFREQ_VALUE);
    ifreq.set(ValueLayout.JAVA_SHORT, IFREQ_VALUE, (short) (flags | IFF_UP));
    try (var routes = RouteSocket.open()) {
      for (HostPrefix host : config.hosts()) {
        added(
            "refuses host=" + host,
            host.address(),
            routes.addAddress(index, host.address(), host.bits(), isTap()),
            "; it has that address already");
      }
      check("can't be brought up", libc.ioctl(socket, SIOCSIFFLAGS, ifreq.address()));
      for (IpPrefix route : config.routes()) {
        added(
            "can't have route=" + route,
            route.address(),
            routes.addRoute(index, route.address(), route.bits()),
            "; there is such a route already");
      }
    }
  }

  /** Whether the device stays when the descriptor is closed; 0 or {@code −errno}. */
  static int persist(Libc libc, int descriptor, boolean on) {
    return libc.ioctl(descriptor, TUNSETPERSIST, on ? 1 : 0);
  }

  private void added(String what, IpAddress address, int result, String exists)
      throws LinkException {
    boolean ipv6 = !address.isIpv4();
    if (takenUp && result == -Errno.EEXIST) {
      return; // from the last time
    }
    switch (-result) {
      case Errno.EEXIST -> throw failed(what, result, exists);
      case Errno.EACCES, Errno.EOPNOTSUPP, Errno.EAFNOSUPPORT ->
          throw failed(
              what,
              result,
              ipv6 ? "; IPv6 is disabled here: sysctl net.ipv6.conf.all.disable_ipv6=0" : "");
      default -> check(what, result);
    }
  }

  private boolean isTap() {
    return config.kind() == Link.Kind.ETHERNET;
  }

  /** Why no device can be made here and what to do, in one line; null when one can. */
  static @Nullable String unavailable(String provider) {
    String reason = Linux.unavailable();
    if (reason != null) {
      return provider + " " + reason;
    }
    if (!Files.exists(Path.of(CONTROL))) {
      return provider
          + " needs "
          + CONTROL
          + "; load it with: modprobe tun (in a container: --device "
          + CONTROL
          + ")";
    }
    try (Arena arena = Arena.ofConfined()) {
      var libc = new Libc(arena);
      int descriptor = libc.open(CONTROL, Libc.O_RDWR | Libc.O_NONBLOCK);
      if (descriptor < 0) {
        return provider
            + " can't open "
            + CONTROL
            + ": "
            + libc.describe(descriptor)
            + "; run as root";
      }
      libc.close(descriptor);
    }
    return Capability.missing(provider, Capability.NET_ADMIN);
  }

  /** What speaks against opening this device, in one line; null: nothing. Makes none. */
  static @Nullable String complaint(TunConfig config) {
    return NetworkNamespace.complaint(
        config.netns(),
        () -> {
          try (Arena arena = Arena.ofConfined()) {
            return new TunDevice(config, arena).look();
          }
        });
  }

  /** A device that is there is taken and given back, which shows whether it could be. */
  private String look() throws LinkException {
    int tun = libc.open(CONTROL, Libc.O_RDWR | Libc.O_NONBLOCK);
    int socket = libc.socket(Libc.AF_INET, Libc.SOCK_DGRAM, 0);
    try {
      name(config.name());
      return libc.ioctl(socket, SIOCGIFINDEX, ifreq.address()) < 0
          ? ""
          : create(tun, config.name());
    } finally {
      libc.close(socket);
      libc.close(tun);
    }
  }

  private void name(String name) {
    ifreq.fill((byte) 0);
    assert name.length() < NAME_BYTES;
    ifreq.setString(0, name);
  }

  private void check(String what, int result) throws LinkException {
    if (result < 0) {
      throw failed(
          what, result, result == -Errno.EPERM ? "; needs CAP_NET_ADMIN, run as root" : "");
    }
  }

  private LinkException failed(String what, int result, String remedy) {
    return new LinkException(
        TunConfig.provider(config.kind())
            + " device '"
            + config.name()
            + "' "
            + what
            + ": "
            + libc.describe(result)
            + remedy);
  }
}
