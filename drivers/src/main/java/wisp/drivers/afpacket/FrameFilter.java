package wisp.drivers.afpacket;

import static wisp.drivers.linux.ClassicBpf.AND;
import static wisp.drivers.linux.ClassicBpf.ETHER_TYPE;
import static wisp.drivers.linux.ClassicBpf.FROM_NETWORK_HEADER;
import static wisp.drivers.linux.ClassicBpf.HAS_VLAN_TAG;
import static wisp.drivers.linux.ClassicBpf.IF_ANY_BIT;
import static wisp.drivers.linux.ClassicBpf.IF_EQUAL;
import static wisp.drivers.linux.ClassicBpf.LOAD_BYTE;
import static wisp.drivers.linux.ClassicBpf.LOAD_BYTE_AT_X;
import static wisp.drivers.linux.ClassicBpf.LOAD_HALF;
import static wisp.drivers.linux.ClassicBpf.LOAD_HALF_AT_X;
import static wisp.drivers.linux.ClassicBpf.LOAD_M;
import static wisp.drivers.linux.ClassicBpf.LOAD_WORD;
import static wisp.drivers.linux.ClassicBpf.LOAD_X_M;
import static wisp.drivers.linux.ClassicBpf.MULTIPLY;
import static wisp.drivers.linux.ClassicBpf.RETURN;
import static wisp.drivers.linux.ClassicBpf.RETURN_A;
import static wisp.drivers.linux.ClassicBpf.SHIFT_LEFT;
import static wisp.drivers.linux.ClassicBpf.SHIFT_RIGHT;
import static wisp.drivers.linux.ClassicBpf.STORE_M;
import static wisp.drivers.linux.ClassicBpf.TAX;
import static wisp.drivers.linux.ClassicBpf.VLAN_TAG;
import static wisp.drivers.linux.ClassicBpf.XOR_X;

import wisp.drivers.linux.ClassicBpf;

/**
 * What the kernel asks of each frame before it costs a slot: whether it is for our station or a
 * group, and of no VLAN. Programs see a frame from its Ethernet header on.
 */
final class FrameFilter {
  /** What of it is wanted. */
  enum Part {
    ALL,
    /** All but {@link #SIGNALS}: what belongs to one connection. */
    FLOWS,
    /**
     * ARP, and ICMP of both families but for echo requests. All links of a group need these: each
     * has neighbours of its own to find, and an error may be about a connection of any. Fragments
     * too, where the group wants that.
     */
    SIGNALS
  }

  private static final int WHOLE = -1;
  private static final int ARP = 0x0806;
  private static final int IPV4 = 0x0800;
  private static final int IPV6 = 0x86DD;
  private static final int ICMP = 1;
  private static final int TCP = 6;
  private static final int UDP = 17;
  private static final int FRAGMENT_HEADER = 44;
  private static final int ICMPV6 = 58;
  private static final int OFFSET_OR_MORE = 0x3FFF;
  private static final int ECHO_REQUEST = 8;
  private static final int ECHO_REQUEST_V6 = 128;
  private static final int SCRAMBLER = 0x9E3779B1;
  private static final int NET = FROM_NETWORK_HEADER;

  private FrameFilter() {}

  /** Lets nothing pass. */
  static ClassicBpf nothing() {
    return new ClassicBpf().add(RETURN, 0);
  }

  /** Lets pass what is for this station. */
  static ClassicBpf ours(long hardwareAddress, Part part, boolean fragmentsToAll) {
    var program = new ClassicBpf();
    program.add(LOAD_HALF, HAS_VLAN_TAG).jump(IF_EQUAL, 0, "untagged", null);
    // A tag with a priority alone is of no VLAN (IEEE 802.1Q).
    program.add(LOAD_HALF, VLAN_TAG).jump(IF_ANY_BIT, 0xFFF, "drop", null);
    program.label("untagged").add(LOAD_BYTE, 0).jump(IF_ANY_BIT, 1, "ours", null);
    program.add(LOAD_WORD, 0).jump(IF_EQUAL, (int) (hardwareAddress >>> 16), null, "drop");
    program.add(LOAD_HALF, 4).jump(IF_EQUAL, (int) hardwareAddress & 0xFFFF, "ours", "drop");
    program.label("ours");
    if (part != Part.ALL) {
      tellSignals(program, fragmentsToAll);
      program.label(part == Part.SIGNALS ? "flow" : "signal").add(RETURN, 0);
      program.label(part == Part.SIGNALS ? "signal" : "flow");
    }
    return program.add(RETURN, WHOLE).label("drop").add(RETURN, 0);
  }

