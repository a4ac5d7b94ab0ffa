package wisp.drivers.steering;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import wisp.core.ip.IpAddress;
import wisp.core.spi.Link;
import wisp.drivers.Packets;

class FlowNumberTest {
  private static final String US = "10.9.1.7";
  private static final String PEER = "10.9.0.1";

  private static int of(byte[] packet) {
    return FlowNumber.of(Link.Kind.IP, MemorySegment.ofArray(packet), 0, packet.length);
  }

  private static int of(String local, int localPort, String remote, int remotePort) {
    IpAddress here = IpAddress.parse(local);
    IpAddress there = IpAddress.parse(remote);
    return FlowNumber.of(here.high(), here.low(), localPort, there.high(), there.low(), remotePort);
  }

  private static byte[] datagram(int fromPort, int toPort) {
    return Packets.udp(PEER, fromPort, US, toPort, new byte[8]);
  }

  private static byte[] ipv6(int protocol, int fromPort, int toPort, int headers) {
    var transport = new byte[headers + 24];
    for (int at = 0; at < headers; at += 8) {
      transport[at] = (byte) (at + 8 < headers ? 60 : protocol); // destination options
      transport[at + 2] = 1; // PadN
      transport[at + 3] = 4;
    }
    transport[headers] = (byte) (fromPort >>> 8);
    transport[headers + 1] = (byte) fromPort;
    transport[headers + 2] = (byte) (toPort >>> 8);
    transport[headers + 3] = (byte) toPort;
    return Packets.ipv6(headers > 0 ? 60 : protocol, "fd09::1", "fd09::7", transport, headers + 6);
  }

  @Test
  void bothDirectionsAndTheOneWhoOpensFindTheSame() {
    for (int port = 1024; port < 1100; port++) {
      int expected = of(US, 80, PEER, port);
      assertTrue(expected >= 0 && expected < 65_536);
      assertEquals(expected, of(PEER, port, US, 80));
      assertEquals(expected, of(datagram(port, 80)));
      assertEquals(expected, of(Packets.udp(US, 80, PEER, port, new byte[0])));
      byte[] frame = Packets.ethernet(1, 2, Packets.ETHER_IPV4, datagram(port, 80));
      assertEquals(
          expected,
          FlowNumber.of(Link.Kind.ETHERNET, MemorySegment.ofArray(frame), 0, frame.length));
      int expected6 = of("fd09::7", 80, "fd09::1", port);
      assertEquals(expected6, of(ipv6(Packets.TCP, port, 80, 0)));
      assertEquals(expected6, of(ipv6(Packets.UDP, 80, port, 16)), "behind extension headers");
    }
  }

  @Test
  void flowsSpreadWhateverStepsTheirPortsGoIn() {
    for (int contexts = 2; contexts <= 8; contexts++) {
      for (int step : new int[] {1, 2, 4, 8, 256}) {
        var counts = new int[contexts];
        for (int i = 0; i < 240; i++) {
          counts[of(US, 80, PEER, 2000 + i * step & 0xFFFF) % contexts]++;
        }
        for (int count : counts) {
          int even = 240 / contexts;
          assertTrue(count > even / 3 && count < even * 2, Arrays.toString(counts));
        }
      }
    }
  }

  @Test
  void anErrorGoesWhereThePacketGoesThatItQuotes() {
    byte[] ours = Packets.udp(US, 4711, PEER, 53, new byte[30]);
    byte[] error = Packets.udp("10.77.0.1", 0x0301, US, 0, new byte[ours.length]);
    error[9] = Packets.ICMP; // type and code are where UDP has its source port
    System.arraycopy(ours, 0, error, 28, ours.length);
    assertEquals(of(ours), of(error));
    error[28 + 6] = 0x20; // a fragment has no port that we could rely on
    assertEquals(FlowNumber.ALL, of(error));
    byte[] cut = Arrays.copyOf(error, 40);
    assertEquals(FlowNumber.ALL, of(cut));

    byte[] ours6 = ipv6(Packets.TCP, 4711, 53, 0);
    var message = new byte[8 + ours6.length];
    message[0] = 2; // packet too big
    System.arraycopy(ours6, 0, message, 8, ours6.length);
    assertEquals(of(ours6), of(Packets.ipv6(Packets.ICMPV6, "fd77::1", "fd09::7", message, 2)));
  }

  @Test
  void pingsGoByAddressesAndTheRestIsForAll() {
    byte[] ping = datagram(0x0800, 0);
    ping[9] = Packets.ICMP;
    assertEquals(of(US, 0, PEER, 0), of(ping));
    byte[] first = datagram(53, 53);
    first[6] = 0x20;
    byte[] last = datagram(53, 53);
    last[7] = 1;
    assertEquals(FlowNumber.FRAGMENT, of(first));
    assertEquals(FlowNumber.FRAGMENT, of(last));
    assertEquals(FlowNumber.FRAGMENT, of(Packets.ipv6(44, "fd09::1", "fd09::7", new byte[16], 6)));
    for (int type : new int[] {133, 134, 135, 136, 137, 130, 143}) {
      byte[] message = {(byte) type, 0, 0, 0, 0, 0, 0, 0};
      assertEquals(
          FlowNumber.ALL, of(Packets.ipv6(Packets.ICMPV6, "fd09::1", "fd09::7", message, 2)));
    }
    byte[] arp = Packets.ethernet(1, 2, Packets.ETHER_ARP, new byte[28]);
    assertEquals(
        FlowNumber.ALL,
        FlowNumber.of(Link.Kind.ETHERNET, MemorySegment.ofArray(arp), 0, arp.length));
  }

  @Test
  void whateverComesHasAPlace() {
    var random = new Random(7);
    for (int i = 0; i < 200_000; i++) {
      byte[] bytes = new byte[random.nextInt(120)];
      random.nextBytes(bytes);
      if (bytes.length > 9) {
        bytes[0] = (byte) (random.nextBoolean() ? 0x40 | random.nextInt(16) : 0x60);
        int at = bytes[0] >>> 4 == 4 ? 9 : 6;
        int[] protocols = {1, 6, 17, 58, 0, 43, 44, 60, 2};
        bytes[at] = (byte) protocols[random.nextInt(protocols.length)];
      }
      int number = of(bytes);
      assertTrue(number >= FlowNumber.FRAGMENT && number < 65_536);
    }
  }
}
