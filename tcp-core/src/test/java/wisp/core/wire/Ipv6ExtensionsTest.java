package wisp.core.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@DisplayName("RFC 8200 §4: IPv6 extension headers")
@Tag("rfc8200-4")
class Ipv6ExtensionsTest {
  private static final int TCP = 6;
  private static final int UDP = 17;
  private static final String PADDED = "01 04 00 00 00 00"; // PadN of 6 bytes
  private static final String TCP_HEADER = "00".repeat(20);

  private final Ipv6Header ip = new Ipv6Header();
  private final Ipv6Extensions extensions = new Ipv6Extensions();

  @Test
  void withoutExtensionsThePayloadIsTheProtocols() {
    assertTrue(walk(TCP, TCP_HEADER));
    assertReached(TCP, 40, 20, 6);
    assertFalse(extensions.isFragment() || extensions.isAtomicFragment());
    assertTrue(extensions.hasWholeChain());
  }

  @Test
  void passesEveryKindOfHeader() {
    assertTrue(
        walk(
            0,
            "3c 00 05 02 00 00 01 00" // hop-by-hop: router alert, PadN of 2
                + "2b 01"
                + PADDED
                + "00 00 00 00 1e 02 00 00" // destination: Pad1s, 1e
                + "06 00 04 00 00000000" // routing, type 4, arrived
                + TCP_HEADER));
    assertReached(TCP, 72, 20, 64);
    assertTrue(extensions.hasWholeChain());
  }

  @Test
  @DisplayName("§4.7: no next header ends the walk, whatever lies behind")
  void noNextHeader() {
    assertTrue(walk(60, "3b 00" + PADDED + "ff ff ff"));
    assertReached(Ipv6Extensions.NO_NEXT_HEADER, 48, 3, 40);
    assertTrue(extensions.hasWholeChain());
    assertTrue(walk(59, ""));
    assertReached(Ipv6Extensions.NO_NEXT_HEADER, 40, 0, 6);
  }

  @Test
  @DisplayName("§4: an unknown next header is named, and the field that named it")
  void unknownNextHeader() {
    assertTrue(walk(60, "fd 00" + PADDED + "00"));
    assertReached(0xfd, 48, 1, 40);
  }

  @Test
  @DisplayName("§4.1, §4: hop-by-hop options elsewhere are an unrecognized next header")
  void hopByHopStandsFirstOnly() {
    assertFalse(walk(60, "00 00" + PADDED + "06 00" + PADDED + TCP_HEADER));
    assertProblem(1, 40, false);
    assertFalse(walk(0, "00 00" + PADDED)); // even if nothing is there
    assertProblem(1, 40, false);
  }

  @Test
  @DisplayName("§4.2: an unknown option acts by its two top bits, in both kinds of header")
  void unknownOptions() {
    for (int next : new int[] {0, 60}) {
      for (int low = 0; low < 64; low++) {
        if (low > 1) {
          assertTrue(walk(next, option(low)), "type " + low);
          assertReached(TCP, 48, 20, 40);
        }
        assertFalse(walk(next, option(0x40 | low)));
        assertProblem(Ipv6Extensions.SILENT, 0, false);
        assertFalse(walk(next, option(0x80 | low)));
        assertProblem(2, 43, true);
        assertFalse(walk(next, option(0xC0 | low)));
        assertProblem(2, 43, false);
      }
    }
  }

  /** A header whose second option, behind a Pad1, is of this type. */
  private static String option(int type) {
    return "06 00 00 %02x 03 aa bb cc".formatted(type) + TCP_HEADER;
  }

  @Test
  void theFirstProblemIsTold() {
    String bad = "06 00 81 00 c1 00 01 00";
    assertFalse(walk(60, bad + TCP_HEADER));
    assertProblem(2, 42, true);
    assertFalse(walk(60, "2b 00" + PADDED + "3c 00 09 01 00000000" + bad));
    assertProblem(0, 50, false);
    assertTrue(walk(TCP, TCP_HEADER)); // and forgotten
    assertReached(TCP, 40, 20, 6);
    assertProblem(Ipv6Extensions.SILENT, 0, false);
  }

