package wisp.core.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@DisplayName("RFC 9293 §3.1: the TCP header")
@Tag("rfc9293-3.1")
class TcpHeaderTest {
  private final TcpHeader header = new TcpHeader();

  @Test
  void readsEveryField() {
    MemorySegment m =
        Hex.segment("ff ff 0050 c001 89abcdef fedcba98 6f19 8001 beef 0102 01010101 41 42 43");
    assertTrue(header.wrap(m, 2, 27));
    assertEquals(0x50, header.sourcePort());
    assertEquals(0xc001, header.destinationPort());
    assertEquals(0x89abcdef, header.seq());
    assertEquals(0xfedcba98, header.ackNo());
    assertEquals(24, header.dataOffsetBytes());
    assertEquals(TcpHeader.ACK | TcpHeader.PSH | TcpHeader.FIN, header.flags());
    assertEquals(0x8001, header.windowUnscaled());
    assertEquals(0xbeef, header.checksum());
    assertEquals(0x0102, header.urgentPointer());
    assertEquals(22, header.optionsStart());
    assertEquals(4, header.optionsLength());
    assertEquals(26, header.payloadStart());
    assertEquals(3, header.payloadLength());
    assertEquals(4, header.seqLength());
  }

  @Test
  @DisplayName("MUST-3, threat 1.12: any single corrupted byte is found")
  @Tag("MUST-3")
  void checksumCoversAllBytesAndThePseudoHeader() {
    MemorySegment m = MemorySegment.ofArray(new byte[33]);
    TcpHeader.write(m, 0, 80, 1234, 1, 2, 20, TcpHeader.ACK, 500, 0);
    for (int i = 20; i < 33; i++) {
      Wire.u8(m, i, 17 * i);
    }
    long pseudoHeader = Checksum.pseudoHeaderIpv4(0x0a000001, 0x0a000002, 6, 33);
    TcpHeader.writeChecksum(m, 0, Checksum.finish(Checksum.sum(m, 0, 33, pseudoHeader)));
    assertTrue(header.wrap(m, 0, 33));
    assertTrue(header.checksumOk(pseudoHeader));
    assertFalse(header.checksumOk(Checksum.pseudoHeaderIpv4(0x0a000001, 0x0a000003, 6, 33)));
    for (int i = 0; i < 33; i++) {
      Wire.u8(m, i, Wire.u8(m, i) ^ 0x40);
      assertFalse(header.checksumOk(pseudoHeader), "byte " + i);
      Wire.u8(m, i, Wire.u8(m, i) ^ 0x40);
    }
  }

  @Test
  void everyFlagStandsAlone() {
    MemorySegment m = MemorySegment.ofArray(new byte[20]);
    for (int flag = 1; flag < 256; flag <<= 1) {
      TcpHeader.write(m, 0, 1, 2, 3, 4, 20, flag, 0, 0);
      assertTrue(header.wrap(m, 0, 20));
      for (int other = 1; other < 256; other <<= 1) {
        assertEquals(flag == other, header.has(other));
      }
    }
    assertFalse(header.has(TcpHeader.CWR | TcpHeader.ACK), "has() of several means all of them");
  }

  @Test
  void synAndFinTakeUpOneSequenceNumberEach() {
    MemorySegment m = MemorySegment.ofArray(new byte[30]);
    int[][] table = {
      {TcpHeader.ACK, 10},
      {TcpHeader.SYN, 11},
      {TcpHeader.FIN, 11},
      {TcpHeader.SYN | TcpHeader.FIN, 12},
      {0xFF, 12},
      {0xFF & ~(TcpHeader.SYN | TcpHeader.FIN), 10},
    };
    for (int[] row : table) {
      TcpHeader.write(m, 0, 1, 2, 3, 4, 20, row[0], 0, 0);
      assertTrue(header.wrap(m, 0, 30));
      assertEquals(row[1], header.seqLength());
      assertEquals(10, header.payloadLength());
    }
  }

  @Test
  @DisplayName("threats 1.4, 1.5: cut headers and data offsets that lie")
  @Tag("threat-1.4")
  @Tag("threat-1.5")
  void refusesLengthsThatContradictEachOther() {
    MemorySegment m = MemorySegment.ofArray(new byte[60]);
    for (int length = -1; length <= 60; length++) {
      for (int words = 0; words < 16; words++) {
        Wire.u8(m, 12, words << 4);
        boolean valid = length >= 20 && words >= 5 && words * 4 <= length;
        assertEquals(valid, header.wrap(m, 0, length), "length " + length + ", offset " + words);
      }
    }
  }

  @Test
  @DisplayName("reserved bits are ignored on input and zero on output")
  void reservedBitsMeanNothing() {
    MemorySegment m = MemorySegment.ofArray(new byte[20]);
    TcpHeader.write(m, 0, 1, 2, 3, 4, 20, 0xFF, 0xFFFF, 0xFFFF);
    assertEquals(0x50, Wire.u8(m, 12));
    Wire.u8(m, 12, 0x5F);
    assertTrue(header.wrap(m, 0, 20));
    assertEquals(0xFF, header.flags());
    assertEquals(20, header.dataOffsetBytes());
  }

  @Test
  void whatIsWrittenIsReadAgain() {
    var random = new SplittableRandom(9293);
    MemorySegment m = MemorySegment.ofArray(new byte[200]);
    for (int i = 0; i < 20_000; i++) {
      int start = random.nextInt(100);
      int sourcePort = random.nextInt(65_536);
      int destinationPort = random.nextInt(65_536);
      int seq = random.nextInt();
      int ack = random.nextInt();
      int headerBytes = 4 * random.nextInt(5, 16);
      int flags = random.nextInt(256);
      int window = random.nextInt(65_536);
      int urgent = random.nextInt(65_536);
      int payload = random.nextInt(40);
      TcpHeader.write(
          m, start, sourcePort, destinationPort, seq, ack, headerBytes, flags, window, urgent);
      assertTrue(header.wrap(m, start, headerBytes + payload));
      assertEquals(sourcePort, header.sourcePort());
      assertEquals(destinationPort, header.destinationPort());
      assertEquals(seq, header.seq());
      assertEquals(ack, header.ackNo());
      assertEquals(headerBytes, header.dataOffsetBytes());
      assertEquals(flags, header.flags());
      assertEquals(window, header.windowUnscaled());
      assertEquals(urgent, header.urgentPointer());
      assertEquals(payload, header.payloadLength());
      assertEquals(0, header.checksum());
      TcpHeader.writeChecksum(m, start, window);
      assertEquals(window, header.checksum());
      assertEquals(urgent, header.urgentPointer());
    }
  }

  @Test
  void survivesNoise() {
    var random = new SplittableRandom(2);
    byte[] bytes = new byte[100];
    int accepted = 0;
    for (int i = 0; i < 300_000; i++) {
      random.nextBytes(bytes);
      int length = random.nextInt(bytes.length + 1);
      if (header.wrap(Hex.exactly(bytes, length), 0, length)) {
        accepted++;
        assertTrue(header.payloadLength() >= 0 && header.optionsLength() >= 0, "segment " + i);
        assertEquals(length, header.payloadStart() + header.payloadLength(), "segment " + i);
        header.checksumOk(0);
      }
    }
    assertTrue(accepted > 10_000, "accepted " + accepted);
  }
}
