package wisp.core.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@DisplayName("RFC 792: ICMP")
@Tag("rfc792")
class IcmpHeaderTest {
  private final SplittableRandom random = new SplittableRandom(792);
  private final IcmpHeader header = new IcmpHeader();

  @Test
  @DisplayName("RFC 1122 §3.2.2.6: the reply returns identifier, sequence number and all data")
  void echoReplyIsTheRequestWithAnotherType() {
    for (int length = 8; length < 100; length++) {
      MemorySegment request = noise(120);
      Wire.i32(request, 5, 0x0800_0000);
      Wire.u16(request, 7, Checksum.finish(Checksum.sum(request, 5, length, 0)));
      assertTrue(header.wrap(request, 5, length));
      assertEquals(IcmpHeader.ECHO_REQUEST, header.type());
      assertTrue(header.checksumOk());

      MemorySegment reply = MemorySegment.ofArray(new byte[150]);
      assertEquals(length, IcmpHeader.writeEchoReply(request, 5, length, reply, 2));
      assertTrue(header.wrap(reply, 2, length));
      assertEquals(IcmpHeader.ECHO_REPLY, header.type());
      assertEquals(0, header.code());
      assertTrue(header.checksumOk());
      assertEquals(-1, request.asSlice(9, length - 4).mismatch(reply.asSlice(6, length - 4)));
      assertEquals(0, Wire.u8(reply, 2 + length), "a byte too many");
    }
  }

  @Test
  @DisplayName("RFC 1812 §4.3.2.3: an error quotes what fits 576 bytes")
  void portUnreachableQuotesThePacket() {
    for (int original : new int[] {20, 28, 29, 547, 548, 549, 1500}) {
      MemorySegment packet = noise(1600);
      MemorySegment m = noise(600);
      int length = IcmpHeader.writePortUnreachable(m, 10, packet, 7, original);
      int quoted = Math.min(original, 548);
      assertEquals(8 + quoted, length);
      assertTrue(header.wrap(m, 10, length));
      assertEquals(IcmpHeader.DESTINATION_UNREACHABLE, header.type());
      assertEquals(IcmpHeader.CODE_PORT_UNREACHABLE, header.code());
      assertEquals(0, Wire.i32(m, 14));
      assertTrue(header.checksumOk());
      assertEquals(18, header.payloadStart());
      assertEquals(quoted, header.payloadLength());
      assertEquals(-1, packet.asSlice(7, quoted).mismatch(m.asSlice(18, quoted)));
    }
  }

  @Test
  @DisplayName("RFC 1191 §4: next-hop MTU, and the quoted packet, as known bytes")
  void writesAnyError() {
    MemorySegment packet = Hex.segment("4500 0014 0000 4000 4006 0000 0a000001 0a000002");
    MemorySegment m = Hex.segment("ff".repeat(30));
    int length = IcmpHeader.writeError(m, 1, 3, 4, 0x0000_0578, packet, 0, 20);
    assertEquals(28, length);
    int checksum = ~ChecksumTest.naive(m.asSlice(1), 4, 24, 0x0304) & 0xFFFF;
    String written = "ff 0304 %04x 0000 0578".formatted(checksum);
    assertEquals(9, Hex.segment(written).mismatch(m));
    assertEquals(-1, packet.mismatch(m.asSlice(9, 20)));
    assertEquals(0xFF, Wire.u8(m, 29), "a byte too many");
    assertTrue(header.wrap(m, 1, length) && header.checksumOk());
    assertEquals(IcmpHeader.DESTINATION_UNREACHABLE, header.type());
    assertEquals(IcmpHeader.CODE_FRAGMENTATION_NEEDED, header.code());
    assertEquals(0x578, header.word());
    assertEquals(1400, header.nextHopMtu());

    IcmpHeader.writeError(m, 1, IcmpHeader.PARAMETER_PROBLEM, 0, 0x8400_0000, packet, 0, 20);
    assertTrue(header.wrap(m, 1, length) && header.checksumOk());
    assertEquals(12, header.type());
    assertEquals(0x8400_0000, header.word());
    assertEquals(0, header.nextHopMtu());
  }

  @Test
  @DisplayName("RFC 1122 §3.2.2: five types are errors")
  void errorTypes() {
    MemorySegment m = MemorySegment.ofArray(new byte[8]);
    for (int type = 0; type < 256; type++) {
      Wire.u8(m, 0, type);
      assertTrue(header.wrap(m, 0, 8));
      boolean error = type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
      assertEquals(error, header.isError(), "type " + type);
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
        intact += header.checksumOk() ? 1 : 0;
        assertTrue(header.payloadLength() >= 0);
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
