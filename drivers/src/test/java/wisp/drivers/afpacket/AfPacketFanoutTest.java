package wisp.drivers.afpacket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.drivers.Packets;

/** Several links that share an interface. */
class AfPacketFanoutTest extends AfPacketVethTest {
  @ParameterizedTest
  @ValueSource(strings = {"hash", "cbpf"})
  void linksOfOneGroupShareFlows_andEachFlowIsAlwaysAtOne(String mode) throws Exception {
    int flows = 64;
    try (Link first = open("ours,fanout=7/" + mode);
        Link second = open("ours,fanout=7/" + mode);
        DatagramChannel peer = namespace.udp("10.9.0.1", 0)) {
      assertEquals(first.hardwareAddress(), second.hardwareAddress());
      namespace.introduce("10.9.1.7", first, "kernels");
      var places = new int[flows];
      for (int round = 0; round < 3; round++) {
        for (int flow = 0; flow < flows; flow++) {
          peer.send(ByteBuffer.allocate(10), new InetSocketAddress("10.9.1.7", 1000 + flow));
        }
        note(places, drain(first), 1 << 4 * round);
        note(places, drain(second), 2 << 4 * round);
      }
      int atFirst = 0;
      int peerPort = ((InetSocketAddress) peer.getLocalAddress()).getPort();
      for (int flow = 0; flow < flows; flow++) {
        assertTrue(places[flow] == 0x111 || places[flow] == 0x222, "flow " + flow);
        atFirst += places[flow] == 0x111 ? 1 : 0;
        if (mode.equals("cbpf")) {
          int scrambled = (0x0A09_0001 ^ 0x0A09_0107 ^ peerPort ^ 1000 + flow) * 0x9E3779B1;
          int number = (scrambled ^ scrambled >>> 15) * 0x9E3779B1 >>> 16;
          assertEquals(number & 1, places[flow] == 0x111 ? 0 : 1);
        }
      }
      assertTrue(atFirst > 10 && atFirst < flows - 10, atFirst + " of " + flows);
      assertEquals(0, first.drops() + second.drops());
    }
  }

  private static void note(int[] places, List<byte[]> frames, int place) {
    for (byte[] frame : frames) {
      byte[] packet = Packets.unframed(frame, Packets.ETHER_IPV4);
      if (Packets.isIpv4(packet, Packets.UDP)) {
        places[ByteBuffer.wrap(packet).getShort(22) - 1000] += place;
      }
    }
  }

  @Test
  void allOfAGroupGetArpAndErrors_oneOfThemThePings() throws Exception {
    try (Link first = open("ours,fanout=7");
        Link second = open("ours,fanout=7");
        Link other = open("kernels")) {
      long us = first.hardwareAddress();
      byte[] ping = Packets.udp("10.9.0.9", 0x0800, "10.9.1.7", 0, new byte[8]);
      ping[9] = Packets.ICMP; // type and code are where UDP has its source port
      byte[] unreachable = ping.clone();
      unreachable[20] = 3;
      commit(other, us, Packets.ETHER_ARP, new byte[28]);
      commit(other, us, Packets.ETHER_IPV4, ping);
      commit(other, us, Packets.ETHER_IPV4, unreachable);
      byte[] ping6 = new byte[48];
      ping6[0] = 0x60;
      ping6[6] = Packets.ICMPV6;
      ping6[40] = (byte) 128;
      byte[] solicitation = ping6.clone();
      solicitation[40] = (byte) 135;
      commit(other, us, Packets.ETHER_IPV6, ping6);
      commit(other, us, Packets.ETHER_IPV6, solicitation);
      other.flush();
      List<byte[]> atFirst = drain(first);
      List<byte[]> atSecond = drain(second);
      assertEquals(2 * 3 + 2, atFirst.size() + atSecond.size());
      assertTrue(atFirst.size() >= 3 && atSecond.size() >= 3);
    }
  }

  @Test
  void aGroupOfAnotherKindIsRefused() throws Exception {
    try (Link link = open("ours,fanout=7")) {
      var refused = assertThrows(LinkException.class, () -> open("ours,fanout=7/cbpf"));
      assertTrue(refused.getMessage().contains("another mode"), refused.getMessage());
      refused = assertThrows(LinkException.class, () -> open("kernels,fanout=7"));
      assertTrue(refused.getMessage().contains("another interface"), refused.getMessage());
      assertEquals(0, link.drops());
    }
  }

  @Test
  void whoWaitsInAGroupIsWokenByArpToo() throws Exception {
    try (Link link = open("ours,fanout=7");
        Link other = open("kernels")) {
      commit(other, link.hardwareAddress(), Packets.ETHER_ARP, new byte[28]);
      other.flush();
      long begun = System.nanoTime();
      link.awaitReadable(5_000_000_000L);
      assertTrue(System.nanoTime() - begun < 2_000_000_000L);
      burst.clear();
      assertEquals(1, link.receive(burst));
    }
  }
}
