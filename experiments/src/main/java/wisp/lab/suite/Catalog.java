package wisp.lab.suite;

import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.CongestionControlProvider;
import wisp.core.spi.LinkProvider;
import wisp.core.spi.MemoryStrategyProvider;
import wisp.core.spi.Parameters;
import wisp.drivers.Links;
import wisp.lab.FailedException;
import wisp.lab.UsageException;
import wisp.lab.broadcast.BroadcastSuite;
import wisp.lab.goodput.FairnessSuite;
import wisp.lab.goodput.GoodputSuite;
import wisp.lab.goodput.PausesSuite;
import wisp.lab.growth.GrowthSuite;
import wisp.lab.links.LinksSuite;
import wisp.lab.matrix.MatrixSuite;
import wisp.lab.memory.MemorySuite;
import wisp.lab.restart.RestartSuite;
import wisp.lab.scarce.ScarcitySuite;
import wisp.lab.scarce.TroubleSuite;

/**
 * Everything that can be named on the command line. An unknown name is answered with those that are
 * known.
 */
public final class Catalog {
  private static final List<Suite> SUITES =
      List.of(
          new MemorySuite(),
          new GoodputSuite(),
          new FairnessSuite(),
          new PausesSuite(),
          new ScarcitySuite(),
          new TroubleSuite(),
          new MatrixSuite(),
          new GrowthSuite(),
          new RestartSuite(),
          new BroadcastSuite(),
          new LinksSuite());

  /**
   * The order in which they are told: simple before clever. Those not listed come after, by name.
   */
  private static final List<String> ORDER =
      List.of("heap", "pool", "slab", "persocket", "packed", "mapped");

  private Catalog() {}

  /** Strategies on the class path. */
  public static List<MemoryStrategyProvider> strategies() {
    return ServiceLoader.load(MemoryStrategyProvider.class).stream()
        .map(ServiceLoader.Provider::get)
        .sorted(
            Comparator.comparingInt((MemoryStrategyProvider p) -> rank(p.name()))
                .thenComparing(MemoryStrategyProvider::name))
        .toList();
  }

  private static int rank(String name) {
    int rank = ORDER.indexOf(name);
    return rank < 0 ? ORDER.size() : rank;
  }

  /** Links on the class path, usable here or not. */
  public static List<LinkProvider> links() {
    return ServiceLoader.load(LinkProvider.class).stream()
        .map(ServiceLoader.Provider::get)
        .sorted(Comparator.comparing(LinkProvider::name))
        .toList();
  }

  /** Congestion controls on the class path. */
  public static List<CongestionControlProvider> congestionControls() {
    return ServiceLoader.load(CongestionControlProvider.class).stream()
        .map(ServiceLoader.Provider::get)
        .sorted(Comparator.comparing(CongestionControlProvider::name))
        .toList();
  }

  /** By name. */
  public static CongestionControlProvider congestionControl(String name) {
    return find("congestion control", name, congestionControls(), CongestionControlProvider::name);
  }

  /** All suites. */
  public static List<Suite> suites() {
    return SUITES;
  }

  /** By name. */
  public static MemoryStrategyProvider strategy(String name) {
    return find("memory strategy", name, strategies(), MemoryStrategyProvider::name);
  }

  /** By name. */
  public static LinkProvider link(String name) {
    return find("link", name, links(), LinkProvider::name);
  }

  /**
   * Takes apart how a link is written, wrappers and all.
   *
   * @throws FailedException when the link can't be used here, and why
   * @throws IllegalArgumentException in one line for the user
   */
  public static Links.Spec linkSpec(String text) {
    Links.Spec spec = Links.parse(text);
    LinkProvider provider = link(spec.provider());
    String reason = provider.unavailable();
    if (reason != null) {
      throw new FailedException("link " + provider.name() + ": " + reason);
    }
    return spec;
  }

  /** By name. */
  public static Suite suite(String name) {
    return find("suite", name, SUITES, Suite::name);
  }

  /**
   * Whether the strategies that are asked for exist and have the parameters that are given.
   *
   * @throws IllegalArgumentException in one line for the user, also as {@link UsageException}
   */
  public static void checkStrategies(RunOptions options) {
    for (String name : options.strategies()) {
      Parameters.of(name, strategy(name).parameters(), options.parametersOf(name));
    }
  }

  /**
   * The one of that name.
   *
   * @throws UsageException naming the nearest and all known
   */
  public static <T> T find(String what, String name, List<T> known, Function<T, String> nameOf) {
    for (T one : known) {
      if (nameOf.apply(one).equals(name)) {
        return one;
      }
    }
    List<String> names = known.stream().map(nameOf).toList();
    String nearest = nearest(name, names);
    throw new UsageException(
        "there is no "
            + what
            + " '"
            + name
            + "'"
            + (nearest == null ? "" : "; did you mean " + nearest + "?")
            + (names.isEmpty()
                ? " (none is on the class path)"
                : " (known: " + String.join(", ", names) + ")"));
  }

  /** The name that a typing error may have missed, if one is near enough. */
  public static @Nullable String nearest(String text, List<String> names) {
    String best = null;
    int least = Math.max(1, text.length() / 3) + 1;
    for (String name : names) {
      int distance = !text.isEmpty() && name.startsWith(text) ? 0 : distance(text, name);
      if (distance < least) {
        least = distance;
        best = name;
      }
    }
    return best;
  }

  /** How many letters must be added, dropped, changed or swapped with their neighbour. */
  static int distance(String a, String b) {
    int[][] d = new int[a.length() + 1][b.length() + 1];
    for (int i = 0; i <= a.length(); i++) {
      for (int j = 0; j <= b.length(); j++) {
        if (i == 0 || j == 0) {
          d[i][j] = i + j;
          continue;
        }
        int change = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
        d[i][j] = Math.min(d[i - 1][j - 1] + change, 1 + Math.min(d[i - 1][j], d[i][j - 1]));
        if (i > 1
            && j > 1
            && a.charAt(i - 1) == b.charAt(j - 2)
            && a.charAt(i - 2) == b.charAt(j - 1)) {
          d[i][j] = Math.min(d[i][j], 1 + d[i - 2][j - 2]);
        }
      }
    }
    return d[a.length()][b.length()];
  }
}
