package wisp.drivers.rawip;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wisp.core.spi.Burst;
import wisp.core.spi.TransmitPacket;
import wisp.drivers.LinkDownException;
import wisp.drivers.Packets;
import wisp.drivers.linux.LeakCheck;

/** What passes and what does not. */
class RawIpPacketsTest extends RawIpTest {
  private void peerSends(DatagramChannel socket, String to, int bytes) throws Exception {
    socket.send(ByteBuffer.allocate(bytes), new InetSocketAddress(to, 9));
  }

  private static List<String> destinations(List<byte[]> packets) {
    var all = new ArrayList<String>();
    for (byte[] packet : packets) {
      all.add(
          (packet[16] & 255)
              + "."
              + (packet[17] & 255)
              + "."
              + (packet[18] & 255)
              + "."
              + (packet[19] & 255));
    }
    return all;
  }

  @Test
  void onlyPacketsToOwnAddressesAreDelivered_ofSeveralPrefixes() throws Exception {
    try (RawIpLink link = open("wispa,own=10.9.1.0/24+10.9.2.128/25+10.9.3.3");
        RawIpLink other = open("wispa,own=10.9.4.0/24");
        DatagramChannel socket = peer.udp(PEER, 9)) {
      for (String to :
          List.of("10.9.1.0", "10.9.1.255", "10.9.2.128", "10.9.3.3", "10.9.4.4", OUR_HOST)) {
        peerSends(socket, to, 10);
      }
      assertEquals(
          List.of("10.9.1.0", "10.9.1.255", "10.9.2.128", "10.9.3.3"), destinations(drain(link)));
      assertEquals(List.of("10.9.4.4"), destinations(drain(other)));
    }
  }

  @Test
  void eachPacketComesOnce_toTheSocketOfItsProtocol() throws Exception {
    try (RawIpLink link = open("wispa,own=10.9.1.0/24")) {
      peer.start("ping", "-c", "1", "-W", "1", OWN).waitFor();
      peer.start("bash", "-c", "echo > /dev/udp/" + OWN + "/9").waitFor();
      peer.start("timeout", "0.3", "bash", "-c", "echo > /dev/tcp/" + OWN + "/80").waitFor();
      assertEquals(
          List.of(1, 6, 17), drain(link).stream().map(packet -> (int) packet[9]).sorted().toList());
    }
  }

  @Test
  void aDatagramOf60KiloBytesComesWhole() throws Exception {
    try (RawIpLink link = open("wispa,own=10.9.1.0/24");
        DatagramChannel socket = peer.udp(PEER, 9)) {
      peerSends(socket, OWN, 60_000);
      List<byte[]> packets = drain(link);
      assertEquals(List.of(60_028), packets.stream().map(packet -> packet.length).toList());
      assertEquals(0, link.drops());
    }
  }

  @ParameterizedTest
  @CsvSource({"auto,1,0", "trust,1,1", "verify,0,0"})
  void partialChecksumsAreTrustedAndCompleteOnesAreLeftToTheStack(
      String mode, int partial, int complete) throws Exception {
    try (RawIpLink link = open("wispa,own=10.9.1.0/24,checksum=" + mode);
        RawIpLink sender = openAtPeer()) {
      peer.start("bash", "-c", "echo > /dev/udp/" + OWN + "/9").waitFor();
      peer.start("timeout", "0.3", "bash", "-c", "echo > /dev/tcp/" + OWN + "/80").waitFor();
      receiveTwo(link);
      for (int i = 0; i < 2; i++) {
        assertFalse(Packets.checksumsAreRight(Packets.copy(burst, i)), "packet " + i);
        assertEquals(partial, burst.flags(i), "packet " + i);
      }
      Packets.commit(sender, Packets.udp(PEER_OWN, 9, OWN, 9, new byte[101]));
      Packets.commit(sender, Packets.tcp(PEER_OWN, 9, OWN, 9, 1, new byte[101]));
      sender.flush();
      receiveTwo(link);
      for (int i = 0; i < 2; i++) {
        assertTrue(Packets.checksumsAreRight(Packets.copy(burst, i)), "packet " + i);
        assertEquals(complete, burst.flags(i), "packet " + i);
      }
    }
  }

  private void receiveTwo(RawIpLink link) {
    long deadline = System.nanoTime() + 5_000_000_000L;
    burst.clear();
    while (burst.size() < 2 && System.nanoTime() < deadline) {
      link.awaitReadable(1_000_000);
      if (burst.size() == 0) {
        pause();
      }
      link.receive(burst);
    }
    assertEquals(2, burst.size());
  }

