package wisp.drivers.tun;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.core.spi.LinkProvider;
import wisp.core.spi.Parameter;

/** Opens {@link TunLink}s by name. */
public final class TunProvider implements LinkProvider {
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
    return TunLink.open(TunConfig.of(Link.Kind.IP, parameters));
  }
}
