package wisp.core.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@DisplayName("RFC 4443: ICMPv6")
@Tag("rfc4443")
class Icmpv6HeaderTest {
  private static final long A_HIGH = 0x2001_0db8_0000_0000L;
  private static final long A_LOW = 1;
  private static final long B_HIGH = 0xfe80L << 48;
  private static final long B_LOW = 0xff_fe00_abcdL;

  private final SplittableRandom random = new SplittableRandom(4443);
  private final Icmpv6Header header = new Icmpv6Header();

  @Test
  @DisplayName("§2.1: every field of an echo request")
  void readsEveryField() {
    MemorySegment m = Hex.segment("ff 8000 d219 1234 0001 616263 00");
    assertTrue(header.wrap(m, 1, 11));
    assertEquals(Icmpv6Header.ECHO_REQUEST, header.type());
    assertEquals(0, header.code());
    assertEquals(0xd219, header.checksum());
    assertEquals(0x1234_0001, header.word());
    assertEquals(11, header.length());
    assertEquals(9, header.payloadStart());
    assertEquals(3, header.payloadLength());
    assertFalse(header.isError());
  }

  @Test
  @DisplayName("§2.3: the checksum covers the addresses too; every flipped bit is found")
  void checksum() {
    MemorySegment m = Hex.segment("8000 d219 1234 0001 616263");
    assertTrue(header.wrap(m, 0, 11));
    assertTrue(header.checksumOk(A_HIGH, A_LOW, B_HIGH, B_LOW));
    for (int bit = 0; bit < 64; bit++) {
      long flip = 1L << bit;
      assertFalse(header.checksumOk(A_HIGH ^ flip, A_LOW, B_HIGH, B_LOW));
      assertFalse(header.checksumOk(A_HIGH, A_LOW ^ flip, B_HIGH, B_LOW));
      assertFalse(header.checksumOk(A_HIGH, A_LOW, B_HIGH ^ flip, B_LOW));
      assertFalse(header.checksumOk(A_HIGH, A_LOW, B_HIGH, B_LOW ^ flip));
    }
    for (int bit = 0; bit < 88; bit++) {
      Wire.u8(m, bit / 8, Wire.u8(m, bit / 8) ^ 1 << bit % 8);
      assertFalse(header.checksumOk(A_HIGH, A_LOW, B_HIGH, B_LOW), "bit " + bit);
      Wire.u8(m, bit / 8, Wire.u8(m, bit / 8) ^ 1 << bit % 8);
    }
  }

  @Test
  @DisplayName("§4.2: the reply returns identifier, sequence number and all data")
  void echoReply() {
    MemorySegment request = Hex.segment("8000 d219 1234 0001 616263");
    MemorySegment m = Hex.segment("ff".repeat(14));
    assertEquals(11, Icmpv6Header.writeEchoReply(request, 0, 11, m, 2));
    Icmpv6Header.completeChecksum(m, 2, 11, B_HIGH, B_LOW, A_HIGH, A_LOW);
    assertEquals(-1, m.mismatch(Hex.segment("ffff 8100 d119 1234 0001 616263 ff")));
  }

  @Test
  @DisplayName("§2.4 c: an error quotes what fits 1280 bytes")
  void errorsQuoteThePacket() {
    assertEquals(1232, Icmpv6Header.MAX_QUOTED);
    for (int original : new int[] {40, 48, 49, 1231, 1232, 1233, 1500}) {
      MemorySegment packet = noise(1600);
      MemorySegment m = noise(1300);
      MemorySegment before = MemorySegment.ofArray(m.toArray(ValueLayout.JAVA_BYTE));
      int type = Icmpv6Header.PARAMETER_PROBLEM;
      int code = Icmpv6Header.CODE_UNRECOGNIZED_OPTION;
      int length = Icmpv6Header.writeError(m, 10, type, code, 0x89abcdef, packet, 7, original);
      int quoted = Math.min(original, 1232);
      assertEquals(8 + quoted, length);
      assertEquals(0, Wire.u16(m, 12));
      Icmpv6Header.completeChecksum(m, 10, length, A_HIGH, A_LOW, B_HIGH, B_LOW);
      assertTrue(header.wrap(m, 10, length));
      assertTrue(header.checksumOk(A_HIGH, A_LOW, B_HIGH, B_LOW));
      assertEquals(4, header.type());
      assertEquals(2, header.code());
      assertEquals(0x89abcdef, header.word());
      assertTrue(header.isError());
      assertEquals(quoted, header.payloadLength());
      assertEquals(-1, packet.asSlice(7, quoted).mismatch(m.asSlice(18, quoted)));
      long end = 18L + quoted;
      assertEquals(-1, before.asSlice(end).mismatch(m.asSlice(end)), "a byte too many");
    }
  }

  @Test
  @DisplayName("§2.1: types below 128 are errors, known or not")
  void errorTypes() {
    MemorySegment m = MemorySegment.ofArray(new byte[8]);
    for (int type = 0; type < 256; type++) {
      assertEquals(8, Icmpv6Header.write(m, 0, type, 255, -1));
      assertTrue(header.wrap(m, 0, 8));
      assertEquals(type, header.type());
      assertEquals(255, header.code());
      assertEquals(-1, header.word());
      assertEquals(type < 128, header.isError());
    }
  }

  @Test
  void survivesNoise() {
    byte[] bytes = new byte[64];
    int intact = 0;
    for (int i = 0; i < 200_000; i++) {
      random.nextBytes(bytes);
      int length = random.nextInt(bytes.length + 1);
      assertEquals(length >= 8, header.wrap(Hex.exactly(bytes, length), 0, length));
      if (length >= 8) {
        intact += header.checksumOk(A_HIGH, A_LOW, B_HIGH, B_LOW) ? 1 : 0;
        assertTrue(header.payloadLength() >= 0);
        header.word();
      }
    }
    assertTrue(intact < 20, intact + " of 200,000 random messages had a right checksum");
    assertFalse(header.wrap(MemorySegment.ofArray(bytes), 0, -5));
  }

  private MemorySegment noise(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return MemorySegment.ofArray(bytes);
  }
}
