package wisp.drivers.pcap;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.core.spi.LinkProvider;
import wisp.core.spi.Parameter;

/** Opens {@link ReplayLink}s by name. */
public final class ReplayProvider implements LinkProvider {
  @Override
  public String name() {
    return "pcap";
  }

  @Override
  public String description() {
    return "replays a capture file: what it holds is received, what is sent is counted or written";
  }

  @Override
  public List<Parameter> parameters() {
    return ReplayConfig.PARAMETERS;
  }

  @Override
  public @Nullable String unavailable() {
    return null;
  }

  @Override
  public Link open(Map<String, String> parameters) throws LinkException {
    return ReplayLink.open(ReplayConfig.of(parameters));
  }
}
