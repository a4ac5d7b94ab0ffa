package wisp.drivers.faults;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.ip.IpAddress;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.LinkOffloads;
import wisp.drivers.Framing;
import wisp.drivers.Packets;
import wisp.drivers.inmemory.InMemoryPipe;

/** What a path does to packets larger than its MTU, and to ICMP errors. */
class PathMtuTest {
  private static final int ROOM = 70_000;
  private static final long A = 0x02_0000_0000_0AL;
  private static final long B = 0x02_0000_0000_0BL;

  private static byte[] ipv4(int bytes) {
    return Packets.udp("10.9.0.1", 1, "10.9.1.7", 2, new byte[bytes - 28]);
  }

  private static byte[] ipv6(int bytes) {
    return Packets.ipv6(Packets.UDP, "fd09::1", "fd09::7", new byte[bytes - 40], 6);
  }

  private static byte[] icmpv6(int type) {
    return Packets.ipv6(Packets.ICMPV6, "fd09::1", "fd09::7", bytes(type, 40), 2);
  }

  /** ICMP of a type, about nothing in particular. */
  private static byte[] icmp(int type) {
    byte[] packet = ipv4(68);
    packet[9] = Packets.ICMP;
    packet[20] = (byte) type;
    return packet;
  }

  private static byte[] bytes(int first, int length) {
    var bytes = new byte[length];
    bytes[0] = (byte) first;
    return bytes;
  }

  private static void offer(PathModel model, byte[] packet, long now) {
    model.offer(MemorySegment.ofArray(packet), 0, packet.length, 0, now);
  }

  private static List<byte[]> take(PathModel model, long now) {
    var packets = new ArrayList<byte[]>();
    for (int slot = model.poll(now); slot != PathModel.NONE; slot = model.poll(now)) {
      packets.add(
          model
              .memory(slot)
              .asSlice(model.start(slot), model.length(slot))
              .toArray(ValueLayout.JAVA_BYTE));
      model.release(slot);
    }
    return packets;
  }

  /** What comes back when one packet has been offered. */
  private static List<byte[]> answers(String path, Link.Kind kind, byte[] packet) {
    try (var there = new PathModel(PathConfig.parse(path), kind, ROOM, 1);
        var back = new PathModel(PathConfig.PERFECT, kind, ROOM, 2)) {
      there.answersThrough(back);
      offer(there, packet, 0);
      List<byte[]> answers = take(back, 0);
      assertEquals(answers.size(), there.stats().answers());
      return answers;
    }
  }

  @Test
  void aLargerPacketIsLostSilentlyAndCounted() {
    try (var model = new PathModel(PathConfig.parse("mtu=1280"), ROOM, 1);
        var back = new PathModel(PathConfig.PERFECT, ROOM, 2)) {
      model.answersThrough(back);
      offer(model, ipv4(1280), 0);
      offer(model, ipv6(1280), 0);
      assertEquals(2, take(model, 0).size());
      offer(model, ipv4(1281), 0);
      offer(model, ipv6(1281), 0);
      assertEquals(0, take(model, 0).size());
      assertEquals(0, take(back, 0).size());
      PathStats stats = model.stats();
      assertEquals(2, stats.lostTooBig());
      assertEquals(2, stats.lost());
      assertTrue(stats.against(model.path()).contains("beyond mtu 1280: 2, 0 answered"));
    }
  }

  @Test
  void whenAsked_anIpv4SenderIsToldWithTheMtuAndTheBeginningOfThePacket() {
    // RFC 1191 §4, RFC 1812 §4.3.2.3
    byte[] packet = ipv4(1400);
    byte[] answer = answers("mtu=1300,pmtu=icmp", Link.Kind.IP, packet).getFirst();
    var fields = ByteBuffer.wrap(answer);
    assertEquals(576, answer.length);
    assertEquals(576, fields.getShort(2));
    assertEquals(IpAddress.parse("192.0.2.1").ipv4(), fields.getInt(12));
    assertEquals(IpAddress.parse("10.9.0.1").ipv4(), fields.getInt(16));
    assertEquals(0x0304, fields.getShort(20));
    assertEquals(1300, fields.getInt(24));
    assertEquals(0xFFFF, Packets.sum(answer, 0, 20, 0));
    assertEquals(0xFFFF, Packets.sum(answer, 20, answer.length, 0));
    assertArrayEquals(Arrays.copyOf(packet, 548), Arrays.copyOfRange(answer, 28, 576));
  }

