package wisp.drivers.drain;

import java.util.List;
import java.util.Map;
import wisp.core.spi.Link;
import wisp.core.spi.Parameter;
import wisp.core.spi.Parameters;
import wisp.drivers.LinkWrapperProvider;

/** Puts a {@link DrainedLink} around a link. */
public final class DrainProvider implements LinkWrapperProvider {
  /**
   * A packet that the kernel has put together, with an Ethernet header: the least there is room
   * for.
   */
  private static final int LARGEST_PACKET = 128 << 10;

  private static final int MOST_PACKETS = 1 << 20;

  private static final List<Parameter> PARAMETERS =
      List.of(
          new Parameter("packets", "64", "packets", "taken from the link before one is handled"),
          new Parameter(
              "bytes", "", "bytes", "of memory for them; nothing: 2 KiB a packet, 1 MiB at least"));

  @Override
  public String name() {
    return "drain";
  }

  @Override
  public String description() {
    return "empties the link's queue into a ring before anything is handled, for one copy";
  }

  @Override
  public List<Parameter> parameters() {
    return PARAMETERS;
  }

  @Override
  public void check(Map<String, String> parameters) {
    size(parameters);
  }

  @Override
  public Link wrap(Link link, Map<String, String> parameters) {
    Size size = size(parameters);
    return new DrainedLink(link, size.packets, size.bytes);
  }

  private record Size(int packets, long bytes) {}

  private Size size(Map<String, String> parameters) {
    Parameters values = Parameters.of(name(), PARAMETERS, parameters);
    int packets = (int) values.number("packets", 1, MOST_PACKETS);
    long bytes =
        values.text("bytes").isEmpty()
            ? Math.max(1L << 20, packets * 2048L)
            : values.number("bytes", LARGEST_PACKET, 1L << 40);
    return new Size(packets, bytes);
  }
}
