package wisp.drivers.faults;

import java.util.List;
import java.util.Map;
import wisp.core.spi.Link;
import wisp.core.spi.Parameter;
import wisp.drivers.LinkWrapperProvider;

/** Puts a {@link FaultyLink} around a link: a path with delay, rate, queue, or a mahimahi trace. */
public final class ShapedProvider implements LinkWrapperProvider {
  @Override
  public String name() {
    return "shaped";
  }

  @Override
  public String description() {
    return "a path with delay, rate, queue, or a mahimahi trace";
  }

  @Override
  public List<Parameter> parameters() {
    return PathParameters.SHAPE;
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