  @Test
  @DisplayName("§4.2: options that reach past their header are dropped")
  void malformedOptions() {
    dropped(60, "06 00 01 05 00 00 00 00" + TCP_HEADER); // PadN, one too long
    dropped(60, "06 00 1e ff 00 00 00 00" + TCP_HEADER);
    dropped(60, "06 00 c1 ff 00 00 00 00" + TCP_HEADER);
    dropped(60, "06 00 01 03 00 00 00 1e" + TCP_HEADER); // a type without a length
    dropped(0, "06 00 01 03 00 00 00 01" + TCP_HEADER);
  }

  @Test
  @DisplayName("threat 1.15: headers that reach past the packet are dropped")
  @Tag("threat-1.15")
  void malformedLengths() {
    for (int next : new int[] {0, 43, 44, 60}) {
      dropped(next, "");
      dropped(next, "06 00 01 04 00 00 00");
    }
    dropped(60, "06 01" + PADDED + "01 05 00 00 00 00 00");
    dropped(43, "06 ff 00 00 00000000");
    dropped(0, "3c 00" + PADDED);
  }

  @Test
  @DisplayName("§4.4: a route that goes on is a problem, one that ends here is passed")
  void routing() {
    for (int type = 0; type < 256; type++) {
      assertTrue(walk(43, "06 00 %02x 00 00000000".formatted(type) + TCP_HEADER));
      assertReached(TCP, 48, 20, 40);
      assertFalse(walk(43, "06 00 %02x %02x 00000000".formatted(type, 1 + type % 255)));
      assertProblem(0, 42, false);
    }
  }

  @Test
  @DisplayName("§4.5: the walk ends at a fragment header and shows it")
  void fragment() {
    assertTrue(walk(60, "2c 00" + PADDED + "11 ff 12 37 89abcdef" + "00".repeat(24)));
    assertTrue(extensions.isFragment());
    assertFalse(extensions.isAtomicFragment());
    assertReached(UDP, 56, 24, 40);
    assertEquals(0x1230, extensions.fragmentOffset());
    assertTrue(extensions.moreFragments());
    assertEquals(0x89abcdef, extensions.identification());
    assertEquals(7 + 48, extensions.fragmentHeaderStart());
    assertEquals(48, extensions.unfragmentableLength());

    assertTrue(walk(44, "3c 00 ff f8 00000001 c1"));
    assertReached(60, 48, 1, 6); // what lies in a fragment is not walked
    assertEquals(0xFFF8, extensions.fragmentOffset());
    assertFalse(extensions.moreFragments());
    assertTrue(extensions.isFragment());
    assertEquals(40, extensions.unfragmentableLength());

    assertTrue(walk(TCP, TCP_HEADER)); // all of it forgotten
    assertFalse(extensions.isFragment() || extensions.moreFragments());
    assertEquals(0, extensions.fragmentOffset());
    assertEquals(0, extensions.identification());
  }

  @Test
  @DisplayName("RFC 6946 §4: an atomic fragment is a whole packet, the walk goes on")
  @Tag("rfc6946")
  void atomicFragment() {
    assertTrue(walk(44, "3c ff 00 06 00000007" + "06 00" + PADDED + TCP_HEADER));
    assertTrue(extensions.isAtomicFragment());
    assertFalse(extensions.isFragment());
    assertReached(TCP, 56, 20, 48);
    assertEquals(7, extensions.identification());
    assertFalse(walk(44, "3c 00 00 00 00000007" + "06 00 c1 00 01 02 00 00"));
    assertProblem(2, 50, false);
  }

