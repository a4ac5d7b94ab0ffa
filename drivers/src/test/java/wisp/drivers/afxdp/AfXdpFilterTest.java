package wisp.drivers.afxdp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.ip.IpAddress;
import wisp.core.spi.Link;
import wisp.core.wire.HardwareAddress;
import wisp.drivers.Links;
import wisp.drivers.Packets;
import wisp.drivers.linux.BpfCalls;
import wisp.drivers.linux.EbpfAssembler;
import wisp.drivers.linux.TestNamespace;

/** Which frames are taken from the kernel, and which it keeps. */
class AfXdpFilterTest extends AfXdpVethTest {
  private static final String OWN_OF_ALL_KINDS =
      "ours,own=10.9.1.0/24+10.7.7.7+fd09::1:0/112+fd08::/40+fd07::7";

  private static final String[] TAKEN = {
    "10.9.1.0", "10.9.1.255", "10.7.7.7", "fd09::1:0", "fd09::1:ffff", "fd08:0:12::1", "fd07::7"
  };

  private static final String[] KEPT = {
    "10.9.0.255",
    "10.9.2.0",
    "10.7.7.6",
    "127.0.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "fd09::",
    "fd09::2:0",
    "fd09:1::1:0",
    "fd08:0:100::",
    "fd07::6",
    "fe80::1",
    "ff02::1"
  };

  /** A frame that tells by its last bytes who it is. */
  private static void send(Link other, long to, int type, byte[] packet, List<byte[]> among) {
    byte[] frame = Packets.ethernet(to, other.hardwareAddress(), type, packet);
    Packets.commit(other, frame);
    among.add(frame);
  }

  private static byte[] datagram(String to) {
    return to.contains(":")
        ? Packets.ipv6(Packets.UDP, "fd09::1", to, new byte[] {0, 1, 0, 2, 0, 9, 0, 0, 5}, 6)
        : Packets.udp("10.9.0.1", 1, to, 2, new byte[] {5});
  }

  private static int type(String address) {
    return address.contains(":") ? Packets.ETHER_IPV6 : Packets.ETHER_IPV4;
  }

  private static byte[] arp(int operation, String target) {
    var arp = ByteBuffer.allocate(28);
    arp.putInt(0x0001_0800).putShort((short) 0x0604).putShort((short) operation);
    arp.position(14).putInt(0x0A09_0001);
    return arp.putInt(24, IpAddress.parse(target).ipv4()).array();
  }

  private static byte[] icmpv6(int type, String to, String target) {
    IpAddress address = IpAddress.parse(target);
    var message = ByteBuffer.allocate(24).put(0, (byte) type);
    message.putLong(8, address.high()).putLong(16, address.low());
    return Packets.ipv6(Packets.ICMPV6, "fd09::1", to, message.array(), 2);
  }

  private static long group(String address) {
    IpAddress ip = IpAddress.parse(address);
    return HardwareAddress.ofMulticast(ip.high(), ip.low());
  }

  @ParameterizedTest
  @ValueSource(strings = {"native", "skb"})
  void whatIsOursIsTakenAndNothingElse(String mode) throws Exception {
    namespace.run("sysctl", "-qw", "net.ipv4.icmp_echo_ignore_all=1");
    try (Link link = open(OWN_OF_ALL_KINDS + ",mode=" + mode);
        Link other = other()) {
      long us = link.hardwareAddress();
      var ours = new ArrayList<byte[]>();
      var kernels = new ArrayList<byte[]>();
      for (String address : TAKEN) {
        send(other, us, type(address), datagram(address), ours);
        send(other, us ^ 1, type(address), datagram(address), kernels); // another station's
        send(other, us ^ 1L << 47, type(address), datagram(address), kernels);
        if (address.contains(":")) {
          send(
              other, group("ff02::1:ff00:0"), 0x86DD, icmpv6(135, "ff02::1:ff00:0", address), ours);
          send(other, us, Packets.ETHER_IPV6, icmpv6(136, address, "fd09::1"), ours);
          send(other, group("ff02::1"), 0x86DD, icmpv6(134, "ff02::1", address), kernels);
        } else {
          send(other, HardwareAddress.BROADCAST, Packets.ETHER_ARP, arp(1, address), ours);
          send(other, us, Packets.ETHER_ARP, arp(2, address), ours);
        }
      }
      for (String address : KEPT) {
        send(other, us, type(address), datagram(address), kernels);
        if (address.contains(":")) {
          send(
              other,
              group("ff02::1:ff00:0"),
              0x86DD,
              icmpv6(135, "ff02::1:ff00:0", address),
              kernels);
        } else {
          send(other, HardwareAddress.BROADCAST, Packets.ETHER_ARP, arp(1, address), kernels);
        }
      }
      send(other, us, EXPERIMENT, new byte[50], kernels);
      send(other, us, 0x8100, ByteBuffer.allocate(50).putInt(0x0005_0800).array(), kernels);
      send(other, us, Packets.ETHER_IPV4, new byte[0], kernels);
      send(other, us, Packets.ETHER_ARP, new byte[27], kernels);
      other.flush();
      List<byte[]> received = drain(link);
      assertEquals(
          ours.stream().map(ByteBuffer::wrap).toList(),
          received.stream().map(ByteBuffer::wrap).toList());
      assertEquals(0, link.drops() + other.drops());
      assertTrue(kernels.size() > ours.size());
    }
  }

