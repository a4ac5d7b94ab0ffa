package wisp.drivers;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.stream.Collectors;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.core.spi.LinkProvider;
import wisp.drivers.steering.QueueProvider;
import wisp.drivers.steering.Queues;
import wisp.drivers.steering.Steering;

/**
 * Finds links by name. A link is written {@code provider[:[name,]parameter=value,…]}, such as
 * {@code tun}, {@code tun:wa} or {@code tun:wa,host=10.9.0.1/16,mtu=1500}; a first item without
 * {@code =} is the value of the parameter {@code name}. Wrappers follow, the innermost first:
 * {@code tun:wa+shaped:rtt=40ms,rate=100mbit+pcap:/tmp/a.pcap}; a first item without {@code =} is
 * the value of the wrapper's first parameter.
 */
public final class Links {
  private Links() {}

  /**
   * A link as written by the user, taken apart; nothing is checked yet.
   *
   * @param provider such as {@code tun}
   * @param parameters of the link itself, in the order written
   * @param wrappers around it, the innermost first
   */
  public record Spec(String provider, Map<String, String> parameters, List<Stage> wrappers) {
    /** A link without wrappers. */
    public Spec(String provider, Map<String, String> parameters) {
      this(provider, parameters, List.of());
    }

    /** The same with other parameters of the link itself. */
    public Spec with(Map<String, String> changed) {
      return new Spec(provider, changed, wrappers);
    }
  }

  /**
   * A wrapper as written by the user.
   *
   * @param wrapper such as {@code shaped}
   * @param parameters in the order written
   */
  public record Stage(String wrapper, Map<String, String> parameters) {}

  /** All wrappers on the class path, by name. */
  public static List<LinkWrapperProvider> wrappers() {
    return ServiceLoader.load(LinkWrapperProvider.class).stream()
        .map(ServiceLoader.Provider::get)
        .sorted(Comparator.comparing(LinkWrapperProvider::name))
        .toList();
  }

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
    return LinkSpecs.parse(spec, wrappers());
  }

  /**
   * Has a link's device stay when the link is closed, if it is one that can: for the process that
   * comes next.
   */
  public static void leaveBehind(Link link) {
    if (innermost(link) instanceof PersistentLink persistent) {
      persistent.leaveBehind();
    }
  }

  /** The link that all wrappers are around. */
  public static Link innermost(Link link) {
    Link inner = link;
    while (inner instanceof LinkWrapper wrapper) {
      inner = wrapper.wrapped();
    }
    return inner;
  }

  /** How long until a packet that a wrapper keeps is due; {@link Long#MAX_VALUE}: none is. */
  public static long nanosUntilDue(Link link) {
    return link instanceof LinkWrapper wrapper ? wrapper.nanosUntilDue() : Long.MAX_VALUE;
  }

  /**
   * Opens a link.
   *
   * @param spec as in the class comment
   * @throws LinkException why it can't be opened here and what to do
   * @throws IllegalArgumentException when the specification or a parameter is wrong
   */
  public static Link open(String spec) throws LinkException {
    return open(parse(spec));
  }

  /**
   * Refuses wrappers with wrong parameters. Changes nothing.
   *
   * @throws IllegalArgumentException in one line for the user
   */
  public static void checkWrappers(Spec spec) {
    for (Stage stage : spec.wrappers()) {
      wrapper(stage.wrapper()).check(stage.parameters());
    }
  }

  /**
   * Opens a link and puts its wrappers around it; nothing stays open when that fails.
   *
   * @throws LinkException why it can't be opened and what to do
   * @throws IllegalArgumentException when a parameter is wrong
   */
  public static Link open(Spec spec) throws LinkException {
    checkWrappers(spec);
    LinkProvider provider = provider(spec.provider());
    String reason = provider.unavailable(spec.parameters()); // in better words than the kernel's
    if (reason != null) {
      throw new LinkException(reason);
    }
    Link link = provider.open(spec.parameters());
    try {
      for (Stage stage : spec.wrappers()) {
        link = wrapper(stage.wrapper()).wrap(link, stage.parameters());
      }
      return link;
    } catch (LinkException | RuntimeException | Error e) {
      link.close();
      throw e;
    }
  }

  /**
   * Opens a device for several contexts: a link for each of them, in the order of their places.
   * Where the device has no queues, or something is wrapped around it, one link is shared by way of
   * the first.
   *
   * @param count of contexts; 1: as {@link #open(Spec)}
   * @throws LinkException why it can't be opened and what to do
   * @throws IllegalArgumentException when a parameter is wrong, or there are too many
   */
  public static List<Link> open(Spec spec, int count) throws LinkException {
    if (count < 1 || count > Steering.MOST) {
      throw new IllegalArgumentException(
          count + " contexts on one device; there can be 1 to " + Steering.MOST);
    }
    if (count > 1
        && spec.wrappers().isEmpty()
        && provider(spec.provider()) instanceof QueueProvider provider) {
      Queues queues = provider.openQueues(spec.parameters(), count);
      if (queues != null) {
        return Steering.over(queues);
      }
    }
    return share(open(spec), count);
  }

  /**
   * A link for each of several contexts, over one that the first of them polls.
   *
   * @param link owned by the result from now on
   */
  public static List<Link> share(Link link, int count) {
    return count == 1 ? List.of(link) : Steering.over(link, count);
  }

  private static LinkWrapperProvider wrapper(String name) {
    return wrappers().stream()
        .filter(wrapper -> wrapper.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("there is no wrapper '" + name + "'"));
  }
}
