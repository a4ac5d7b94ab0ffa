package wisp.drivers.changes;

import java.util.List;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.LinkException;
import wisp.drivers.linux.Errno;
import wisp.drivers.linux.RouteSocket;

/**
 * What the kernel itself sends from the addresses of a prefix (RST, echo replies, ICMP errors,
 * answers of its listeners) is dropped, while raw sockets, which name no source when they look for
 * a route, still send from them. A routing rule, no firewall.
 *
 * <p>The kernel's test whether a packet came the way that the answer would take (rp_filter) asks by
 * the same rule, finds no way and drops the packet: where such packets are to come in it has to be
 * off.
 *
 * @param prefix of IPv4 or IPv6
 */
public record SilencedPrefix(IpPrefix prefix) implements SystemChange {
  static final String KIND = "silenced";

  /** After the local table's, before all that people usually have. */
  private static final int PRIORITY = 10;

  static SilencedPrefix read(String prefix) {
    return new SilencedPrefix(IpPrefix.parse(prefix));
  }

  @Override
  public List<String> words() {
    return List.of(KIND, prefix.toString());
  }

  @Override
  public String remedy() {
    return Netlink.ip(prefix) + " rule del from " + prefix + " priority " + PRIORITY + " blackhole";
  }

  @Override
  public void make() throws LinkException {
    try (var routes = RouteSocket.open()) {
      int result = routes.addBlackholeRule(prefix.address(), prefix.bits(), PRIORITY);
      Netlink.check(
          result,
          "the kernel can't be silenced for " + prefix,
          switch (-result) {
            case Errno.EEXIST ->
                "; another program does that already: end it, or undo it with: " + remedy();
            case Errno.EOPNOTSUPP, Errno.EAFNOSUPPORT ->
                "; this kernel has no policy routing (CONFIG_IP_MULTIPLE_TABLES)";
            default -> "";
          });
    }
  }

  @Override
  public void undo() throws LinkException {
    try (var routes = RouteSocket.open()) {
      int result = routes.deleteBlackholeRule(prefix.address(), prefix.bits(), PRIORITY);
      Netlink.check(result == -Errno.ENOENT ? 0 : result, "the rule for " + prefix + " stays", "");
    }
  }
}