  @Test
  void aStationOfOurOwnIsNotTheKernels() throws Exception {
    try (Link link = open(OURS + ",mac=02:00:00:00:00:07");
        Link other = other()) {
      assertEquals(0x02_0000_0000_07L, link.hardwareAddress());
      var ours = new ArrayList<byte[]>();
      send(other, link.hardwareAddress(), Packets.ETHER_IPV4, datagram(OWN), ours);
      send(
          other,
          namespace.hardwareAddress("ours"),
          Packets.ETHER_IPV4,
          datagram(OWN),
          new ArrayList<>());
      other.flush();
      assertEquals(1, drain(link).size());
    }
  }

  /** All addresses are one prefix of either family: the program has no dead ends. */
  @Test
  void everythingCanBeOurs() throws Exception {
    for (String own : List.of("0.0.0.0/0", "::/0", "0.0.0.0/0+::/0+10.9.1.0/24")) {
      try (Link all = open("ours,own=" + own)) {
        assertTrue(device().contains("xdp"), device());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"native", "skb"})
  void theKernelsOwnAddressesOnTheSameInterfaceStillAnswer(String mode) throws Exception {
    try (var machine = new TestNamespace()) {
      namespace.run("ip", "link", "set", "ours", "netns", machine.name());
      machine.run("ip", "address", "add", "10.9.0.2/16", "dev", "ours");
      machine.run("sysctl", "-qw", "net.ipv6.conf.ours.disable_ipv6=0");
      machine.run("ip", "address", "add", "fd09::2/64", "dev", "ours", "nodad");
      machine.run("ip", "link", "set", "ours", "up");
      namespace.run("sysctl", "-qw", "net.ipv6.conf.kernels.disable_ipv6=0");
      namespace.run("ip", "address", "add", "fd09::1/64", "dev", "kernels", "nodad");
      String own = "own=10.9.1.0/24+fd09::1:0/112,netns=" + machine.name();
      try (Link shared = Links.open("afxdp:ours," + own + ",mode=" + mode)) {
        for (String address : List.of("10.9.0.2", "fd09::2")) {
          String output = namespace.run("ping", "-c", "5", "-i", "0.01", "-W", "2", address);
          assertTrue(output.contains("5 received, 0% packet loss"), output);
          output = machine.run("ping", "-c", "5", "-i", "0.01", "-W", "2", KERNEL);
          assertTrue(output.contains("5 received, 0% packet loss"), output);
        }
        assertEquals(List.of(), drain(shared));
      }
    }
  }

  @Test
  void theVerifiersReasonIsToldByTheCallThatLoads() {
    try (Arena arena = Arena.ofConfined()) {
      var bpf = new BpfCalls(arena);
      var program = new EbpfAssembler().load(0, 4, 1, 0).load(0, 1, 0, 0).exit().build(arena);
      int result = bpf.loadXdp(program, 0, "wisp_refused");
      assertTrue(result < 0, "it reads without having asked how much there is");
      assertTrue(
          bpf.log().contains("R0 invalid mem access 'scalar'")
              || bpf.log().contains("invalid access to packet"),
          bpf.log());
    }
  }
}
