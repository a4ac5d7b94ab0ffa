package wisp.drivers.tun;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.core.spi.Parameter;
import wisp.drivers.steering.QueueProvider;
import wisp.drivers.steering.Queues;

/** Opens {@link TunLink}s by name. */
public final class TunProvider implements QueueProvider {
  @Override
  public String name() {
    return "tun";
  }

  @Override
  public String description() {
    return "a TUN device of the Linux kernel, with checksum and segmentation offload";
  }

  @Override
  public List<Parameter> parameters() {
    return TunConfig.TUN_PARAMETERS;
  }

  @Override
  public @Nullable String unavailable() {
    return TunDevice.unavailable(name());
  }

  @Override
  public @Nullable String unavailable(Map<String, String> parameters) {
    TunConfig config = TunConfig.of(Link.Kind.IP, parameters);
    String reason = unavailable();
    return reason != null ? reason : TunDevice.complaint(config);
  }

  @Override
  public Link open(Map<String, String> parameters) throws LinkException {
    TunConfig config = TunConfig.of(Link.Kind.IP, parameters);
    config.hasQueues(1);
    return TunLink.open(config);
  }

  @Override
  public @Nullable Queues openQueues(Map<String, String> parameters, int count)
      throws LinkException {
    TunConfig config = TunConfig.of(Link.Kind.IP, parameters);
    return config.hasQueues(count)
        ? Queues.of(List.copyOf(TunLink.openQueues(config, count)))
        : null;
  }
}
