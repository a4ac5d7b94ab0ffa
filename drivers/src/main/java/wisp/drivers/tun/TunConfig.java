package wisp.drivers.tun;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import wisp.core.ip.IpAddress;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.Parameter;
import wisp.core.spi.Parameters;

/**
 * What a TUN device is to be like.
 *
 * @param name at most 15 characters, or {@link #ANY_NAME}
 * @param host the kernel's own address; null: none is set
 * @param hostBits length of the prefix that the kernel routes to the device
 * @param mtu in bytes
 * @param offload whether checksums and segmentation are left to the kernel
 * @param netns name or path of a network namespace; empty: the caller's
 * @param routes further prefixes that the kernel is to route to the device
 */
public record TunConfig(
    String name,
    @Nullable IpAddress host,
    int hostBits,
    int mtu,
    boolean offload,
    String netns,
    List<IpPrefix> routes) {

  /** The kernel takes the first number that is free. */
  public static final String ANY_NAME = "wisp%d";

  static final List<Parameter> PARAMETERS =
      List.of(
          new Parameter("name", ANY_NAME, "", "device name; %d: the first free number"),
          new Parameter(
              "host", "10.9.0.1/16", "address/prefix", "what the kernel gets; empty: nothing"),
          new Parameter("mtu", "1500", "bytes", "largest IP packet"),
          new Parameter(
              "offload", "on", "on|off", "the kernel checksums and cuts packets up to 64 KiB"),
          new Parameter(
              "netns", "", "name or path", "network namespace to open it in; empty: ours"),
          new Parameter("route", "", "prefix[+prefix…]", "further prefixes routed to the device"));

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]{1,15}");

  /** Checks that the name can be one. */
  public TunConfig {
    if (!name.equals(ANY_NAME)
        && (!NAME.matcher(name).matches() || name.equals(".") || name.equals(".."))) {
      throw new IllegalArgumentException(
          "tun: '"
              + name
              + "' can't be a device name; use 1 … 15 letters, digits, '_', '-' or"
              + " '.'");
    }
    routes = List.copyOf(routes);
  }

  /**
   * Reads the user's parameters.
   *
   * @throws IllegalArgumentException in one line for the user
   */
  public static TunConfig of(Map<String, String> given) {
    Parameters values = Parameters.of("tun", PARAMETERS, given);
    String host = values.text("host");
    int slash = host.indexOf('/');
    var routes = new ArrayList<IpPrefix>();
    for (String route : values.text("route").split("\\+", -1)) {
      if (!route.isBlank()) {
        routes.add(IpPrefix.parse(route.strip()));
      }
    }
    return new TunConfig(
        values.text("name"),
        host.isEmpty() ? null : IpAddress.parse(slash < 0 ? host : host.substring(0, slash)),
        slash < 0 ? 32 : prefixBits(host, host.substring(slash + 1)),
        (int) values.number("mtu", 68, 65_535),
        isOn(values, "offload"),
        values.text("netns"),
        routes);
  }

  private static int prefixBits(String host, String bits) {
    if (!bits.matches("[0-9]{1,2}") || Integer.parseInt(bits) < 1 || Integer.parseInt(bits) > 32) {
      throw new IllegalArgumentException(
          "host=" + host + " is not an address with a prefix like 10.9.0.1/16");
    }
    return Integer.parseInt(bits);
  }

  private static boolean isOn(Parameters values, String name) {
    return switch (values.text(name)) {
      case "on" -> true;
      case "off" -> false;
      default ->
          throw new IllegalArgumentException(
              name + "=" + values.text(name) + " is neither on nor off");
    };
  }
}
