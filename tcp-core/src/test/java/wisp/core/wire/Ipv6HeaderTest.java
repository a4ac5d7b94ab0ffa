package wisp.core.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@DisplayName("RFC 8200 §3: the IPv6 header")
@Tag("rfc8200-3")
class Ipv6HeaderTest {
  private static final String HEADER =
      """
      6b9a bcde 0010 11ff
      2001 0db8 0011 2233 8000 0000 0000 0001
      fe80 0000 0000 0000 f234 5678 9abc def0
      """;

  private final Ipv6Header header = new Ipv6Header();

  @Test
  void readsEveryField() {
    assertTrue(header.wrap(packet(56), 0, 56));
    assertEquals(Ipv6Header.PROBLEM_NONE, header.problem());
    assertEquals(6, header.version());
    assertEquals(0xb9, header.trafficClass());
    assertEquals(0x2e, header.dscp());
    assertEquals(1, header.ecn());
    assertEquals(0xabcde, header.flowLabel());
    assertEquals(16, header.payloadLength());
    assertEquals(56, header.totalLength());
    assertEquals(Ipv6Header.PROTOCOL_UDP, header.nextHeader());
    assertEquals(255, header.hopLimit());
    assertEquals(0x2001_0db8_0011_2233L, header.sourceHigh());
    assertEquals(0x8000_0000_0000_0001L, header.sourceLow());
    assertEquals(0xfe80_0000_0000_0000L, header.destinationHigh());
    assertEquals(0xf234_5678_9abc_def0L, header.destinationLow());
    assertEquals(0, header.start());
    assertEquals(40, header.payloadStart());
  }

  @Test
  @DisplayName("threat 1.3: what lies behind the payload length is padding")
  void paddingIsNoPayload() {
    assertTrue(header.wrap(packet(100), 0, 100));
    assertEquals(16, header.payloadLength());
    assertEquals(56, header.totalLength());
  }

  @Test
  void aPacketMayBeEmpty() {
    MemorySegment m = packet(40);
    Wire.u16(m, 4, 0);
    assertTrue(header.wrap(m, 0, 40));
    assertEquals(0, header.payloadLength());
  }

  @Test
  @DisplayName("threats 1.1, 1.2: versions and lengths that lie")
  void refusesWhatContradictsItself() {
    refuses(Ipv6Header.PROBLEM_LENGTH, -1, 0x60, 0);
    refuses(Ipv6Header.PROBLEM_LENGTH, Integer.MIN_VALUE, 0x60, 0);
    refuses(Ipv6Header.PROBLEM_LENGTH, 0, 0x60, 0);
    refuses(Ipv6Header.PROBLEM_LENGTH, 39, 0x60, 0);
    refuses(Ipv6Header.PROBLEM_LENGTH, 55, 0x60, 16);
    refuses(Ipv6Header.PROBLEM_LENGTH, 56, 0x60, 17);
    refuses(Ipv6Header.PROBLEM_LENGTH, 56, 0x60, 0xFFFF);
    refuses(Ipv6Header.PROBLEM_VERSION, 56, 0x45, 16);
    refuses(Ipv6Header.PROBLEM_VERSION, 56, 0x70, 16);
    refuses(Ipv6Header.PROBLEM_VERSION, 56, 0xF0, 16);
    refuses(Ipv6Header.PROBLEM_VERSION, 56, 0x06, 16);
  }

  private void refuses(int problem, int available, int firstByte, int payloadLength) {
    MemorySegment m = packet(56);
    Wire.u8(m, 0, firstByte);
    Wire.u16(m, 4, payloadLength);
    assertFalse(header.wrap(m, 0, available));
    assertEquals(problem, header.problem());
  }

  @Test
  void writesKnownBytes() {
    MemorySegment m = MemorySegment.ofArray(new byte[40]);
    int length =
        Ipv6Header.write(
            m,
            0,
            16,
            17,
            0x2001_0db8_0011_2233L,
            0x8000_0000_0000_0001L,
            0xfe80_0000_0000_0000L,
            0xf234_5678_9abc_def0L,
            255,
            0xb9,
            0xabcde);
    assertEquals(40, length);
    assertEquals(-1, m.mismatch(Hex.segment(HEADER)));
  }

  @Test
  void whatIsWrittenIsReadAgain() {
    var random = new SplittableRandom(8200);
    MemorySegment m = MemorySegment.ofArray(new byte[70_000]);
    for (int i = 0; i < 20_000; i++) {
      int start = random.nextInt(100);
      int payload = random.nextInt(65_536);
      int next = random.nextInt(256);
      int hops = random.nextInt(256);
      int trafficClass = random.nextInt(256);
      int label = random.nextInt(1 << 20);
      long a = random.nextLong();
      long b = random.nextLong();
      long c = random.nextLong();
      long d = random.nextLong();
      Ipv6Header.write(m, start, payload, next, a, b, c, d, hops, trafficClass, label);
      assertTrue(header.wrap(m, start, 40 + payload));
      assertEquals(payload, header.payloadLength());
      assertEquals(next, header.nextHeader());
      assertEquals(hops, header.hopLimit());
      assertEquals(trafficClass, header.trafficClass());
      assertEquals(label, header.flowLabel());
      assertEquals(a, header.sourceHigh());
      assertEquals(b, header.sourceLow());
      assertEquals(c, header.destinationHigh());
      assertEquals(d, header.destinationLow());
    }
  }

  @Test
  @DisplayName("random and truncated bytes: nothing is thrown, nothing is read past the packet")
  void survivesNoise() {
    var random = new SplittableRandom(1);
    byte[] bytes = new byte[128];
    int accepted = 0;
    for (int i = 0; i < 200_000; i++) {
      random.nextBytes(bytes);
      int length = random.nextInt(bytes.length + 1);
      if (random.nextBoolean()) { // else hardly any would get through
        bytes[0] = (byte) (0x60 | bytes[0] & 0xF);
        bytes[4] = 0;
        bytes[5] = (byte) random.nextInt(128);
      }
      if (!header.wrap(Hex.exactly(bytes, length), 0, length)) {
        assertTrue(header.problem() != Ipv6Header.PROBLEM_NONE);
        continue;
      }
      accepted++;
      assertEquals(6, header.version());
      assertTrue(header.payloadStart() + header.payloadLength() <= length, "packet " + i);
      header.destinationLow();
    }
    assertTrue(accepted > 10_000, "accepted " + accepted);
  }

  private static MemorySegment packet(int bytes) {
    MemorySegment m = MemorySegment.ofArray(new byte[bytes]);
    m.copyFrom(Hex.segment(HEADER));
    return m;
  }
}
