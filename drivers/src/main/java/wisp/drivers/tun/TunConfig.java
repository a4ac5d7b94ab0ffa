package wisp.drivers.tun;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.Link;
import wisp.core.spi.Parameter;
import wisp.core.spi.Parameters;
import wisp.drivers.Framing;
import wisp.drivers.HostPrefix;
import wisp.drivers.PrefixList;
import wisp.drivers.StationAddress;
import wisp.drivers.steering.Steering;

/**
 * What a TUN or TAP device is to be like.
 *
 * @param kind {@code IP}: TUN, {@code ETHERNET}: TAP
 * @param name at most 15 characters, or {@link #ANY_NAME}
 * @param hosts the kernel's own addresses, and the prefixes that it routes to the device
 * @param mtu of the IP packet, in bytes
 * @param offload whether checksums and segmentation are left to the kernel
 * @param netns name or path of a network namespace; empty: the caller's
 * @param routes further prefixes that the kernel is to route to the device
 * @param hardwareAddress ours on a TAP device, 48 bits; 0: made from the device's name
 * @param queues how many contexts share the device, each by a queue of its own; 0: all that there
 *     are
 * @param persistent whether the device outlives its process, unless that closes the link in order
 */
public record TunConfig(
    Link.Kind kind,
    String name,
    List<HostPrefix> hosts,
    int mtu,
    boolean offload,
    String netns,
    List<IpPrefix> routes,
    long hardwareAddress,
    int queues,
    boolean persistent) {

  /** The kernel takes the first number that is free. */
  public static final String ANY_NAME = "wisp%d";

  static final List<Parameter> TUN_PARAMETERS =
      List.of(
          new Parameter("name", ANY_NAME, "", "device name; %d: the first free number"),
          new Parameter(
              "host",
              "10.9.0.1/16",
              "address/prefix[+address/prefix…]",
              "what the kernel gets, IPv4 and IPv6; empty: nothing"),
          new Parameter("mtu", "1500", "bytes", "largest IP packet"),
          new Parameter(
              "offload", "on", "on|off", "the kernel checksums and cuts packets up to 64 KiB"),
          new Parameter(
              "netns", "", "name or path", "network namespace to open it in; empty: ours"),
          new Parameter(
              "queues",
              "",
              "",
              "of the device, one for each context; 1: contexts share one; empty: as many as there"
                  + " are contexts"),
          new Parameter("route", "", "prefix[+prefix…]", "further prefixes routed to the device"),
          new Parameter(
              "persist",
              "off",
              "on|off",
              "the device stays when its process is killed, and is taken up again by its name"));

  static final List<Parameter> TAP_PARAMETERS =
      Stream.concat(
              TUN_PARAMETERS.stream(),
              Stream.of(
                  new Parameter(
                      "mac",
                      "",
                      "address like 02:00:00:00:00:01",
                      "our hardware address; empty: one made from the device's name")))
          .toList();

  private static final int LARGEST_MTU = 65_535;
  private static final int SMALLEST_MTU = 68; // RFC 791 §3.2
  private static final int SMALLEST_IPV6_MTU = 1280; // RFC 8200 §5
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]{1,15}");

  /** Checks what the kernel would refuse less clearly. */
  public TunConfig {
    if (!name.equals(ANY_NAME)
        && (!NAME.matcher(name).matches() || name.equals(".") || name.equals(".."))) {
      throw new IllegalArgumentException(
          provider(kind)
              + ": '"
              + name
              + "' can't be a device name; use 1 … 15 letters, digits, '_', '-' or"
              + " '.'");
    }
    if (persistent && name.equals(ANY_NAME)) {
      throw new IllegalArgumentException(
          "persist=on needs a name by which the device is found again, like "
              + provider(kind)
              + ":wisp0");
    }
    hosts = List.copyOf(hosts);
    routes = List.copyOf(routes);
    boolean ipv4 =
        hosts.stream().allMatch(host -> host.address().isIpv4())
            && routes.stream().allMatch(IpPrefix::isIpv4);
    if (mtu < SMALLEST_IPV6_MTU && !ipv4) {
      throw new IllegalArgumentException("mtu=" + mtu + " is too small for IPv6, which needs 1280");
    }
    if (hardwareAddress != 0) {
      StationAddress.checked(hardwareAddress);
    }
  }

  /**
   * Reads the user's parameters.
   *
   * @throws IllegalArgumentException in one line for the user
   */
  public static TunConfig of(Link.Kind kind, Map<String, String> given) {
    boolean ethernet = kind == Link.Kind.ETHERNET;
    Parameters values =
        Parameters.of(provider(kind), ethernet ? TAP_PARAMETERS : TUN_PARAMETERS, given);
    return new TunConfig(
        kind,
        values.text("name"),
        hosts(values.text("host")),
        (int) values.number("mtu", SMALLEST_MTU, LARGEST_MTU - Framing.headerBytes(kind)),
        values.isOn("offload"),
        values.text("netns"),
        PrefixList.parse(values.text("route")),
        ethernet ? hardwareAddress(values.text("mac")) : 0,
        values.text("queues").isEmpty() ? 0 : (int) values.number("queues", 1, Steering.MOST),
        values.isOn("persist"));
  }

  /**
   * Whether each of these contexts gets a queue; else they share one.
   *
   * @throws IllegalArgumentException when that is not what was asked for
   */
  boolean hasQueues(int contexts) {
    if (queues > 1 && queues != contexts) {
      throw new IllegalArgumentException(
          provider(kind)
              + ": queues="
              + queues
              + " is for as many contexts, and there "
              + (contexts == 1 ? "is 1" : "are " + contexts)
              + "; say --contexts "
              + queues);
    }
    return contexts > 1 && queues != 1;
  }

  /** As in {@code tun:wisp0}. */
  static String provider(Link.Kind kind) {
    return kind == Link.Kind.ETHERNET ? "tap" : "tun";
  }

  private static List<HostPrefix> hosts(String text) {
    var hosts = new ArrayList<HostPrefix>();
    for (String item : PrefixList.items(text)) {
      HostPrefix host = HostPrefix.parse(item);
      if (host.bits() == 0) {
        throw new IllegalArgumentException(
            "host=" + host + " is not an address with a prefix like 10.9.0.1/16");
      }
      hosts.add(host);
    }
    return hosts;
  }

  private static long hardwareAddress(String text) {
    return text.isEmpty() ? 0 : StationAddress.parse(text);
  }
}
