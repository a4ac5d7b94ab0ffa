package wisp.drivers.changes;

import java.util.List;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.LinkException;
import wisp.drivers.linux.Errno;
import wisp.drivers.linux.RouteSocket;

/**
 * The kernel takes all addresses of a prefix for this machine's: it answers ARP for them and hands
 * their packets to raw sockets.
 *
 * @param prefix of IPv4 or IPv6
 */
public record LocalPrefix(IpPrefix prefix) implements SystemChange {
  static final String KIND = "local";

  static LocalPrefix read(String prefix) {
    return new LocalPrefix(IpPrefix.parse(prefix));
  }

  @Override
  public List<String> words() {
    return List.of(KIND, prefix.toString());
  }

  @Override
  public String remedy() {
    return Netlink.ip(prefix) + " route del local " + prefix + " dev lo table local";
  }

  @Override
  public void make() throws LinkException {
    try (var routes = RouteSocket.open()) {
      int result = routes.addLocalRoute(prefix.address(), prefix.bits());
      Netlink.check(
          result,
          prefix + " can't be made addresses of this machine",
          result == -Errno.EEXIST
              ? "; they are already: choose others, or undo it with: " + remedy()
              : "");
    }
  }

  @Override
  public void undo() throws LinkException {
    try (var routes = RouteSocket.open()) {
      int result = routes.deleteLocalRoute(prefix.address(), prefix.bits());
      Netlink.check(
          result == -Errno.ESRCH ? 0 : result, "the local route to " + prefix + " stays", "");
    }
  }
}
