package wisp.lab.links;

import java.util.ArrayList;
import java.util.List;
import wisp.core.spi.Parameter;
import wisp.core.spi.Parameters;
import wisp.lab.suite.Catalog;
import wisp.lab.suite.RunOptions;

/**
 * What the suite is asked for.
 *
 * @param cases in the order in which they are measured
 * @param metrics of {@link #METRICS}
 * @param wrappers around each link, one after the other; the empty one is the link as it is
 * @param rate requests a second where latency is measured
 * @param millis how long one measurement lasts
 * @param warmMillis what goes before
 */
record LinksSpec(
    List<LinkCase> cases,
    List<String> metrics,
    List<String> wrappers,
    long rate,
    long millis,
    long warmMillis) {
  static final String PACKETS = "packets";
  static final String BULK = "bulk";
  static final String LATENCY = "latency";
  static final List<String> METRICS = List.of(PACKETS, BULK, LATENCY);

  private static final double SECONDS = 0.8;
  private static final String ALL = "all";
  private static final String BARE = "none";

  static final List<Parameter> PARAMETERS =
      List.of(
          new Parameter("only", ALL, "names between /", "links that are measured: tun/afpacket"),
          new Parameter("metrics", ALL, "names between /", "packets, bulk, latency"),
          new Parameter(
              "wrappers",
              BARE,
              "wrappers between / or ;",
              "each around every link in turn: none/drain:64"),
          new Parameter("rate", "5k", "requests a second", "where latency is measured"),
          new Parameter("warm", "500", "ms", "before each measurement"));

  /**
   * Reads it.
   *
   * @throws IllegalArgumentException in one line for the user
   */
  static LinksSpec of(RunOptions options) {
    var values = Parameters.of(LinksSuite.NAME, PARAMETERS, options.parametersOf(LinksSuite.NAME));
    double seconds = options.seconds() == 0 ? SECONDS : options.seconds();
    var cases = new ArrayList<LinkCase>();
    for (String name : names(values.text("only"))) {
      cases.add(Catalog.find("link in this suite", name, LinkCase.ALL, LinkCase::name));
    }
    var metrics = new ArrayList<String>();
    for (String name : names(values.text("metrics"))) {
      metrics.add(Catalog.find("metric in this suite", name, METRICS, one -> one));
    }
    var wrappers = new ArrayList<String>();
    String text = values.text("wrappers");
    for (String wrapper : text.split(text.contains(";") ? ";" : "/", -1)) {
      String bare = wrapper.strip().replaceFirst("^\\+", "");
      wrappers.add(bare.equals(BARE) ? "" : "+" + bare);
      wisp.drivers.Links.parse("tun" + wrappers.getLast());
    }
    return new LinksSpec(
        cases.isEmpty() ? LinkCase.ALL : cases,
        metrics.isEmpty() ? METRICS : metrics,
        wrappers,
        values.number("rate", 1, 1_000_000),
        Math.max(1, (long) (1_000 * seconds)),
        values.number("warm", 0, 60_000));
  }

  private static List<String> names(String text) {
    return text.equals(ALL) ? List.of() : List.of(text.split("[/;]", -1));
  }

  boolean measures(String metric) {
    return metrics.contains(metric);
  }
}
