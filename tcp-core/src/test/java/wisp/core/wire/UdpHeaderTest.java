package wisp.core.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@DisplayName("RFC 768: the UDP header")
@Tag("rfc768")
class UdpHeaderTest {
  private static final long IPV4 = Checksum.pseudoHeaderIpv4(0xc0000201, 0xc6336402, 17, 11);
  private static final long IPV6 =
      Checksum.pseudoHeaderIpv6(0x2001_0db8_0000_0000L, 1, 0xfe80L << 48, 0xff_fe00_abcdL, 17, 11);

  private final UdpHeader header = new UdpHeader();

  @Test
  void readsEveryField() {
    MemorySegment m = Hex.segment("ff 3039 0035 000b 1ed0 616263 00");
    assertTrue(header.wrap(m, 1, 11));
    assertEquals(12_345, header.sourcePort());
    assertEquals(53, header.destinationPort());
    assertEquals(11, header.length());
    assertEquals(0x1ed0, header.checksum());
    assertEquals(1, header.start());
    assertEquals(9, header.payloadStart());
    assertEquals(3, header.payloadLength());
    assertTrue(header.checksumOk(IPV4));
    assertFalse(header.checksumOk(IPV6));
    assertFalse(header.zeroChecksum());
  }

  @Test
  @DisplayName("RFC 1122 §4.1.3.4, RFC 8200 §8.1: no checksum is no right checksum")
  void noChecksum() {
    MemorySegment m = Hex.segment("3039 0035 000b 0000 616263");
    assertTrue(header.wrap(m, 0, 11));
    assertTrue(header.zeroChecksum());
    assertFalse(header.checksumOk(IPV4));
    assertFalse(header.checksumOk(IPV6));
  }

  @Test
  void writesKnownBytes() {
    MemorySegment m = Hex.segment("ff ffff ffff ffff ffff 616263 ff");
    assertEquals(8, UdpHeader.write(m, 1, 12_345, 53, 11));
    UdpHeader.completeChecksum(m, 1, 11, IPV4);
    assertEquals(-1, m.mismatch(Hex.segment("ff 3039 0035 000b 1ed0 616263 ff")));
    UdpHeader.write(m, 1, 12_345, 53, 11);
    UdpHeader.completeChecksum(m, 1, 11, IPV6);
    assertEquals(-1, m.mismatch(Hex.segment("ff 3039 0035 000b 33ff 616263 ff")));
  }

  @Test
  @DisplayName("a computed 0 is sent as all ones, and is right")
  void computedZeroIsSentAsOnes() {
    MemorySegment m = Hex.segment("0000 0000 0000 0000 0000");
    long pseudo = Checksum.pseudoHeaderIpv4(0x0a000001, 0x0a000002, 17, 10);
    UdpHeader.write(m, 0, 1, 2, 10);
    Wire.u16(m, 8, Checksum.finish(Checksum.sum(m, 0, 10, pseudo)));
    assertEquals(0, Checksum.finish(Checksum.sum(m, 0, 10, pseudo)));
    UdpHeader.completeChecksum(m, 0, 10, pseudo);
    assertTrue(header.wrap(m, 0, 10));
    assertEquals(0xFFFF, header.checksum());
    assertFalse(header.zeroChecksum());
    assertTrue(header.checksumOk(pseudo));
  }

  @Test
  @DisplayName("RFC 8085: a length shorter than the payload cuts, a longer one is refused")
  void lengths() {
    MemorySegment m = Hex.segment("3039 0035 0009 0000 616263");
    assertTrue(header.wrap(m, 0, 11));
    assertEquals(9, header.length());
    assertEquals(1, header.payloadLength());
    Wire.u16(m, 4, 8);
    assertTrue(header.wrap(m, 0, 11));
    assertEquals(0, header.payloadLength());
    for (int length : new int[] {0, 1, 7, 12, 0xFFFF}) {
      Wire.u16(m, 4, length);
      assertFalse(header.wrap(m, 0, 11), "length " + length);
    }
    Wire.u16(m, 4, 8);
    for (int available : new int[] {Integer.MIN_VALUE, -1, 0, 7}) {
      assertFalse(header.wrap(m, 0, available), "available " + available);
    }
  }

  @Test
  @DisplayName("random and truncated bytes: nothing is thrown, nothing is read past the datagram")
  void survivesNoise() {
    var random = new SplittableRandom(768);
    byte[] bytes = new byte[64];
    int accepted = 0;
    for (int i = 0; i < 200_000; i++) {
      random.nextBytes(bytes);
      int length = random.nextInt(bytes.length + 1);
      if (random.nextBoolean()) {
        bytes[4] = 0;
        bytes[5] = (byte) random.nextInt(64);
      }
      if (header.wrap(Hex.exactly(bytes, length), 0, length)) {
        accepted++;
        assertTrue(header.payloadLength() >= 0);
        assertTrue(header.payloadStart() + header.payloadLength() <= length);
        header.checksumOk(IPV6);
      }
    }
    assertTrue(accepted > 10_000, "accepted " + accepted);
  }
}