  @Test
  @DisplayName("threat 1.15: 8 headers are walked, a ninth drops the packet")
  @Tag("threat-1.15")
  void manyHeaders() {
    String header = "3c 00" + PADDED;
    assertTrue(walk(60, header.repeat(7) + "06 00" + PADDED + TCP_HEADER));
    assertReached(TCP, 104, 20, 96);
    dropped(60, header.repeat(8) + "06 00" + PADDED + TCP_HEADER);
    dropped(44, "2c 00 00 00 00000000".repeat(8) + "06 00 00 00 00000000" + TCP_HEADER);
  }

  @Test
  @DisplayName("RFC 8504 §5.3: 64 options in all headers together, padding not counted")
  void manyOptions() {
    String full = "3c 0f 1e 00" + "1e 00".repeat(31) + "01 00 00 00".repeat(15) + "01 00"; // 32
    assertTrue(walk(0, full + full + "06 00" + PADDED + TCP_HEADER));
    assertEquals(TCP, extensions.protocol());
    assertFalse(walk(0, full + full + "06 00 1e 02 00 00 01 00" + TCP_HEADER));
    assertProblem(Ipv6Extensions.SILENT, 0, false);
    dropped(0, full + full + "06 00 c1 02 00 00 01 00" + TCP_HEADER);
    assertTrue(walk(60, "06 ff" + "00".repeat(2046) + TCP_HEADER));
  }

  @Test
  @DisplayName("RFC 7112 §5: whether the first fragment holds the whole chain of headers")
  @Tag("rfc7112")
  void wholeChain() {
    String first = "00 00 01 00000001";
    chain(true, "06" + first + "00".repeat(20));
    chain(false, "06" + first + "00".repeat(19));
    chain(true, "11" + first + "00".repeat(8));
    chain(false, "11" + first + "00".repeat(7));
    chain(true, "3a" + first + "00".repeat(8));
    chain(false, "3a" + first + "00".repeat(7));
    chain(true, "fd" + first + "00");
    chain(false, "fd" + first);
    chain(true, "3b" + first);
    chain(true, "3c" + first + "2b 00" + PADDED + "06 00 00 00 00000000" + "00".repeat(20));
    chain(false, "3c" + first + "2b 00" + PADDED + "06 00 00 00 00000000" + "00".repeat(19));
    chain(false, "3c" + first + "2b 00" + PADDED);
    chain(false, "3c" + first + "06 01" + PADDED);
    chain(true, "3c" + first + "3c 00 0000 00000000".repeat(6) + "3b 00" + PADDED);
    chain(false, "3c" + first + "3c 00 0000 00000000".repeat(7) + "3b 00" + PADDED);
    chain(true, "2c" + first + "11 00 00 01 00000002" + "00".repeat(8));
    chain(false, "2c" + first + "11 00 00 08 00000002" + "00".repeat(8));
    chain(true, "06 00 00 09 00000001"); // a later fragment
  }

  private void chain(boolean whole, String fragment) {
    assertTrue(walk(44, fragment), fragment);
    assertTrue(extensions.isFragment());
    assertEquals(whole, extensions.hasWholeChain(), fragment);
  }

  @Test
  @DisplayName("RFC 8200 §4.5: what is written as a fragment header is read again")
  void writesFragmentHeaders() {
    MemorySegment known = MemorySegment.ofArray(new byte[10]);
    assertEquals(8, Ipv6FragmentHeader.write(known, 1, 17, 0x1230, true, 0x89abcdef));
    assertEquals(-1, known.mismatch(Hex.segment("00 11 00 12 31 89abcdef 00")));
    var random = new SplittableRandom(5722);
    for (int i = 0; i < 20_000; i++) {
      MemorySegment m = packet(44, "00".repeat(32));
      int offset = random.nextInt(8_192) * 8;
      boolean more = offset == 0 || random.nextBoolean();
      int identification = random.nextInt();
      Ipv6FragmentHeader.write(m, 47, TCP, offset, more, identification);
      assertTrue(ip.wrap(m, 7, 72) && extensions.walk(ip));
      assertEquals(offset, extensions.fragmentOffset());
      assertEquals(more, extensions.moreFragments());
      assertEquals(identification, extensions.identification());
      assertEquals(TCP, extensions.protocol());
    }
  }