  private static void tellSignals(ClassicBpf program, boolean fragmentsToo) {
    program.add(LOAD_HALF, 12).jump(IF_EQUAL, ARP, "signal", null);
    program.jump(IF_EQUAL, IPV4, "ipv4", null).jump(IF_EQUAL, IPV6, null, "flow");
    program.add(LOAD_BYTE, 14 + 6);
    if (fragmentsToo) {
      program.jump(IF_EQUAL, FRAGMENT_HEADER, "signal", null);
    }
    program.jump(IF_EQUAL, ICMPV6, null, "flow");
    program.add(LOAD_BYTE, 14 + 40).jump(IF_EQUAL, ECHO_REQUEST_V6, "flow", "signal");
    program.label("ipv4");
    if (fragmentsToo) {
      program.add(LOAD_HALF, 14 + 6).jump(IF_ANY_BIT, OFFSET_OR_MORE, "signal", null);
    }
    program.add(LOAD_BYTE, 14 + 9).jump(IF_EQUAL, ICMP, null, "flow");
    program.add(LOAD_BYTE, 14).add(AND, 0xF).add(SHIFT_LEFT, 2).add(TAX, 0);
    program.add(LOAD_BYTE_AT_X, 14).jump(IF_EQUAL, ECHO_REQUEST, "flow", "signal");
  }

  /**
   * The {@link wisp.drivers.steering.FlowNumber} of a frame; of its addresses alone where ports are
   * not at hand (fragments, IPv6 extension headers). The link is this modulo their count.
   */
  static ClassicBpf flowNumber() {
    var program = new ClassicBpf();
    program.add(LOAD_HALF, ETHER_TYPE).jump(IF_EQUAL, IPV4, "ipv4", null);
    program.jump(IF_EQUAL, IPV6, "ipv6", "other");

    program.label("ipv4").add(LOAD_WORD, NET + 12).add(TAX, 0);
    program.add(LOAD_WORD, NET + 16).add(XOR_X, 0).add(STORE_M, 0);
    program.add(LOAD_HALF, NET + 6).jump(IF_ANY_BIT, OFFSET_OR_MORE, "addresses", null);
    program.add(LOAD_BYTE, NET + 9).jump(IF_EQUAL, TCP, "ports4", null);
    program.jump(IF_EQUAL, UDP, "ports4", "addresses");
    program.label("ports4");
    program.add(LOAD_BYTE, NET).add(AND, 0xF).add(SHIFT_LEFT, 2).add(TAX, 0);
    program.add(LOAD_HALF_AT_X, NET).add(STORE_M, 1);
    program.add(LOAD_HALF_AT_X, NET + 2).add(LOAD_X_M, 1).add(XOR_X, 0).go("ports");

    program.label("ipv6").add(LOAD_WORD, NET + 8).add(TAX, 0);
    for (int at = 12; at < 40; at += 4) {
      program.add(LOAD_WORD, NET + at).add(XOR_X, 0).add(TAX, 0);
    }
    program.add(STORE_M, 0);
    program.add(LOAD_BYTE, NET + 6).jump(IF_EQUAL, TCP, "ports6", null);
    program.jump(IF_EQUAL, UDP, "ports6", "addresses");
    program.label("ports6").add(LOAD_HALF, NET + 40).add(TAX, 0);
    program.add(LOAD_HALF, NET + 42).add(XOR_X, 0);

    program.label("ports").add(LOAD_X_M, 0).add(XOR_X, 0).go("hash");
    program.label("addresses").add(LOAD_M, 0);
    program.label("hash").add(MULTIPLY, SCRAMBLER).add(STORE_M, 0);
    program.add(SHIFT_RIGHT, 15).add(TAX, 0).add(LOAD_M, 0).add(XOR_X, 0);
    program.add(MULTIPLY, SCRAMBLER).add(SHIFT_RIGHT, 16).add(RETURN_A, 0);
    return program.label("other").add(RETURN, 0);
  }
}
