package wisp.lab.links;

import java.util.Map;
import wisp.core.spi.Link;

/** Packets sent back below the stack, without ever waiting. */
final class ReflectWork implements Work {
  private static final int BURSTS = 64;
  private final Link link;
  private final Reflector reflector;

  /** Around a link, which it owns. */
  ReflectWork(Link link) {
    this.link = link;
    reflector = new Reflector(link);
  }

  @Override
  public void step() {
    for (int i = 0; i < BURSTS; i++) {
      reflector.poll();
    }
  }

  @Override
  public Map<String, Long> counts() {
    return Map.of(
        "received", reflector.received(), "echoed", reflector.echoed(), "drops", link.drops());
  }

  @Override
  public long hardwareAddress() {
    return link.hardwareAddress();
  }

  @Override
  public void close() {
    link.close();
  }
}
