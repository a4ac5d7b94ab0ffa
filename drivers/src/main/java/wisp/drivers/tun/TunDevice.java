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
import wisp.drivers.linux.InterfaceRequest;
import wisp.drivers.linux.Libc;
import wisp.drivers.linux.Linux;
import wisp.drivers.linux.NetworkNamespace;
import wisp.drivers.linux.RouteSocket;
import wisp.drivers.linux.VirtioHeader;

/** Makes a TUN or TAP device and configures it: by ioctl, addresses and routes by netlink. */
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

  /**
   * Packets that the kernel holds for us. Its own choice is 500. When 100,000 connections sent one
   * byte at once, 56 % had it back after 40 s (twice); with 10,000 it was 100 % and 89 %: it helps,
   * and does not end the drops. A queue takes 8 bytes a packet.
   */
  private static final int QUEUE_PACKETS = 10_000;

  private final TunConfig config;
  private final Libc libc;
  private final InterfaceRequest request;
  private final Arena arena;

  private boolean multiQueue;

  /** A persistent device was there before us, with its addresses and routes. */
  private boolean takenUp;

  private TunDevice(TunConfig config, Arena arena) {
    this.config = config;
    this.arena = arena;
    libc = new Libc(arena);
    request = new InterfaceRequest(arena, libc);
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
      request.about(config.name());
      takenUp = config.persistent() && request.ask(socket, InterfaceRequest.GET_INDEX) >= 0;
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
    request.about(device);
    int layer = (isTap() ? IFF_TAP : IFF_TUN) | (multiQueue ? IFF_MULTI_QUEUE : 0);
    request.flags(layer | IFF_NO_PI | IFF_VNET_HDR);
    int result = request.ask(tun, TUNSETIFF);
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
    return request.name();
  }

  private void configure(int socket, String name) throws LinkException {
    request.about(name);
    request.number(config.mtu());
    check("refuses mtu=" + config.mtu(), request.ask(socket, InterfaceRequest.SET_MTU));
    request.number(QUEUE_PACKETS);
    check("refuses a longer queue", request.ask(socket, InterfaceRequest.SET_QUEUE_LENGTH));
    check("has no index", request.ask(socket, InterfaceRequest.GET_INDEX));
    int index = request.number();
    check("has no flags", request.ask(socket, InterfaceRequest.GET_FLAGS));
    request.flags(request.flags() | InterfaceRequest.IFF_UP);
    try (var routes = RouteSocket.open()) {
      for (HostPrefix host : config.hosts()) {
        added(
            "refuses host=" + host,
            host.address(),
            routes.addAddress(index, host.address(), host.bits(), isTap()),
            "; it has that address already");
      }
      check("can't be brought up", request.ask(socket, InterfaceRequest.SET_FLAGS));
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
      request.about(config.name());
      boolean there = request.ask(socket, InterfaceRequest.GET_INDEX) >= 0;
      return there ? create(tun, config.name()) : "";
    } finally {
      libc.close(socket);
      libc.close(tun);
    }
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
