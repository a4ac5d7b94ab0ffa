package wisp.drivers.afxdp;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.LinkException;
import wisp.drivers.linux.BpfCalls;
import wisp.drivers.linux.Errno;
import wisp.drivers.linux.InterfacePrograms;
import wisp.drivers.linux.Libc;
import wisp.drivers.linux.NetworkInterface;

/**
 * The program on an interface, and the map by which it finds the socket of a queue; one for all
 * links of this process on that interface. It is attached by a descriptor (a bpf_link): when the
 * last link is closed or the process ends, however that happens, the kernel detaches it.
 */
final class XdpProgram {
  /** Queues that an interface may have for us to use them. */
  static final int MOST_QUEUES = 256;

  private static final String NAME = "wisp_filter";
  private static final int LOG_LINES = 4;

  /** Programs that are attached. Looked at when links are opened and closed, never in between. */
  private static final Map<Place, XdpProgram> ATTACHED = new HashMap<>();

  /** An interface. Indices are told apart by the namespace, as the kernel names it. */
  private record Place(String namespace, int index) {}

  /** What a program does; links that share it must agree. */
  private record Rule(AfXdpConfig.Mode mode, long station, List<IpPrefix> own) {
    static Rule of(AfXdpConfig config, NetworkInterface device) {
      long address = config.hardwareAddress();
      long station = address == 0 ? device.hardwareAddress() : address;
      return new Rule(config.mode(), station, config.own());
    }
  }

  /**
   * How it is attached.
   *
   * @param mode {@link BpfCalls#XDP_DRIVER_MODE} or {@link BpfCalls#XDP_SKB_MODE}
   * @param frags whether packets may come in several pieces
   */
  private record Way(int mode, boolean frags) {}

  private final Place place;
  private final Rule rule;
  private final Way way;
  private final int map;
  private final int program;
  private final int attachment;
  private volatile SignalBox[] boxes = {}; // replaced as a whole
  private int users;

  private XdpProgram(Place place, Rule rule, Way way, int map, int program, int attachment) {
    this.place = place;
    this.rule = rule;
    this.way = way;
    this.map = map;
    this.program = program;
    this.attachment = attachment;
  }

  /**
   * The program on an interface in the calling thread's network namespace, attached now if none of
   * our links uses it yet; {@link #release} it.
   *
   * @throws LinkException in one line for the user; nothing stays behind
   */
  static XdpProgram attach(AfXdpConfig config, NetworkInterface device, boolean isVeth)
      throws LinkException {
    var place = new Place(namespace(), device.index());
    synchronized (ATTACHED) {
      XdpProgram found = ours(config, device, place);
      if (found == null) {
        found = attach(config, place, Rule.of(config, device), isVeth);
        ATTACHED.put(place, found);
      }
      found.users++;
      return found;
    }
  }

  /**
   * Looks whether there could be a program on an interface, and attaches none.
   *
   * @throws LinkException in one line for the user: there is another
   */
  static void look(AfXdpConfig config, NetworkInterface device) throws LinkException {
    synchronized (ATTACHED) {
      if (ours(config, device, new Place(namespace(), device.index())) == null
          && InterfacePrograms.hasXdp(device.index())) {
        throw another(config);
      }
    }
  }

  /** The one of this process that is there already; null: there is none. */
  private static @Nullable XdpProgram ours(AfXdpConfig config, NetworkInterface device, Place place)
      throws LinkException {
    XdpProgram found = ATTACHED.get(place);
    if (found != null && !found.rule.equals(Rule.of(config, device))) {
      throw new LinkException(
          config.label()
              + " is used by this process with another own=, mode= or mac=; all links of an"
              + " interface need the same");
    }
    return found;
  }

  private static LinkException another(AfXdpConfig config) {
    return new LinkException(
        config.label()
            + " has another XDP program; end what attached it, or: ip link set "
            + config.name()
            + " xdp off");
  }

  private static XdpProgram attach(AfXdpConfig config, Place place, Rule rule, boolean isVeth)
      throws LinkException {
    try (Arena arena = Arena.ofConfined()) {
      return new Maker(config, place, rule, arena).make(isVeth);
    }
  }

  private static String namespace() {
    try {
      return Files.readSymbolicLink(Path.of("/proc/thread-self/ns/net")).toString();
    } catch (IOException e) {
      return ""; // no /proc: then there is hardly more than one
    }
  }

  /** Our hardware address. */
  long station() {
    return rule.station;
  }

  /** Whether packets are taken in the driver. */
  boolean isNative() {
    return way.mode == BpfCalls.XDP_DRIVER_MODE;
  }

  /** Whether packets may come in several pieces. */
  boolean hasFrags() {
    return way.frags;
  }

