package wisp.drivers.faults;

import java.util.List;
import java.util.Map;
import wisp.core.spi.Link;
import wisp.core.spi.Parameter;
import wisp.drivers.LinkWrapperProvider;

/**
 * Puts a {@link FaultyLink} around a link: a bad path: loss, reordering, corruption and all that
 * shaped does, from a seed.
 */
public final class FaultsProvider implements LinkWrapperProvider {
  @Override
  public String name() {
    return "faults";
  }

  @Override
  public String description() {
    return "a bad path: loss, reordering, corruption and all that shaped does, from a seed";
  }

  @Override
  public List<Parameter> parameters() {
    return PathParameters.FAULTS;
  }

  @Override
  public void check(Map<String, String> parameters) {
    PathParameters.check(name(), parameters(), parameters);
  }

  @Override
  public Link wrap(Link link, Map<String, String> parameters) {
    return PathParameters.wrap(name(), parameters(), link, parameters);
  }
}
