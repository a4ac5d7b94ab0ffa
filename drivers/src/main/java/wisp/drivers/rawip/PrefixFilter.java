package wisp.drivers.rawip;

import static wisp.drivers.linux.ClassicBpf.AND;
import static wisp.drivers.linux.ClassicBpf.IF_EQUAL;
import static wisp.drivers.linux.ClassicBpf.LOAD_WORD;
import static wisp.drivers.linux.ClassicBpf.RETURN;

import java.util.List;
import wisp.core.ip.IpPrefix;
import wisp.drivers.linux.ClassicBpf;

/**
 * What the kernel asks of each packet before it is copied: whether it is to one of our addresses.
 */
final class PrefixFilter {
  /** The kernel takes 4096 instructions, and a prefix needs four. */
  static final int MOST_PREFIXES = 1000;

  private static final int DESTINATION =
      16; // RFC 791 §3.1; programs see a packet from its IP header on
  private static final int WHOLE = -1;

  private PrefixFilter() {}

  /** Lets pass what is to these prefixes of IPv4. */
  static ClassicBpf to(List<IpPrefix> prefixes) {
    var program = new ClassicBpf();
    for (int i = 0; i < prefixes.size(); i++) {
      IpPrefix prefix = prefixes.get(i);
      String next = "next" + i; // jumps are short: each prefix has its own end
      program
          .add(LOAD_WORD, DESTINATION)
          .add(AND, prefix.bits() == 0 ? 0 : -1 << (32 - prefix.bits()));
      program.jump(IF_EQUAL, prefix.address().ipv4(), null, next).add(RETURN, WHOLE).label(next);
    }
    return program.add(RETURN, 0);
  }
}