  /** Both may be there by then: the memory of one receive is gone with the next. */
  private static void pause() {
    try {
      Thread.sleep(50);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aDamagedPacketIsNotTrusted() throws Exception {
    try (RawIpLink link = open("wispa,own=10.9.1.0/24");
        RawIpLink sender = openAtPeer()) {
      byte[] packet = Packets.udp(PEER_OWN, 9, OWN, 9, new byte[100]);
      packet[60] ^= 1;
      assertTrue(Packets.commit(sender, packet));
      sender.flush();
      long deadline = System.nanoTime() + 5_000_000_000L;
      burst.clear();
      while (burst.size() == 0 && System.nanoTime() < deadline) {
        link.receive(burst);
      }
      assertEquals(1, burst.size());
      assertEquals(0, burst.flags(0));
      assertArrayEquals(packet, Packets.copy(burst, 0));
    }
  }

  @Test
  void givenWhatIsNoPacket_whenCommitted_thenItIsDroppedAndCounted() throws Exception {
    try (RawIpLink link = open("wispa,own=10.9.1.0/24");
        DatagramChannel socket = peer.udp(PEER, 9)) {
      byte[] good = Packets.udp(OWN, 9, PEER, 9, new byte[] {42});
      byte[] longHeader = good.clone();
      longHeader[0] = 0x4F; // 60 bytes of header, of which 29 are there
      byte[] ipv6 = good.clone();
      ipv6[0] = 0x60;
      for (byte[] packet : List.of(new byte[0], new byte[19], longHeader, ipv6, good)) {
        Packets.commit(link, packet);
      }
      link.flush();
      var buffer = ByteBuffer.allocate(100);
      socket.receive(buffer);
      assertEquals(42, buffer.get(0));
      assertEquals(4, link.drops());
    }
  }

  @Test
  void givenNoRoute_whenSent_thenItIsDroppedAndCountedAndTheRestLeaves() throws Exception {
    try (RawIpLink link = open("own=10.9.1.0/24");
        DatagramChannel socket = peer.udp(PEER, 9)) {
      Packets.commit(link, Packets.udp(OWN, 9, "203.0.113.1", 9, new byte[1]));
      Packets.commit(link, Packets.udp(OWN, 9, PEER, 9, new byte[] {42}));
      link.flush();
      socket.receive(ByteBuffer.allocate(100));
      assertEquals(1, link.drops());
    }
  }

  @Test
  void givenTheInterfaceIsSetDown_thenWhatIsSentIsCounted_andAllGoesOnWhenItIsUpAgain()
      throws Exception {
    try (RawIpLink link = open("wispa,own=10.9.1.0/24");
        DatagramChannel socket = peer.udp(PEER, 9)) {
      byte[] datagram = Packets.udp(OWN, 9, PEER, 9, new byte[3]);
      ours.run("ip", "link", "set", "wispa", "down");
      Packets.commit(link, datagram);
      link.flush();
      assertEquals(1, link.drops());
      link.awaitReadable(1_000_000);
      burst.clear();
      assertEquals(0, link.receive(burst));
      ours.run("ip", "link", "set", "wispa", "up");
      Packets.commit(link, datagram);
      link.flush();
      socket.receive(ByteBuffer.allocate(100));
      peerSends(socket, OWN, 5);
      assertEquals(1, drain(link).size());
    }
  }

  @ParameterizedTest
  @CsvSource({"true", "false"})
  void givenTheInterfaceIsDeleted_thenReceiveSaysItIsGone(boolean sendFirst) throws Exception {
    LeakCheck before = LeakCheck.now();
    String system = system();
    RawIpLink link = open("wispa,own=10.9.1.0/24");
    ours.run("ip", "link", "del", "wispa");
    if (sendFirst) {
      Packets.commit(link, Packets.udp(OWN, 9, PEER, 9, new byte[3]));
      link.flush();
      assertEquals(1, link.drops());
    }
    var gone =
        assertThrows(
            LinkDownException.class,
            () -> {
              while (true) {
                burst.clear();
                link.receive(burst);
              }
            });
    assertTrue(gone.getMessage().contains("rawip:wispa is gone"), gone.getMessage());
    assertThrows(LinkDownException.class, () -> link.awaitReadable(1_000_000));
    assertFalse(link.claim(100, new TransmitPacket()));
    link.close();
    before.assertNothingMore();
    assertEquals(0, notes());
    assertEquals(
        system.lines().filter(line -> line.matches("\\d+:.*")).toList(),
        system().lines().filter(line -> line.matches("\\d+:.*")).toList());
  }

  @Test
  void givenAWaiter_whenTheInterfaceIsDeleted_thenItLearnsAtOnce() throws Exception {
    try (RawIpLink link = open("wispa,own=10.9.1.0/24")) {
      ours.run("ip", "link", "del", "wispa");
      long before = System.nanoTime();
      assertThrows(LinkDownException.class, () -> link.awaitReadable(10_000_000_000L));
      assertTrue(System.nanoTime() - before < 5_000_000_000L);
    }
  }

  @Test
  void givenAFloodOfTcp_thenAnEchoRequestStillComes() throws Exception {
    try (RawIpLink link = open("wispa,own=10.9.1.0/24");
        RawIpLink sender = openAtPeer()) {
      byte[] segment = Packets.tcp(PEER_OWN, 9, OWN, 9, 1, new byte[10]);
      for (int i = 0; i < 10 * Burst.CAPACITY; i++) {
        Packets.commit(sender, segment);
      }
      sender.flush();
      peer.start("ping", "-c", "1", "-W", "1", OWN).waitFor();
      int bursts = 0;
      boolean seen = false;
      while (!seen && bursts < 3) {
        burst.clear();
        link.receive(burst);
        for (int i = 0; i < burst.size(); i++) {
          seen |= Packets.copy(burst, i)[9] == Packets.ICMP;
        }
        bursts++;
      }
      assertTrue(seen, "not in the first three bursts");
    }
  }
}
