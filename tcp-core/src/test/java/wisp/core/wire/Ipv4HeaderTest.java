package wisp.core.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@DisplayName("RFC 791 §3.1: the IPv4 header")
@Tag("rfc791-3.1")
class Ipv4HeaderTest {
  private static final String HEADER = "45b9 0073 1234 0000 4011 0000 c0a8 0001 c0a8 00c7";

  private final Ipv4Header header = new Ipv4Header();

  @Test
  void readsEveryField() {
    assertTrue(header.wrap(packet(0x73), 0, 0x73));
    assertEquals(Ipv4Header.PROBLEM_NONE, header.problem());
    assertEquals(4, header.version());
    assertEquals(20, header.headerLength());
    assertEquals(0x2e, header.dscp());
    assertEquals(1, header.ecn());
    assertEquals(0x73, header.totalLength());
    assertEquals(0x1234, header.identification());
    assertFalse(header.dontFragment() || header.moreFragments() || header.isFragment());
    assertEquals(0, header.fragmentOffset());
    assertEquals(64, header.ttl());
    assertEquals(Ipv4Header.PROTOCOL_UDP, header.protocol());
    assertEquals(0xc0a80001, header.source());
    assertEquals(0xc0a800c7, header.destination());
    assertEquals(20, header.payloadStart());
    assertEquals(0x73 - 20, header.payloadLength());
    assertFalse(header.checksumOk());
  }

  @Test
  void readsFragments() {
    MemorySegment m = packet(0x73);
    Wire.u16(m, 6, 0x2001);
    assertTrue(header.wrap(m, 0, 0x73));
    assertTrue(header.moreFragments() && header.isFragment());
    assertEquals(8, header.fragmentOffset());
    Wire.u16(m, 6, 0x1FFF);
    assertTrue(header.isFragment());
    assertFalse(header.moreFragments());
    assertEquals(65_528, header.fragmentOffset());
    Wire.u16(m, 6, 0xC000); // the reserved bit makes no fragment
    assertTrue(header.dontFragment());
    assertFalse(header.isFragment());
  }

  @Test
  @DisplayName("threat 1.3: what lies behind the total length is padding")
  void paddingIsNoPayload() {
    assertTrue(header.wrap(packet(200), 0, 200));
    assertEquals(0x73 - 20, header.payloadLength());
  }

  @Test
  @DisplayName("RFC 791: options belong to the header")
  void optionsAreNoPayload() {
    MemorySegment m = packet(0x73);
    Wire.u8(m, 0, 0x4F);
    assertTrue(header.wrap(m, 0, 0x73));
    assertEquals(60, header.payloadStart());
    assertEquals(0x73 - 60, header.payloadLength());
  }

  @Test
  @DisplayName("threats 1.1, 1.2: versions and lengths that lie")
  @Tag("threat-1.1")
  @Tag("threat-1.2")
  void refusesWhatContradictsItself() {
    refuses(Ipv4Header.PROBLEM_LENGTH, -1, 0x45, 0x73);
    refuses(Ipv4Header.PROBLEM_LENGTH, 0, 0x45, 0x73);
    refuses(Ipv4Header.PROBLEM_LENGTH, 19, 0x45, 19);
    refuses(Ipv4Header.PROBLEM_LENGTH, 0x72, 0x45, 0x73);
    refuses(Ipv4Header.PROBLEM_LENGTH, 0x73, 0x45, 0);
    refuses(Ipv4Header.PROBLEM_LENGTH, 0x73, 0x45, 19);
    refuses(Ipv4Header.PROBLEM_LENGTH, 0x73, 0x45, 0xFFFF);
    refuses(Ipv4Header.PROBLEM_LENGTH, 0x73, 0x44, 0x73);
    refuses(Ipv4Header.PROBLEM_LENGTH, 0x73, 0x40, 0x73);
    refuses(Ipv4Header.PROBLEM_LENGTH, 0x73, 0x46, 23);
    refuses(Ipv4Header.PROBLEM_VERSION, 0x73, 0x65, 0x73);
    refuses(Ipv4Header.PROBLEM_VERSION, 0x73, 0xF5, 0x73);
    refuses(Ipv4Header.PROBLEM_VERSION, 0x73, 0x05, 0x73);
  }

  private void refuses(int problem, int available, int versionAndLength, int totalLength) {
    MemorySegment m = packet(0x73);
    Wire.u8(m, 0, versionAndLength);
    Wire.u16(m, 2, totalLength);
    assertFalse(header.wrap(m, 0, available));
    assertEquals(problem, header.problem());
  }

