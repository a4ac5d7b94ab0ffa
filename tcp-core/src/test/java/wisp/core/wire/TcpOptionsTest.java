package wisp.core.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("RFC 9293 §3.2: TCP options")
@Tag("rfc9293-3.2")
class TcpOptionsTest {
  private static final String MSS_1460 = "02 04 05b4";
  private static final String TIMESTAMP = "08 0a 89abcdef 01234567";

  private final TcpHeader header = new TcpHeader();
  private final TcpOptions options = new TcpOptions();

  @Test
  void noOptionsAtAll() {
    onSyn("");
    assertNothingFound();
    assertFalse(options.malformed());
  }

  @Test
  @DisplayName("the SYN of a Linux host")
  void aUsualSyn() {
    onSyn(MSS_1460 + "04 02" + TIMESTAMP + "01 03 03 07");
    assertTrue(options.hasMss() && options.sackPermitted() && options.hasTimestamp());
    assertEquals(1460, options.mss());
    assertEquals(7, options.windowScale());
    assertEquals(0x89abcdef, options.tsVal());
    assertEquals(0x01234567, options.tsEcr());
    assertFalse(options.malformed());
  }

  @Test
  @DisplayName("RFC 7323 Appendix A: the aligned timestamp, and any other place for it")
  void timestampAlignedOrNot() {
    for (String text :
        new String[] {"01 01" + TIMESTAMP, TIMESTAMP + "01 01", "01" + TIMESTAMP + "00"}) {
      onAck(text);
      assertTrue(options.hasTimestamp());
      assertEquals(0x89abcdef, options.tsVal());
      assertEquals(0x01234567, options.tsEcr());
      assertFalse(options.malformed());
    }
  }

  @Test
  @DisplayName("threat 1.9: what is only legal on SYN counts only there")
  @Tag("threat-1.9")
  void synOptionsOnOtherSegmentsAreIgnored() {
    onAck(MSS_1460 + "04 02 03 03 07");
    assertNothingFound();
    assertFalse(options.malformed());
  }

  @Test
  @DisplayName("RFC 2018 §3: up to four SACK blocks")
  void sackBlocks() {
    onAck("01 01 05 12 00000001 00000002 ffffffff 00000003");
    assertEquals(2, options.sackBlocks());
    assertEquals(1, options.sackLeftEdge(0));
    assertEquals(2, options.sackRightEdge(0));
    assertEquals(-1, options.sackLeftEdge(1));
    assertEquals(3, options.sackRightEdge(1));
    onAck("05 22" + "00000001 00000002".repeat(4));
    assertEquals(4, options.sackBlocks());
    assertFalse(options.malformed());
    onSyn("05 0a 00000001 00000002");
    assertEquals(0, options.sackBlocks());
  }

  @Test
  @DisplayName("threat 1.8: of repeated options the first one counts")
  @Tag("threat-1.8")
  void firstOneWins() {
    onSyn(MSS_1460 + "02 04 0001" + "03 03 02 03 03 05" + TIMESTAMP);
    assertEquals(1460, options.mss());
    assertEquals(2, options.windowScale());
    onAck(TIMESTAMP + "08 0a 00000001 00000002");
    assertEquals(0x89abcdef, options.tsVal());
    assertEquals(0x01234567, options.tsEcr());
    onSyn("03 03 ff 03 03 05");
    assertEquals(14, options.windowScale());
    onSyn("02 04 0000" + MSS_1460);
    assertTrue(options.hasMss());
    assertEquals(0, options.mss());
    assertFalse(options.malformed());
  }

  @Test
  @DisplayName("RFC 7323 §2.3, threat 1.11: a shift above 14 is 14")
  @Tag("threat-1.11")
  void windowScaleIsCapped() {
    for (int shift = 0; shift < 256; shift++) {
      onSyn("03 03" + HexFormat.of().toHexDigits((byte) shift));
      assertEquals(Math.min(shift, 14), options.windowScale());
    }
  }

  @Test
  @DisplayName("MUST-6: unknown kinds are skipped")
  @Tag("MUST-6")
  void unknownKindsAreSkipped() {
    onSyn("fe 02" + "fd 06 f989 0000" + "1c 04 0001" + MSS_1460);
    assertEquals(1460, options.mss());
    assertFalse(options.malformed());
  }

  @Test
  void nothingIsReadBehindTheEndOfTheList() {
    onSyn("01 00" + MSS_1460 + "02 00");
    assertNothingFound();
    assertFalse(options.malformed());
  }

