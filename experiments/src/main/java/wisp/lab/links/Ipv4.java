package wisp.lab.links;

import wisp.core.ip.IpAddress;

/** The addresses of a {@link Lab} as the numbers that stand in headers. */
final class Ipv4 {
  static final int PEER = of(Lab.PEER);
  static final int OURS = of(Lab.OURS);
  static final int KERNEL = of(Lab.KERNEL);

  private Ipv4() {}

  private static int of(String text) {
    return IpAddress.parse(text).ipv4();
  }
}
