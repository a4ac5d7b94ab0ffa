package wisp.drivers.inmemory;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.core.spi.LinkProvider;

/**
 * Lists the in-memory link. Opened alone it would have no other end, so it refuses and says who
 * makes it.
 */
public final class InMemoryLinkProvider implements LinkProvider {
  @Override
  public String name() {
    return "inmemory";
  }

  @Override
  public String description() {
    return "two stacks joined inside one JVM; no privileges, deterministic";
  }

  @Override
  public @Nullable String unavailable() {
    return null;
  }

  @Override
  public Link open(Map<String, String> parameters) throws LinkException {
    throw new LinkException(
        "inmemory joins two stacks inside one JVM and is made by the suites (wisp run);"
            + " to talk to the kernel choose tun");
  }
}