  @Test
  void whatIsWrittenIsReadAgain() {
    var random = new SplittableRandom(791);
    MemorySegment m = MemorySegment.ofArray(new byte[70_000]);
    for (int i = 0; i < 20_000; i++) {
      int start = random.nextInt(100);
      int totalLength = random.nextInt(20, 65_536);
      int protocol = random.nextInt(256);
      int source = random.nextInt();
      int destination = random.nextInt();
      int ttl = random.nextInt(1, 256);
      int trafficClass = random.nextInt(256);
      assertEquals(
          20,
          Ipv4Header.write(
              m, start, totalLength, protocol, source, destination, ttl, trafficClass));
      assertTrue(header.wrap(m, start, totalLength));
      assertTrue(header.checksumOk());
      assertEquals(totalLength, header.totalLength());
      assertEquals(20, header.headerLength());
      assertEquals(protocol, header.protocol());
      assertEquals(source, header.source());
      assertEquals(destination, header.destination());
      assertEquals(ttl, header.ttl());
      assertEquals(trafficClass >>> 2, header.dscp());
      assertEquals(trafficClass & 3, header.ecn());
      assertEquals(0, header.identification());
      assertTrue(header.dontFragment());
      assertFalse(header.isFragment());
    }
  }

  @Test
  @DisplayName("RFC 791 §3.2: fragments are written as they are read")
  void writesFragments() {
    MemorySegment m = MemorySegment.ofArray(new byte[20]);
    Ipv4Header.write(
        m, 0, 44, 17, 0xc0000201, 0xc6336402, 64, 0x2e << 2, 0xbeef, false, true, 0x123 * 8);
    String known = "45b8 002c beef 2123 4011 adbf c0000201 c6336402";
    assertEquals(-1, m.mismatch(Hex.segment(known)));

    var random = new SplittableRandom(815);
    for (int i = 0; i < 20_000; i++) {
      int identification = random.nextInt(65_536);
      boolean dontFragment = random.nextBoolean();
      boolean more = random.nextBoolean();
      int offset = random.nextInt(8_192) * 8;
      Ipv4Header.write(m, 0, 20, 6, i, ~i, 64, 0, identification, dontFragment, more, offset);
      assertTrue(header.wrap(m, 0, 20) && header.checksumOk());
      assertEquals(identification, header.identification());
      assertEquals(dontFragment, header.dontFragment());
      assertEquals(more, header.moreFragments());
      assertEquals(offset, header.fragmentOffset());
      assertEquals(more || offset != 0, header.isFragment());
    }
  }

  @Test
  @DisplayName("RFC 1122 §3.2.1.2: every single flipped bit is found")
  void aFlippedBitBreaksTheChecksum() {
    MemorySegment m = MemorySegment.ofArray(new byte[20]);
    Ipv4Header.write(m, 0, 20, 6, 0x0a000001, 0x0a000002, 64, 0);
    for (int bit = 0; bit < 160; bit++) {
      Wire.u8(m, bit / 8, Wire.u8(m, bit / 8) ^ 1 << bit % 8);
      assertFalse(header.wrap(m, 0, 20) && header.checksumOk(), "bit " + bit);
      Wire.u8(m, bit / 8, Wire.u8(m, bit / 8) ^ 1 << bit % 8);
    }
  }

  @Test
  @DisplayName("random and truncated bytes: nothing is thrown, nothing is read past the packet")
  void survivesNoise() {
    var random = new SplittableRandom(1);
    byte[] bytes = new byte[128];
    int accepted = 0;
    for (int i = 0; i < 300_000; i++) {
      random.nextBytes(bytes);
      int length = random.nextInt(bytes.length + 1);
      if (random.nextBoolean()) { // else hardly any would get through
        bytes[0] = (byte) (0x40 | random.nextInt(4, 16));
        bytes[2] = 0;
        bytes[3] = (byte) random.nextInt(128);
      }
      if (!header.wrap(Hex.exactly(bytes, length), 0, length)) {
        assertTrue(header.problem() != Ipv4Header.PROBLEM_NONE);
        continue;
      }
      accepted++;
      String message = "packet " + i;
      assertTrue(header.payloadLength() >= 0, message);
      assertTrue(header.payloadStart() + header.payloadLength() <= length, message);
      assertEquals(4, header.version(), message);
      header.checksumOk();
      header.destination();
    }
    assertTrue(accepted > 10_000, "accepted " + accepted);
  }

  private static MemorySegment packet(int bytes) {
    MemorySegment m = MemorySegment.ofArray(new byte[bytes]);
    m.copyFrom(Hex.segment(HEADER));
    return m;
  }
}
