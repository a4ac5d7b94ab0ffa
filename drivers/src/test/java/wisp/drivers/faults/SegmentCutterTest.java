package wisp.drivers.faults;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.TransmitPacket;
import wisp.drivers.Packets;
import wisp.drivers.inmemory.InMemoryPipe;

/** Packets of 64 KiB meet a path as what a wire would carry. */
class SegmentCutterTest {
  private static final int MTU = 1500;
  private static final int FIN = 0x01;
  private static final int PSH = 0x08;
  private static final int ACK = 0x10;
  private static final int CWR = 0x80;

  private static byte[] payload(int bytes) {
    var payload = new byte[bytes];
    new Random(bytes).nextBytes(payload);
    return payload;
  }

  private static byte[] ipv4(int bytes, int flags) {
    byte[] packet = Packets.tcp("10.9.0.1", 40_000, "10.9.1.7", 7, -100, payload(bytes));
    packet[33] = (byte) flags;
    packet[36] = packet[37] = 0;
    ByteBuffer.wrap(packet).putShort(36, (short) Packets.transportChecksum(packet));
    return packet;
  }

  private static byte[] ipv6(int bytes, int flags) {
    var transport = ByteBuffer.allocate(20 + bytes);
    transport.putInt(0x9C40_0007).putInt(-100).putInt(1).putInt(0x5000_1000 | flags << 16);
    transport.position(20).put(payload(bytes));
    return Packets.ipv6(Packets.TCP, "fd09::1", "fd09::7", transport.array(), 16);
  }

  private static List<byte[]> cut(Link.Kind kind, byte[] packet, int flags, int segmentBytes) {
    var burst = new Burst();
    burst.add(MemorySegment.ofArray(packet), 0, packet.length, flags, segmentBytes);
    var cutter = new SegmentCutter(kind, MTU);
    var segments = new ArrayList<byte[]>();
    if (cutter.begin(burst, 0)) {
      while (cutter.next()) {
        segments.add(cutter.memory().asSlice(0, cutter.length()).toArray(ValueLayout.JAVA_BYTE));
      }
    }
    return segments;
  }

  @ParameterizedTest
  @CsvSource({
    "false, 64000, 1460, 44",
    "false, 64000, 0, 44", // it says nothing, and is larger than the MTU
    "false, 2920, 1460, 2",
    "false, 2921, 1460, 3",
    "false, 3000, 536, 6",
    "false, 30000, 9000, 21", // no segment beyond the MTU
    "true, 64000, 1440, 45",
    "true, 64000, 0, 45",
  })
  void segmentsAreWhatTheSenderWouldHaveSent(boolean ipv6, int bytes, int segmentBytes, int count) {
    int flags = CWR | ACK | PSH | FIN;
    byte[] whole = ipv6 ? ipv6(bytes, flags) : ipv4(bytes, flags);
    List<byte[]> segments = cut(Link.Kind.IP, whole, 0, segmentBytes);
    assertEquals(count, segments.size());
    int tcp = ipv6 ? 40 : 20;
    int sequence = -100;
    var together = ByteBuffer.allocate(bytes);
    for (int i = 0; i < count; i++) {
      byte[] segment = segments.get(i);
      var fields = ByteBuffer.wrap(segment);
      assertTrue(segment.length <= MTU);
      assertTrue(
          ipv6 ? Packets.ipv6ChecksumIsRight(segment) : Packets.checksumsAreRight(segment),
          "checksums of " + i);
      assertEquals(segment.length - (ipv6 ? 40 : 0), fields.getShort(ipv6 ? 4 : 2) & 0xFFFF);
      if (!ipv6) {
        assertEquals(i, fields.getShort(4), "identification");
      }
      assertEquals(sequence, fields.getInt(tcp + 4));
      int expected = ACK | (i == 0 ? CWR : 0) | (i == count - 1 ? PSH | FIN : 0);
      assertEquals(expected, segment[tcp + 13] & 0xFF, "flags of " + i);
      together.put(segment, tcp + 20, segment.length - tcp - 20);
      sequence += segment.length - tcp - 20;
    }
    assertArrayEquals(payload(bytes), together.array());
  }

