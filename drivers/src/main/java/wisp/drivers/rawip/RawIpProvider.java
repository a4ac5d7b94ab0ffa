package wisp.drivers.rawip;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.core.spi.LinkProvider;
import wisp.core.spi.Parameter;
import wisp.drivers.linux.Capability;
import wisp.drivers.linux.Linux;

/** Opens {@link RawIpLink}s by name. */
public final class RawIpProvider implements LinkProvider {
  @Override
  public String name() {
    return RawIpConfig.PROVIDER;
  }

  @Override
  public String description() {
    return "raw sockets for TCP, UDP and ICMP over IPv4, on any interface; the kernel is silenced"
        + " by a routing rule";
  }

  @Override
  public List<Parameter> parameters() {
    return RawIpConfig.PARAMETERS;
  }

  @Override
  public @Nullable String unavailable() {
    String reason = Linux.unavailable();
    return reason != null
        ? name() + " " + reason
        : Capability.missing(name(), Capability.NET_RAW, Capability.NET_ADMIN);
  }

  @Override
  public @Nullable String unavailable(Map<String, String> parameters) {
    RawIpConfig config = RawIpConfig.of(parameters);
    String reason = unavailable();
    return reason != null ? reason : RawIpSockets.complaint(config);
  }

  @Override
  public Link open(Map<String, String> parameters) throws LinkException {
    return RawIpLink.open(RawIpConfig.of(parameters));
  }
}
