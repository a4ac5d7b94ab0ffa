package wisp.core.tcp.congestion;

import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;
import wisp.core.spi.CongestionControl;
import wisp.core.spi.CongestionControlProvider;

/** The congestion controls that a context knows, by name: one instance each. */
public final class CongestionControls {
  private final Map<String, CongestionControl> byName = new TreeMap<>();

  /** All that can be found. */
  public CongestionControls() {
    var providers =
        ServiceLoader.load(
            CongestionControlProvider.class, CongestionControls.class.getClassLoader());
    for (CongestionControlProvider provider : providers) {
      byName.put(provider.name(), provider.create());
    }
  }

  /** One that nobody provides by name: for tests of its own. */
  public void add(CongestionControl control) {
    byName.put(control.name(), control);
  }

  /** Whether there is one with this name. */
  public boolean has(String name) {
    return byName.containsKey(name);
  }

  /**
   * The one with this name.
   *
   * @throws IllegalArgumentException naming those that there are
   */
  public CongestionControl find(String name) {
    CongestionControl control = byName.get(name);
    if (control == null) {
      throw new IllegalArgumentException(
          "no congestion control \""
              + name
              + "\"; there are "
              + String.join(", ", byName.keySet()));
    }
    return control;
  }
}
