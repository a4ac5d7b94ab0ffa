package wisp.drivers.afxdp;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.core.spi.Parameter;
import wisp.drivers.linux.Libc;
import wisp.drivers.linux.Linux;
import wisp.drivers.linux.NetworkInterface;
import wisp.drivers.linux.NetworkNamespace;
import wisp.drivers.steering.QueueProvider;
import wisp.drivers.steering.Queues;

/** Opens {@link AfXdpLink}s by name. */
public final class AfXdpProvider implements QueueProvider {
  static final String NOT_ALLOWED =
      "afxdp needs CAP_NET_ADMIN, CAP_NET_RAW and CAP_BPF; run as root (in a container: --cap-add"
          + " NET_ADMIN --cap-add NET_RAW --cap-add BPF)";

  private static final int CAP_NET_RAW = 13;
  private static final int CAP_SYS_ADMIN = 21;
  private static final int CAP_BPF = 39;

  @Override
  public String name() {
    return "afxdp";
  }

  @Override
  public String description() {
    return "a queue of an interface, before the Linux kernel's stack sees it: some addresses are"
        + " ours, all others stay with the kernel (AF_XDP)";
  }

  @Override
  public List<Parameter> parameters() {
    return AfXdpConfig.PARAMETERS;
  }

  @Override
  public @Nullable String unavailable() {
    String reason = Linux.unavailable();
    if (reason != null) {
      return "afxdp " + reason;
    }
    if (!Linux.hasCapability(Linux.CAP_NET_ADMIN)
        || !Linux.hasCapability(CAP_NET_RAW)
        || !(Linux.hasCapability(CAP_BPF) || Linux.hasCapability(CAP_SYS_ADMIN))) {
      return NOT_ALLOWED;
    }
    try (Arena arena = Arena.ofConfined()) {
      var libc = new Libc(arena);
      int socket = libc.socket(XdpSocket.AF_XDP, Libc.SOCK_RAW, 0);
      if (socket < 0) {
        return "afxdp needs a kernel with XDP sockets (CONFIG_XDP_SOCKETS): "
            + libc.describe(socket);
      }
      libc.close(socket);
      return null;
    }
  }

  @Override
  public Link open(Map<String, String> parameters) throws LinkException {
    return AfXdpLink.open(AfXdpConfig.of(parameters));
  }

  /**
   * All queues of the interface, for what comes in by one that is not ours goes to the kernel;
   * none, when it has one, or another queue is asked for.
   */
  @Override
  public @Nullable Queues openQueues(Map<String, String> parameters, int count)
      throws LinkException {
    AfXdpConfig config = AfXdpConfig.of(parameters);
    int queues =
        NetworkNamespace.inside(
            config.netns(), () -> NetworkInterface.receiveQueues(config.name()));
    if (queues == 1 || parameters.containsKey("queue")) {
      return null;
    }
    if (queues != count) {
      throw new LinkException(
          config.label()
              + " has "
              + queues
              + " queues, and there are "
              + count
              + " contexts; they need a queue each: --contexts "
              + queues
              + ", or ethtool -L "
              + config.name()
              + " combined "
              + count
              + " (on a veth rx "
              + count
              + ")");
    }
    var links = new ArrayList<Link>();
    try {
      while (links.size() < count) {
        var one = new HashMap<>(parameters);
        one.put("queue", String.valueOf(links.size()));
        links.add(open(one));
      }
      return new Queues(links, /* signalsToAll= */ true, /* fragmentsToAll= */ false);
    } catch (LinkException | RuntimeException | Error e) {
      links.forEach(Link::close);
      throw e;
    }
  }
}
