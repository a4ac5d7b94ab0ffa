package wisp.drivers.dpdk;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.core.spi.LinkProvider;
import wisp.core.spi.Parameter;

/** Opens {@link DpdkLink}s by name. */
public final class DpdkProvider implements LinkProvider {
  @Override
  public String name() {
    return "dpdk";
  }

  @Override
  public String description() {
    return "a device of DPDK by Debian's librte packages: net_tap0, net_af_packet0,iface=…,"
        + " net_af_xdp0,iface=…, net_ring0, or a network card by its PCI address";
  }

  @Override
  public List<Parameter> parameters() {
    return DpdkConfig.PARAMETERS;
  }

  @Override
  public @Nullable String unavailable() {
    return Opening.unavailable("net_af_packet");
  }

  @Override
  public @Nullable String unavailable(Map<String, String> parameters) {
    return Opening.unavailable(DpdkConfig.of(parameters));
  }

  @Override
  public Link open(Map<String, String> parameters) throws LinkException {
    return DpdkLink.open(DpdkConfig.of(parameters));
  }
}