  @Test
  void whenAsked_anIpv6SenderIsToldWithTheMtuAndAsMuchAsFits() {
    // RFC 4443 §3.2
    byte[] packet = ipv6(1400);
    byte[] answer = answers("mtu=1300,pmtu=icmp,router=fd00::9", Link.Kind.IP, packet).getFirst();
    var fields = ByteBuffer.wrap(answer);
    assertEquals(1280, answer.length);
    assertEquals(1240, fields.getShort(4));
    assertEquals(IpAddress.parse("fd00::9").high(), fields.getLong(8));
    assertEquals(9, fields.getLong(16));
    assertEquals(1, fields.getLong(32));
    assertEquals(0x0200, fields.getShort(40));
    assertEquals(1300, fields.getInt(44));
    assertTrue(Packets.ipv6ChecksumIsRight(answer));
    assertArrayEquals(Arrays.copyOf(packet, 1232), Arrays.copyOfRange(answer, 48, 1280));
  }

  @Test
  void nobodyIsToldOfWhatNoErrorMayFollow() {
    // RFC 1122 §3.2.2, RFC 4443 §2.4 (e)
    byte[] mayBeCut = ipv4(1400);
    mayBeCut[6] = 0;
    byte[] laterFragment = ipv4(1400);
    laterFragment[7] = 100;
    byte[] toGroup = ipv4(1400);
    toGroup[16] = (byte) 224;
    byte[] fromGroup = ipv4(1400);
    fromGroup[12] = (byte) 255;
    byte[] fromNobody = ipv4(1400);
    fromNobody[12] = 0;
    byte[] error = ipv4(1400);
    error[9] = Packets.ICMP;
    error[20] = 3;
    byte[] errorV6 = Packets.ipv6(Packets.ICMPV6, "fd09::1", "fd09::7", bytes(1, 1360), 2);
    byte[] fromNobodyV6 = Packets.ipv6(Packets.UDP, "::", "fd09::7", new byte[1360], 6);
    byte[] fromGroupV6 = Packets.ipv6(Packets.UDP, "ff02::1", "fd09::7", new byte[1360], 6);
    byte[][] packets = {
      mayBeCut,
      laterFragment,
      toGroup,
      fromGroup,
      fromNobody,
      error,
      errorV6,
      fromNobodyV6,
      fromGroupV6
    };
    for (int i = 0; i < packets.length; i++) {
      assertEquals(
          0, answers("mtu=1280,pmtu=icmp", Link.Kind.IP, packets[i]).size(), "packet " + i);
    }
  }

  @Test
  void answersAreLimitedInRate() {
    // RFC 1812 §4.3.2.8, RFC 4443 §2.4 (f)
    try (var there = new PathModel(PathConfig.parse("mtu=1280,pmtu=icmp"), ROOM, 1);
        var back = new PathModel(PathConfig.PERFECT, ROOM, 2)) {
      there.answersThrough(back);
      for (int i = 0; i < 1000; i++) {
        offer(there, ipv4(1400), 5);
      }
      assertEquals(10, take(back, 5).size());
      for (long now = 0; now < 1_000_000_000L; now += 1_000_000) {
        offer(there, ipv4(1400), now + 5);
      }
      assertEquals(99, take(back, 1_000_000_000L).size(), 1.0);
      offer(there, ipv4(1400), 1_000_000_000_000L);
      assertEquals(1, take(back, 1_000_000_000_000L).size());
    }
  }

