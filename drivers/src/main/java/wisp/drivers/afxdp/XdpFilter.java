package wisp.drivers.afxdp;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import wisp.core.ip.IpAddress;
import wisp.core.ip.IpPrefix;
import wisp.core.wire.EthernetHeader;
import wisp.core.wire.Icmpv6Header;
import wisp.drivers.linux.EbpfAssembler;

/**
 * What an interface's packets go through before the kernel's stack: ours are redirected to the
 * AF_XDP socket of the queue that they came in by, all others passed on, so that the kernel goes on
 * using the interface. Ours is what comes to our hardware address or to a group of stations and is
 *
 * <ul>
 *   <li>IPv4 or IPv6 to one of our addresses,
 *   <li>ARP that asks for one of them, or answers to one of them,
 *   <li>a neighbour solicitation (RFC 4861 §4.3) for one of them.
 * </ul>
 *
 * <p>What is sent to all, router advertisements among it, stays with the kernel: a packet can't go
 * to both. So do frames with a VLAN tag. Where a queue has no socket, its packets are passed on.
 */
final class XdpFilter {
  private static final int R0 = 0;
  private static final int R1 = 1;
  private static final int PACKET = 2;
  private static final int END = 3;
  private static final int R4 = 4;
  private static final int R5 = 5;
  private static final int CONTEXT = 6;
  private static final int HIGH = 7;
  private static final int LOW = 8;

  /** Where struct xdp_md has the packet's begin and end, and the queue. */
  private static final int MD_DATA = 0;

  private static final int MD_DATA_END = 4;
  private static final int MD_QUEUE = 16;

  private static final int XDP_PASS = 2;
  private static final int REDIRECT_MAP = 51;
  private static final int GROUP_BIT = 1;
  private static final int IPV4 = EthernetHeader.LENGTH;
  private static final int IPV4_DESTINATION = IPV4 + 16;
  private static final int IPV4_BYTES = 20;
  private static final int ARP_TARGET = EthernetHeader.LENGTH + 24;
  private static final int ARP_BYTES = 28;
  private static final int IPV6 = EthernetHeader.LENGTH;
  private static final int IPV6_NEXT_HEADER = IPV6 + 6;
  private static final int IPV6_DESTINATION = IPV6 + 24;
  private static final int IPV6_BYTES = 40;
  private static final int ICMPV6 = 58;
  private static final int ICMPV6_TYPE = IPV6 + IPV6_BYTES;
  private static final int SOLICITATION_TARGET = ICMPV6_TYPE + 8;
  private static final int SOLICITATION_BYTES = 24;
  private static final int MULTICAST = 0xFF;
  private static final String PASS = "pass";
  private static final String TAKE = "take";

  private final EbpfAssembler code = new EbpfAssembler();
  private int steps;

  private XdpFilter() {}

  /**
   * The program.
   *
   * @param station our hardware address
   * @param own our IP addresses
   * @param map from queues to sockets, by its descriptor
   */
  static MemorySegment build(Arena arena, long station, List<IpPrefix> own, int map) {
    var filter = new XdpFilter();
    filter.begin(station);
    filter.ipv4(own);
    filter.ipv6(own);
    filter.end(map);
    return filter.code.build(arena);
  }

  /** Who it is for, and what it is. */
  private void begin(long station) {
    code.move(CONTEXT, R1).load(PACKET, 4, CONTEXT, MD_DATA).load(END, 4, CONTEXT, MD_DATA_END);
    demand(EthernetHeader.LENGTH);
    code.load(R0, 1, PACKET, 0).jumpIfBits(R0, GROUP_BIT, "for us");
    code.load(R0, 4, PACKET, 0)
        .jumpIfUnequal(R0, Integer.reverseBytes((int) (station >>> 16)), PASS);
    code.load(R0, 2, PACKET, 4).jumpIfUnequal(R0, networkOrder((int) station), PASS);
    code.label("for us").load(R0, 2, PACKET, EthernetHeader.LENGTH - 2);
    code.jumpIfEqual(R0, networkOrder(EthernetHeader.TYPE_IPV4), "IPv4");
    code.jumpIfEqual(R0, networkOrder(EthernetHeader.TYPE_ARP), "ARP");
    code.jumpIfEqual(R0, networkOrder(EthernetHeader.TYPE_IPV6), "IPv6");
    code.jump(PASS);
  }

  private void ipv4(List<IpPrefix> own) {
    code.label("IPv4");
    demand(EthernetHeader.LENGTH + IPV4_BYTES);
    code.load(R0, 4, PACKET, IPV4_DESTINATION).jump("one of ours");
    code.label("ARP");
    demand(EthernetHeader.LENGTH + ARP_BYTES);
    code.load(R0, 4, PACKET, ARP_TARGET);
    code.label("one of ours").networkOrder(R0, 32);
    for (IpPrefix prefix : own) {
      if (prefix.isIpv4()) {
        int mask = (int) IpPrefix.maskLow(prefix.wholeBits());
        code.move(R1, R0).andNumber(R1, mask).jumpIfEqual(R1, prefix.address().ipv4(), TAKE);
      }
    }
    code.jump(PASS);
  }

  private void ipv6(List<IpPrefix> own) {
    code.label("IPv6");
    demand(EthernetHeader.LENGTH + IPV6_BYTES);
    code.load(R0, 1, PACKET, IPV6_DESTINATION).jumpIfEqual(R0, MULTICAST, "to a group");
    address(IPV6_DESTINATION);
    code.jump("one of our IPv6");
    code.label("to a group");
    code.load(R0, 1, PACKET, IPV6_NEXT_HEADER).jumpIfUnequal(R0, ICMPV6, PASS);
    demand(EthernetHeader.LENGTH + IPV6_BYTES + SOLICITATION_BYTES);
    code.load(R0, 1, PACKET, ICMPV6_TYPE)
        .jumpIfUnequal(R0, Icmpv6Header.NEIGHBOUR_SOLICITATION, PASS);
    address(SOLICITATION_TARGET);
    code.label("one of our IPv6").networkOrder(HIGH, 64).networkOrder(LOW, 64);
    for (IpPrefix prefix : own) {
      if (!prefix.isIpv4()) {
        String next = "IPv6 but " + steps++;
        IpAddress address = prefix.address();
        match(HIGH, IpPrefix.maskHigh(prefix.bits()), address.high(), next);
        if (prefix.bits() > Long.SIZE) {
          match(LOW, IpPrefix.maskLow(prefix.bits()), address.low(), next);
        }
        code.jump(TAKE).label(next);
      }
    }
    code.jump(PASS);
  }

  private void address(int at) {
    code.load(HIGH, 8, PACKET, at).load(LOW, 8, PACKET, at + Long.BYTES);
  }

  private void match(int register, long mask, long expected, String otherwise) {
    code.move(R1, register).setWide(R5, mask).and(R1, R5);
    code.setWide(R5, expected).jumpIfDifferent(R1, R5, otherwise);
  }

  private void end(int map) {
    code.label(TAKE).load(PACKET, 4, CONTEXT, MD_QUEUE).setMap(R1, map);
    code.set(END, XDP_PASS).call(REDIRECT_MAP).exit();
    code.label(PASS).set(R0, XDP_PASS).exit();
  }

  /** Passes shorter packets on; the verifier lets us read no further than was asked for. */
  private void demand(int bytes) {
    code.move(R4, PACKET).add(R4, bytes).jumpIfGreater(R4, END, PASS);
  }

  /** A 16-bit number as it is loaded from the wire. */
  private static int networkOrder(int number) {
    return Short.reverseBytes((short) number) & 0xFFFF;
  }
}