  @Test
  void aPartialChecksumThatIsTrustedBecomesComplete_aWrongOneStaysWrong() {
    byte[] partial = ipv4(10_000, ACK);
    ByteBuffer.wrap(partial).putShort(36, (short) Packets.pseudoHeaderSum(partial));
    for (byte[] segment : cut(Link.Kind.IP, partial, Burst.CHECKSUM_TRUSTED, 1460)) {
      assertTrue(Packets.checksumsAreRight(segment));
    }
    for (byte[] segment : cut(Link.Kind.IP, partial, 0, 1460)) {
      assertFalse(Packets.checksumsAreRight(segment));
    }
  }

  @Test
  void onEthernetEachHasTheFrame() {
    byte[] frame = Packets.ethernet(1, 2, Packets.ETHER_IPV4, ipv4(4000, ACK));
    List<byte[]> segments = cut(Link.Kind.ETHERNET, frame, 0, 1460);
    assertEquals(3, segments.size());
    for (byte[] segment : segments) {
      assertArrayEquals(Arrays.copyOf(frame, 14), Arrays.copyOf(segment, 14));
      assertTrue(Packets.checksumsAreRight(Packets.unframed(segment, Packets.ETHER_IPV4)));
    }
  }

  @Test
  void whatIsNoTcpOrSmallOrMalformedIsLeftAsItIs() {
    byte[] udp = Packets.udp("10.9.0.1", 1, "10.9.1.7", 2, new byte[5000]);
    assertEquals(List.of(), cut(Link.Kind.IP, udp, 0, 1000));
    assertEquals(List.of(), cut(Link.Kind.IP, ipv4(1460, ACK), 0, 0));
    assertEquals(List.of(), cut(Link.Kind.IP, ipv4(1000, ACK), 0, 1460));
    byte[] fragment = ipv4(5000, ACK);
    fragment[6] = 0x20;
    assertEquals(List.of(), cut(Link.Kind.IP, fragment, 0, 1460));
    var random = new Random(1);
    for (int i = 0; i < 100_000; i++) {
      byte[] noise = random.nextBoolean() ? ipv4(3000, ACK) : ipv6(3000, ACK);
      for (int spoilt = random.nextInt(4); spoilt >= 0; spoilt--) {
        noise[random.nextInt(60)] = (byte) random.nextInt();
      }
      noise = Arrays.copyOf(noise, random.nextInt(noise.length + 1));
      int segmentBytes = random.nextInt(3) == 0 ? 1 + random.nextInt(70_000) : 1460;
      for (byte[] segment : cut(Link.Kind.IP, noise, random.nextInt(2), segmentBytes)) {
        assertTrue(segment.length <= MTU);
      }
    }
  }

  /** The rate of a shaped link is that of the segments: headers are paid for, one by one. */
  @Test
  void aLargePacketLeavesTheBottleneckSegmentBySegment() {
    try (var pipe = new InMemoryPipe(MTU, 64, InMemoryPipe.ALL_OFFLOADS);
        var link =
            new FaultyLink(
                pipe.a(), PathConfig.PERFECT, PathConfig.parse("rate=12mbit,queue=30"), 1)) {
      byte[] whole = ipv4(43_800, ACK); // 30 segments of 1460
      var packet = new TransmitPacket();
      assertTrue(pipe.b().claim(whole.length, packet));
      MemorySegment.copy(
          whole, 0, packet.memory, ValueLayout.JAVA_BYTE, packet.start, whole.length);
      packet.length = whole.length;
      packet.needsChecksum = true;
      packet.segmentBytes = 1460;
      packet.headerBytes = 40;
      packet.checksumStart = 20;
      packet.checksumOffset = 16;
      pipe.b().commit(packet);
      pipe.b().flush();
      var burst = new Burst();
      assertEquals(0, link.receive(burst));
      for (int i = 1; i <= 30; i++) {
        assertEquals(i * 1_000_000L, link.nextDeadlineNanos()); // 1,500 B at 12 Mbit/s
        link.advanceTo(link.nextDeadlineNanos());
        burst.clear();
        assertEquals(1, link.receive(burst));
        assertEquals(1500, burst.length(0));
        assertEquals(0, burst.segmentBytes(0));
        assertTrue(Packets.checksumsAreRight(Packets.copy(burst, 0)));
      }
      assertEquals(Long.MAX_VALUE, link.nextDeadlineNanos());
      assertEquals(0, link.receivingStats().lost());
    }
  }
}