  @ParameterizedTest
  @CsvSource({"1240,true", "1241,false", "0,false"})
  void anUncutPacketIsJudgedByItsSegments(int segmentBytes, boolean passes) {
    byte[] packet = Packets.tcp("10.9.0.1", 1, "10.9.1.7", 2, 0, new byte[60_000]);
    try (var model = new PathModel(PathConfig.parse("mtu=1280"), ROOM, 1)) {
      model.offer(MemorySegment.ofArray(packet), 0, packet.length, 0, segmentBytes, 0);
      assertEquals(passes ? 0 : 1, model.stats().lostTooBig());
      int slot = model.poll(0);
      if (passes) {
        assertEquals(segmentBytes, model.segmentBytes(slot));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void icmpErrorsAreLostWhenBlocked_butNoEchoAndNoNeighbourDiscovery(boolean ethernet) {
    Link.Kind kind = ethernet ? Link.Kind.ETHERNET : Link.Kind.IP;
    try (var model = new PathModel(PathConfig.parse("icmp=block"), kind, ROOM, 1)) {
      for (int type : new int[] {3, 4, 5, 11, 12}) {
        offer(model, framed(kind, icmp(type)), 0);
      }
      for (int type : new int[] {1, 2, 3, 4, 127}) {
        offer(model, framed(kind, icmpv6(type)), 0);
      }
      assertEquals(0, take(model, 0).size());
      assertEquals(10, model.stats().lostIcmp());
      for (int type : new int[] {0, 8, 13}) {
        offer(model, framed(kind, icmp(type)), 0);
      }
      for (int type : new int[] {128, 129, 133, 134, 135, 136, 143}) {
        offer(model, framed(kind, icmpv6(type)), 0);
      }
      offer(model, framed(kind, ipv4(100)), 0);
      assertEquals(11, take(model, 0).size());
    }
  }

  private static byte[] framed(Link.Kind kind, byte[] packet) {
    int type = packet[0] >> 4 == 6 ? Packets.ETHER_IPV6 : Packets.ETHER_IPV4;
    return kind == Link.Kind.IP ? packet : Packets.ethernet(B, A, type, packet);
  }

  @Test
  void onEthernetTheAnswerIsFramedForTheSender_andTheHeaderDoesNotCount() {
    byte[] frame = framed(Link.Kind.ETHERNET, ipv6(1400));
    byte[] answer = answers("mtu=1280,pmtu=icmp", Link.Kind.ETHERNET, frame).getFirst();
    assertArrayEquals(
        Packets.ethernet(A, B, Packets.ETHER_IPV6, Arrays.copyOfRange(answer, 14, answer.length)),
        answer);
    assertTrue(Packets.ipv6ChecksumIsRight(Packets.unframed(answer, Packets.ETHER_IPV6)));
    assertEquals(0, answers("mtu=1400,pmtu=icmp", Link.Kind.ETHERNET, frame).size());
    byte[] toAll = Packets.ethernet(0xFFFF_FFFF_FFFFL, A, Packets.ETHER_IPV4, ipv4(1400));
    assertEquals(0, answers("mtu=1280,pmtu=icmp", Link.Kind.ETHERNET, toAll).size());
    byte[] tagged = new byte[frame.length + 4];
    System.arraycopy(frame, 0, tagged, 0, 12);
    tagged[12] = (byte) 0x81;
    tagged[15] = 7;
    System.arraycopy(frame, 12, tagged, 16, frame.length - 12);
    answer = answers("mtu=1280,pmtu=icmp", Link.Kind.ETHERNET, tagged).getFirst();
    assertEquals(
        18, Framing.ipOffset(Link.Kind.ETHERNET, MemorySegment.ofArray(answer), 0, answer.length));
    assertEquals(7, answer[15]);
  }

  @Test
  void theAnswerTravelsTheWayBack() {
    try (var pipe = InMemoryPipe.ethernet(1500, 64, LinkOffloads.NONE, A, B);
        var link =
            new FaultyLink(
                pipe.a(),
                PathConfig.parse("mtu=1280,pmtu=icmp,delay=3ms"),
                PathConfig.parse("delay=2ms"),
                1)) {
      assertEquals(A, link.hardwareAddress());
      assertTrue(Packets.commit(link, framed(Link.Kind.ETHERNET, ipv4(1400))));
      link.flush();
      assertEquals(2_000_000, link.nextDeadlineNanos());
      link.advanceTo(2_000_000);
      var burst = new Burst();
      assertEquals(1, link.receive(burst));
      byte[] answer = Packets.unframed(Packets.copy(burst, 0), Packets.ETHER_IPV4);
      assertTrue(Packets.isIpv4(answer, Packets.ICMP));
      burst.clear();
      link.advanceTo(10_000_000);
      assertEquals(0, pipe.b().receive(burst));
    }
  }

  @Test
  void givenBlockedIcmpOnTheWayBack_thenTheAnswerIsLost() {
    try (var there = new PathModel(PathConfig.parse("mtu=1280,pmtu=icmp"), ROOM, 1);
        var back = new PathModel(PathConfig.parse("icmp=block"), ROOM, 2)) {
      there.answersThrough(back);
      offer(there, ipv6(1400), 0);
      assertEquals(0, take(back, 0).size());
      assertEquals(1, there.stats().answers());
      assertEquals(1, back.stats().lostIcmp());
    }
  }

  /** A flipped bit must be one that a checksum finds: IPv6 has none over its header. */
  @Test
  void corruptionStrikesOnlyWhereAReceiverLooks() {
    byte[] arp = Packets.ethernet(B, A, Packets.ETHER_ARP, new byte[28]);
    byte[][] packets = {
      arp, framed(Link.Kind.ETHERNET, ipv6(60)), framed(Link.Kind.ETHERNET, ipv4(60))
    };
    int[] firstByte = {packets[0].length, 14 + 8, 14};
    try (var model = new PathModel(PathConfig.parse("corrupt=100%"), Link.Kind.ETHERNET, ROOM, 1)) {
      for (int i = 0; i < packets.length; i++) {
        int least = Integer.MAX_VALUE;
        for (int round = 0; round < 5000; round++) {
          offer(model, packets[i], 0);
          int at = Arrays.mismatch(packets[i], take(model, 0).getFirst());
          least = Math.min(least, at < 0 ? packets[i].length : at);
        }
        assertEquals(firstByte[i], least);
      }
      assertEquals(10_000, model.stats().corrupted());
    }
  }
}
