package wisp.drivers.afpacket;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.core.spi.Parameter;
import wisp.drivers.linux.NetworkInterface;
import wisp.drivers.linux.NetworkNamespace;
import wisp.drivers.steering.QueueProvider;
import wisp.drivers.steering.Queues;

/** Opens {@link AfPacketLink}s by name. */
public final class AfPacketProvider implements QueueProvider {
  @Override
  public String name() {
    return "afpacket";
  }

  @Override
  public String description() {
    return "an interface that the Linux kernel has, a card or a veth, through a ring shared with"
        + " the kernel (AF_PACKET)";
  }

  @Override
  public List<Parameter> parameters() {
    return AfPacketConfig.PARAMETERS;
  }

  @Override
  public @Nullable String unavailable() {
    return PacketSocket.unavailable();
  }

  @Override
  public @Nullable String unavailable(Map<String, String> parameters) {
    AfPacketConfig config = AfPacketConfig.of(parameters);
    String reason = unavailable();
    return reason != null
        ? reason
        : NetworkNamespace.complaint(config.netns(), () -> NetworkInterface.findUp(config.name()));
  }

  @Override
  public Link open(Map<String, String> parameters) throws LinkException {
    return AfPacketLink.open(AfPacketConfig.of(parameters));
  }

  /** A group in which the kernel computes our number of each flow, unless another is asked for. */
  @Override
  public Queues openQueues(Map<String, String> parameters, int count) throws LinkException {
    AfPacketConfig config = AfPacketConfig.of(parameters);
    Fanout asked = config.fanout();
    Fanout fanout =
        asked == null
            ? new Fanout(Fanout.NEW, Fanout.Mode.CBPF, true)
            : new Fanout(asked.group(), asked.mode(), true);
    var links = new ArrayList<Link>();
    try {
      while (links.size() < count) {
        AfPacketLink link = AfPacketLink.open(config.withFanout(fanout));
        fanout = fanout.of(link.fanoutGroup());
        links.add(link);
      }
      return new Queues(links, /* signalsToAll= */ true, /* fragmentsToAll= */ true);
    } catch (LinkException | RuntimeException | Error e) {
      links.forEach(Link::close);
      throw e;
    }
  }
}