  /** Sends what comes in by a queue to a socket, until that is closed. */
  int redirect(int queue, int socket) {
    try (Arena arena = Arena.ofConfined()) {
      return new BpfCalls(arena).put(map, queue, socket);
    }
  }

  /** Those by which the links that use it tell each other something. */
  SignalBox[] boxes() {
    return boxes;
  }

  /** One more link. */
  void join(SignalBox box) {
    synchronized (ATTACHED) {
      SignalBox[] more = Arrays.copyOf(boxes, boxes.length + 1);
      more[boxes.length] = box;
      boxes = more;
    }
  }

  /** One link fewer. */
  void leave(SignalBox box) {
    synchronized (ATTACHED) {
      boxes = Stream.of(boxes).filter(other -> other != box).toArray(SignalBox[]::new);
    }
  }

  /** The last one detaches it. */
  void release() {
    synchronized (ATTACHED) {
      if (--users == 0) {
        ATTACHED.remove(place);
        try (Arena arena = Arena.ofConfined()) {
          var libc = new Libc(arena);
          libc.close(attachment);
          libc.close(program);
          libc.close(map);
        }
      }
    }
  }

  /** Loads and attaches one. */
  private static final class Maker {
    private final AfXdpConfig config;
    private final Place place;
    private final Rule rule;
    private final Arena arena;
    private final Libc libc;
    private final BpfCalls bpf;
    private String refusal = "";

    Maker(AfXdpConfig config, Place place, Rule rule, Arena arena) {
      this.config = config;
      this.place = place;
      this.rule = rule;
      this.arena = arena;
      libc = new Libc(arena);
      bpf = new BpfCalls(arena);
    }

    XdpProgram make(boolean isVeth) throws LinkException {
      int map = bpf.socketMap(MOST_QUEUES);
      if (map < 0) {
        throw failed("can't make a map of sockets", map);
      }
      try {
        for (Way way : ways(isVeth)) {
          XdpProgram made = make(way, map);
          if (made != null) {
            return made;
          }
        }
      } catch (LinkException | RuntimeException | Error e) {
        libc.close(map);
        throw e;
      }
      libc.close(map);
      throw new LinkException(refusal);
    }

    /**
     * In the order in which they are tried. A veth makes a packet of the stack's out of each that
     * it gives the driver's program, and takes from its peer that it may send uncut ones.
     */
    private List<Way> ways(boolean isVeth) {
      var driver = new Way(BpfCalls.XDP_DRIVER_MODE, true);
      var driverWhole = new Way(BpfCalls.XDP_DRIVER_MODE, false);
      var stack = new Way(BpfCalls.XDP_SKB_MODE, true);
      return switch (config.mode()) {
        case NATIVE -> List.of(driver, driverWhole);
        case SKB -> List.of(stack);
        case AUTO ->
            isVeth ? List.of(stack, driver, driverWhole) : List.of(driver, driverWhole, stack);
      };
    }

    /** Null: the interface can't do it this way. */
    private @Nullable XdpProgram make(Way way, int map) throws LinkException {
      int program =
          bpf.loadXdp(
              XdpFilter.build(arena, rule.station, rule.own, map),
              way.frags ? BpfCalls.XDP_HAS_FRAGS : 0,
              NAME);
      if (program < 0) {
        throw failed("can't load its filter" + verdict(), program);
      }
      int attachment = bpf.attachXdp(program, place.index, way.mode);
      if (attachment >= 0) {
        return new XdpProgram(place, rule, way, map, program, attachment);
      }
      libc.close(program);
      switch (-attachment) {
        case Errno.EBUSY, Errno.EEXIST -> throw another(config);
        case Errno.EPERM -> throw new LinkException(AfXdpProvider.NOT_ALLOWED);
        default -> {}
      }
      LinkException reason =
          failed(
              way.mode == BpfCalls.XDP_SKB_MODE
                  ? "can't have an XDP program"
                  : "can't have an XDP program in its driver (try mode=skb, or a smaller MTU at"
                      + " both ends)",
              attachment);
      refusal = refusal.isEmpty() ? String.valueOf(reason.getMessage()) : refusal;
      return null;
    }

    /** The end of the verifier's log, in one line. */
    private String verdict() {
      List<String> lines = bpf.log().lines().map(String::strip).filter(l -> !l.isEmpty()).toList();
      return lines.isEmpty()
          ? ""
          : lines.stream()
              .skip(Math.max(0, lines.size() - LOG_LINES))
              .collect(Collectors.joining(" | ", " [", "]"));
    }

    private LinkException failed(String what, int result) {
      return result == -Errno.EPERM
          ? new LinkException(AfXdpProvider.NOT_ALLOWED)
          : new LinkException(config.label() + " " + what + ": " + libc.describe(result));
    }
  }
}
