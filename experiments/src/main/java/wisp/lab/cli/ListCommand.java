package wisp.lab.cli;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import wisp.core.spi.CongestionControlProvider;
import wisp.core.spi.LinkProvider;
import wisp.core.spi.MemoryStrategyProvider;
import wisp.core.spi.Parameter;
import wisp.drivers.LinkWrapperProvider;
import wisp.drivers.Links;
import wisp.lab.suite.Catalog;
import wisp.lab.suite.Suite;

/** Tells what can be named on the command line. */
@Command(
    name = "list",
    mixinStandardHelpOptions = true,
    description =
        "Lists strategies, congestion controls, links, wrappers and suites, with their parameters,"
            + " and whether they can run here.")
public final class ListCommand implements Runnable {
  @Override
  public void run() {
    System.out.println("Suites (wisp run SUITE)");
    for (Suite suite : Catalog.suites()) {
      item(suite.name(), suite.description(), suite.unavailable(), suite.parameters());
    }
    System.out.println("\nMemory strategies (--strategies, --memory)");
    for (MemoryStrategyProvider strategy : Catalog.strategies()) {
      item(strategy.name(), strategy.description(), null, strategy.parameters());
    }
    System.out.println("\nCongestion controls (chosen in a ConnectionProfile)");
    for (CongestionControlProvider control : Catalog.congestionControls()) {
      item(control.name(), control.description(), null, List.of());
    }
    System.out.println("\nLinks (--links, --link)");
    for (LinkProvider link : Catalog.links()) {
      item(link.name(), link.description(), link.unavailable(), link.parameters());
    }
    System.out.println("\nWrappers around any link (--link LINK+WRAPPER:…+WRAPPER:…)");
    for (LinkWrapperProvider wrapper : Links.wrappers()) {
      item(wrapper.name(), wrapper.description(), null, wrapper.parameters());
    }
  }

  private static void item(
      String name, String text, @Nullable String unavailable, List<Parameter> parameters) {
    System.out.printf(Locale.ROOT, "  %-11s %s%n", name, text);
    if (unavailable != null) {
      System.out.printf(Locale.ROOT, "  %-11s not here: %s%n", "", unavailable);
    }
    for (Parameter p : parameters) {
      System.out.printf(
          Locale.ROOT,
          "  %-11s   %s=%s %s%s%s%n",
          "",
          p.name(),
          p.defaultValue(),
          p.unit(),
          p.unit().isEmpty() ? "" : ": ",
          p.description());
    }
  }
}
