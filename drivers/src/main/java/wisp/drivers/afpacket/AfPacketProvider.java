package wisp.drivers.afpacket;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.core.spi.LinkProvider;
import wisp.core.spi.Parameter;

/** Opens {@link AfPacketLink}s by name. */
public final class AfPacketProvider implements LinkProvider {
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
  public Link open(Map<String, String> parameters) throws LinkException {
    return AfPacketLink.open(AfPacketConfig.of(parameters));
  }
}
