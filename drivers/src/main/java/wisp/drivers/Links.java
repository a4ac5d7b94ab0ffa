package wisp.drivers;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.core.spi.LinkProvider;

/**
 * Finds links by name. A link is written {@code provider[:[name,]parameter=value,…]}, such as
 * {@code tun}, {@code tun:wa} or {@code tun:wa,host=10.9.0.1/16,mtu=1500}; a first item without
 * {@code =} is the value of the parameter {@code name}.
 */
public final class Links {
  private Links() {}

  /**
   * A link as written by the user, taken apart; nothing is checked yet.
   *
   * @param provider such as {@code tun}
   * @param parameters in the order written
   */
  public record Spec(String provider, Map<String, String> parameters) {}

  /** All links on the class path, by name. */
  public static List<LinkProvider> providers() {
    return ServiceLoader.load(LinkProvider.class).stream()
        .map(ServiceLoader.Provider::get)
        .sorted(Comparator.comparing(LinkProvider::name))
        .toList();
  }

  /**
   * The link with this name.
   *
   * @throws IllegalArgumentException naming those that exist
   */
  public static LinkProvider provider(String name) {
    List<LinkProvider> all = providers();
    return all.stream()
        .filter(provider -> provider.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "there is no link '"
                        + name
                        + "'; there are: "
                        + all.stream().map(LinkProvider::name).collect(Collectors.joining(", "))));
  }

  /**
   * Takes a specification apart.
   *
   * @throws IllegalArgumentException in one line for the user
   */
  public static Spec parse(String spec) {
    int colon = spec.indexOf(':');
    String provider = colon < 0 ? spec : spec.substring(0, colon);
    var parameters = new LinkedHashMap<String, String>();
    if (colon >= 0) {
      String[] items = spec.substring(colon + 1).split(",", -1);
      for (int i = 0; i < items.length; i++) {
        int equals = items[i].indexOf('=');
        if (equals == 0 || (equals < 0 && (i > 0 || items[i].isEmpty()))) {
          throw new IllegalArgumentException(
              "'"
                  + items[i]
                  + "' in '"
                  + spec
                  + "' is not parameter=value; write it like"
                  + " tun:wa,host=10.9.0.1/16,mtu=1500");
        }
        String name = equals < 0 ? "name" : items[i].substring(0, equals).strip();
        String value = items[i].substring(equals + 1).strip();
        if (parameters.put(name, value) != null) {
          throw new IllegalArgumentException("'" + name + "' is given twice in '" + spec + "'");
        }
      }
    }
    return new Spec(provider.strip(), parameters);
  }

  /**
   * Has a link's device stay when the link is closed, if it is one that can: for the process that
   * comes next.
   */
  public static void leaveBehind(Link link) {
    Link inner = link;
    while (inner instanceof LinkWrapper wrapper) {
      inner = wrapper.wrapped();
    }
    if (inner instanceof PersistentLink persistent) {
      persistent.leaveBehind();
    }
  }

  /**
   * Opens a link.
   *
   * @param spec as in the class comment
   * @throws LinkException why it can't be opened here and what to do
   * @throws IllegalArgumentException when the specification or a parameter is wrong
   */
  public static Link open(String spec) throws LinkException {
    Spec parsed = parse(spec);
    LinkProvider provider = provider(parsed.provider());
    String reason = provider.unavailable();
    if (reason != null) {
      throw new LinkException(reason);
    }
    return provider.open(parsed.parameters());
  }
}