  @Test
  @DisplayName("random chains: nothing is thrown, nothing is read past the packet")
  void survivesNoise() {
    var random = new SplittableRandom(1);
    int[] known = {0, 43, 44, 60, 60, 60, 6, 17, 59};
    byte[] bytes = new byte[200];
    int walked = 0;
    int refused = 0;
    int fragments = 0;
    for (int i = 0; i < 200_000; i++) {
      random.nextBytes(bytes);
      int length = random.nextInt(40, bytes.length + 1);
      bytes[0] = 0x60;
      bytes[4] = 0;
      bytes[5] = (byte) (length - 40);
      bytes[6] = (byte) known[random.nextInt(known.length)];
      for (int at = 40; at < bytes.length; at += 8) {
        bytes[at] = (byte) known[random.nextInt(known.length)];
        bytes[at + 1] = (byte) (random.nextInt(8) == 0 ? random.nextInt(256) : random.nextInt(2));
        if (random.nextBoolean()) { // options that are passed
          bytes[at + 2] = (byte) random.nextInt(64);
          bytes[at + 3] = (byte) (random.nextInt(4) == 0 ? random.nextInt(10) : 0);
          bytes[at + 4] = 1;
          bytes[at + 5] = 2;
        }
      }
      assertTrue(ip.wrap(Hex.exactly(bytes, length), 0, length));
      if (!extensions.walk(ip)) {
        refused++;
        assertTrue(extensions.problemCode() >= -1 && extensions.problemCode() <= 2);
        assertTrue(extensions.problemPointer() >= 0 && extensions.problemPointer() < length);
        continue;
      }
      walked++;
      String message = "packet " + i;
      assertTrue(extensions.payloadLength() >= 0, message);
      assertEquals(length, extensions.payloadStart() + extensions.payloadLength(), message);
      int named = bytes[extensions.nextHeaderFieldOffset()];
      assertEquals(extensions.isFragment() ? 44 : extensions.protocol(), named, message);
      extensions.hasWholeChain();
      fragments += extensions.isFragment() ? 1 : 0;
    }
    String message = walked + " walked, " + refused + " refused, " + fragments + " fragments";
    assertTrue(walked > 40_000 && refused > 20_000 && fragments > 5_000, message);
  }

  private void dropped(int next, String payload) {
    assertFalse(walk(next, payload), payload);
    assertProblem(Ipv6Extensions.SILENT, 0, false);
  }

  private void assertProblem(int code, int pointer, boolean evenToMulticast) {
    assertEquals(code, extensions.problemCode());
    assertEquals(pointer, extensions.problemPointer());
    assertEquals(evenToMulticast, extensions.problemEvenToMulticast());
  }

  private void assertReached(int protocol, int offset, int payload, int field) {
    assertEquals(protocol, extensions.protocol());
    assertEquals(7 + offset, extensions.payloadStart());
    assertEquals(payload, extensions.payloadLength());
    assertEquals(field, extensions.nextHeaderFieldOffset());
  }

  private boolean walk(int next, String payload) {
    MemorySegment m = packet(next, payload);
    assertTrue(ip.wrap(m, 7, (int) m.byteSize() - 7));
    return extensions.walk(ip);
  }

  /** A packet that begins at offset 7. */
  private static MemorySegment packet(int next, String payload) {
    MemorySegment p = Hex.segment(payload);
    int length = (int) p.byteSize();
    MemorySegment m = MemorySegment.ofArray(new byte[47 + length]);
    Ipv6Header.write(m, 7, length, next, 1, 2, 3, 4, 64, 0, 0);
    m.asSlice(47).copyFrom(p);
    return m;
  }
}
