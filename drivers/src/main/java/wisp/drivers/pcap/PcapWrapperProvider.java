package wisp.drivers.pcap;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.core.spi.Parameter;
import wisp.core.spi.Parameters;
import wisp.drivers.LinkWrapperProvider;

/** Puts a {@link PcapLink} around a link. */
public final class PcapWrapperProvider implements LinkWrapperProvider {
  private static final List<Parameter> PARAMETERS =
      List.of(
          new Parameter("file", "", "file", "what to write; one that exists is overwritten"),
          new Parameter(
              "snaplen", String.valueOf(PcapWriter.WHOLE_PACKETS), "bytes", "kept of each packet"),
          new Parameter("first", "", "packets", "only the first so many"),
          new Parameter("every", "", "connections", "only one connection in so many, both ways"));

  @Override
  public String name() {
    return "pcap";
  }

  @Override
  public String description() {
    return "records both directions for Wireshark, with nanoseconds";
  }

  @Override
  public List<Parameter> parameters() {
    return PARAMETERS;
  }

  /** What was asked for. */
  private record Wanted(Path file, Sampling sampling, int snapBytes) {}

  @Override
  public void check(Map<String, String> parameters) {
    wanted(parameters);
  }

  @Override
  public Link wrap(Link link, Map<String, String> parameters) throws LinkException {
    Wanted wanted = wanted(parameters);
    return record(link, wanted.file, wanted.sampling, wanted.snapBytes);
  }

  private Wanted wanted(Map<String, String> parameters) {
    Parameters values = Parameters.of(name(), PARAMETERS, parameters);
    if (values.text("file").isEmpty()) {
      throw new IllegalArgumentException(
          "pcap needs a file to write, like +pcap:/tmp/a.pcap (to read one, it is the link:"
              + " --link pcap:read=FILE)");
    }
    int snapBytes = (int) values.number("snaplen", 64, PcapWriter.WHOLE_PACKETS);
    return new Wanted(Path.of(values.text("file")), sampling(values), snapBytes);
  }

  /**
   * Records all that passes a link, whole.
   *
   * @param link owned from now on, unless this throws
   */
  public static PcapLink record(Link link, Path file) throws LinkException {
    return record(link, file, new Sampling.All(), PcapWriter.WHOLE_PACKETS);
  }

  private static PcapLink record(Link link, Path file, Sampling sampling, int snapBytes)
      throws LinkException {
    try {
      var writer = new PcapWriter(file, link.kind(), sampling, snapBytes);
      return new PcapLink(link, writer, new EpochClock());
    } catch (IOException e) {
      throw cantWrite(e);
    }
  }

  static LinkException cantWrite(IOException e) {
    return new LinkException("pcap can't write " + e.getMessage()); // which names the file
  }

  private static Sampling sampling(Parameters values) {
    boolean first = !values.text("first").isEmpty();
    boolean every = !values.text("every").isEmpty();
    if (first && every) {
      throw new IllegalArgumentException("pcap: first or every, not both");
    }
    if (first) {
      return new Sampling.First(values.number("first", 0, Long.MAX_VALUE));
    }
    return every
        ? new Sampling.EveryConnection((int) values.number("every", 1, Integer.MAX_VALUE))
        : new Sampling.All();
  }
}