  @ParameterizedTest
  @DisplayName("threats 1.6, 1.7: lengths that lie end the list; what stood in front is kept")
  @Tag("MUST-7")
  @Tag("threat-1.6")
  @Tag("threat-1.7")
  @ValueSource(
      strings = {
        "fe 00",
        "fe 01",
        "08 00",
        "02 00",
        "02 01", // too short for any option
        "01 01 01 02",
        "01 01 01 fe",
        "01 01 01 08", // no room for the length
        "fe 05 0000",
        "fe ff 0000",
        "02 05 05b4", // past the header
        "02 03 05 00",
        "02 02 0000",
        "03 02 0000",
        "03 04 0000",
        "04 03 0000", // wrong for its kind
        "05 02 0000",
        "05 04 0000",
        "05 09 00000000 00000000 00",
        "05 0c 00000000 00000000 0000",
        "08 08 00000000 0000",
        "08 0b 00000000 00000000 00",
      })
  void malformedOnes(String text) {
    onSyn("04 02" + text + (text.startsWith("01 01 01") ? "" : "03 03 07"), text.startsWith("01"));
    assertTrue(options.malformed());
    assertTrue(options.sackPermitted());
    assertFalse(options.hasMss() || options.hasTimestamp());
    assertEquals(-1, options.windowScale());
  }

  @Test
  void nothingIsLeftOfTheLastSegment() {
    onSyn(MSS_1460 + "04 02" + TIMESTAMP + "03 03 07 02 00");
    onAck("05 0a 00000001 00000002");
    onAck("");
    assertNothingFound();
    assertFalse(options.malformed());
  }

  @Test
  void sackPermittedTakesThePlaceOfTheTimestampsPadding() {
    MemorySegment m = MemorySegment.ofArray(new byte[60]);
    int length = TcpHeader.LENGTH;
    length += TcpOptions.writeSackPermittedAndTimestamp(m, length, -2, 3);
    assertEquals(TcpHeader.LENGTH + TcpOptions.TIMESTAMP_LENGTH, length);
    TcpHeader.write(m, 0, 1, 2, 3, 4, length, TcpHeader.SYN, 0, 0);
    assertTrue(header.wrap(m, 0, length));
    options.parse(header);
    assertTrue(options.sackPermitted() && options.hasTimestamp());
    assertEquals(-2, options.tsVal());
    assertEquals(3, options.tsEcr());
    assertFalse(options.malformed());
  }

  @Test
  void whatIsWrittenIsReadAgain() {
    MemorySegment m = MemorySegment.ofArray(new byte[60]);
    int length = TcpHeader.LENGTH;
    length += TcpOptions.writeMss(m, length, 65_535);
    length += TcpOptions.writeSackPermitted(m, length);
    length += TcpOptions.writeTimestamp(m, length, -2, 3);
    length += TcpOptions.writeWindowScale(m, length, 14);
    assertEquals(
        TcpHeader.LENGTH
            + TcpOptions.MSS_LENGTH
            + TcpOptions.SACK_PERMITTED_LENGTH
            + TcpOptions.TIMESTAMP_LENGTH
            + TcpOptions.WINDOW_SCALE_LENGTH,
        length);
    TcpHeader.write(m, 0, 1, 2, 3, 4, length, TcpHeader.SYN, 0, 0);
    assertTrue(header.wrap(m, 0, length));
    options.parse(header);
    assertEquals(65_535, options.mss());
    assertTrue(options.sackPermitted() && options.hasTimestamp());
    assertEquals(-2, options.tsVal());
    assertEquals(3, options.tsEcr());
    assertEquals(14, options.windowScale());
    assertFalse(options.malformed());
  }

