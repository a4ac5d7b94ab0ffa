package wisp.pools;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.ServiceLoader;
import java.util.SortedMap;
import java.util.TreeMap;
import wisp.core.spi.MemoryStrategyProvider;

/**
 * The memory strategies on the class path, ours and others', by name. For start-up, not for the hot
 * path.
 */
public final class Strategies {
  private Strategies() {}

  /** All names, sorted. */
  public static List<String> names() {
    return List.copyOf(byName().keySet());
  }

  /** All providers, sorted by name. */
  public static Collection<MemoryStrategyProvider> all() {
    return byName().values();
  }

  /**
   * The strategy of this name.
   *
   * @throws IllegalArgumentException listing the names that exist
   */
  public static MemoryStrategyProvider provider(String name) {
    var known = byName();
    MemoryStrategyProvider provider = known.get(name);
    if (provider == null) {
      throw new IllegalArgumentException(
          "no memory strategy '" + name + "'; there are " + String.join(", ", known.keySet()));
    }
    return provider;
  }

  private static SortedMap<String, MemoryStrategyProvider> byName() {
    var found = new TreeMap<String, MemoryStrategyProvider>();
    for (MemoryStrategyProvider provider : ServiceLoader.load(MemoryStrategyProvider.class)) {
      MemoryStrategyProvider twin = found.putIfAbsent(provider.name(), provider);
      if (twin != null) {
        throw new IllegalStateException(
            "two memory strategies are called '"
                + provider.name()
                + "': "
                + classes(twin, provider));
      }
    }
    return found;
  }

  private static List<String> classes(MemoryStrategyProvider... providers) {
    var names = new ArrayList<String>();
    for (MemoryStrategyProvider provider : providers) {
      names.add(provider.getClass().getName());
    }
    return names;
  }
}
