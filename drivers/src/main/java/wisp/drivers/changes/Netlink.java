package wisp.drivers.changes;

import java.lang.foreign.Arena;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.LinkException;
import wisp.drivers.linux.Errno;
import wisp.drivers.linux.Libc;

/** What changes made by netlink have in common. */
final class Netlink {
  private Netlink() {}

  /** The command for a family. */
  static String ip(IpPrefix prefix) {
    return prefix.isIpv4() ? "ip" : "ip -6";
  }

  /**
   * Throws when a request failed.
   *
   * @param result 0 or {@code −errno}
   */
  static void check(int result, String what, String remedy) throws LinkException {
    if (result < 0) {
      try (Arena arena = Arena.ofConfined()) {
        throw new LinkException(
            what
                + ": "
                + new Libc(arena).describe(result)
                + (result == -Errno.EPERM ? "; needs CAP_NET_ADMIN, run as root" : remedy));
      }
    }
  }
}