  @Test
  @DisplayName(
      "random bytes: nothing is thrown, nothing is read past the header, all within bounds")
  @Tag("MUST-7")
  void survivesNoise() {
    var random = new SplittableRandom(3);
    byte[] bytes = new byte[60];
    int[] kinds = {0, 1, 2, 3, 4, 5, 8, 19, 28, 254};
    int malformed = 0;
    for (int i = 0; i < 500_000; i++) {
      random.nextBytes(bytes);
      int words = random.nextInt(5, 16);
      bytes[12] = (byte) (words << 4);
      if (random.nextInt(4)
          != 0) { // else the first kind is nearly always unknown, the rest skipped
        for (int at = 20; at < 59; at += random.nextInt(1, 11)) {
          bytes[at] = (byte) kinds[random.nextInt(kinds.length)];
          bytes[at + 1] = (byte) random.nextInt(13);
        }
      }
      assertTrue(header.wrap(Hex.exactly(bytes, words * 4), 0, words * 4));
      options.parse(header);
      malformed += options.malformed() ? 1 : 0;
      boolean syn = header.has(TcpHeader.SYN);
      String message = "header " + i + ": " + HexFormat.of().formatHex(bytes, 0, words * 4);
      assertTrue(options.windowScale() >= -1 && options.windowScale() <= 14, message);
      assertTrue(options.sackBlocks() >= 0 && options.sackBlocks() <= 4, message);
      assertTrue(options.mss() >= 0 && options.mss() <= 65_535, message);
      if (!syn) {
        assertFalse(options.hasMss() || options.sackPermitted(), message);
        assertEquals(-1, options.windowScale(), message);
      }
    }
    assertTrue(malformed > 50_000 && malformed < 450_000, "malformed " + malformed);
  }

  @Test
  @DisplayName("well-formed lists in any order are read as they were meant")
  void agreesWithWhatWasMeant() {
    var random = new SplittableRandom(4);
    for (int i = 0; i < 100_000; i++) {
      var text = new StringBuilder();
      var mss = new ArrayList<Integer>();
      var scales = new ArrayList<Integer>();
      var timestamps = new ArrayList<Integer>();
      boolean sackPermitted = false;
      while (true) {
        int value = random.nextInt(65_536);
        String option =
            switch (random.nextInt(6)) {
              case 0 -> "01";
              case 1 -> "0204%04x".formatted(value);
              case 2 -> "0303%02x".formatted(value % 15);
              case 3 -> "0402";
              case 4 -> "080a%08x%08x".formatted(value, ~value);
              default -> "fd%02x%s".formatted(2 + value % 7, "00".repeat(value % 7));
            };
        if (text.length() + option.length() > 80) {
          break;
        }
        text.append(option);
        switch (option.substring(0, 2)) {
          case "02" -> mss.add(value);
          case "03" -> scales.add(value % 15);
          case "04" -> sackPermitted = true;
          case "08" -> timestamps.add(value);
          default -> {}
        }
      }
      onSyn(text.toString());
      String message = text.toString();
      assertFalse(options.malformed(), message);
      assertEquals(!mss.isEmpty(), options.hasMss(), message);
      assertEquals(mss.isEmpty() ? 0 : mss.getFirst(), options.mss(), message);
      assertEquals(scales.isEmpty() ? -1 : scales.getFirst(), options.windowScale(), message);
      assertEquals(sackPermitted, options.sackPermitted(), message);
      assertEquals(!timestamps.isEmpty(), options.hasTimestamp(), message);
      assertEquals(timestamps.isEmpty() ? 0 : timestamps.getFirst(), options.tsVal(), message);
      assertEquals(timestamps.isEmpty() ? 0 : ~timestamps.getFirst(), options.tsEcr(), message);
    }
  }

  private void assertNothingFound() {
    assertFalse(options.hasMss() || options.sackPermitted() || options.hasTimestamp());
    assertEquals(-1, options.windowScale());
    assertEquals(0, options.mss());
    assertEquals(0, options.tsVal());
    assertEquals(0, options.tsEcr());
    assertEquals(0, options.sackBlocks());
  }

  private void onSyn(String hex) {
    parse(TcpHeader.SYN, hex, false);
  }

  private void onSyn(String hex, boolean padInFront) {
    parse(TcpHeader.SYN, hex, padInFront);
  }

  private void onAck(String hex) {
    parse(TcpHeader.ACK, hex, false);
  }

  /**
   * Pads with end-of-list behind, or with NOPs in front so that the text ends where the header
   * does.
   */
  private void parse(int flags, String hex, boolean padInFront) {
    MemorySegment text = Hex.segment(hex);
    int padding = (int) (-text.byteSize() & 3);
    int length = (int) (TcpHeader.LENGTH + text.byteSize() + padding);
    MemorySegment m = MemorySegment.ofArray(new byte[length]);
    TcpHeader.write(m, 0, 1, 2, 3, 4, length, flags, 0, 0);
    long start = TcpHeader.LENGTH;
    for (int i = 0; padInFront && i < padding; i++) {
      Wire.u8(m, start++, 1);
    }
    MemorySegment.copy(text, 0, m, start, text.byteSize());
    assertTrue(header.wrap(m, 0, length));
    options.parse(header);
  }
}
