package wisp.drivers.linux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class EbpfAssemblerTest {
  private static void assertCode(EbpfAssembler code, String... instructions) {
    try (Arena arena = Arena.ofConfined()) {
      String[] built =
          LongStream.of(code.build(arena).toArray(ValueLayout.JAVA_LONG))
              .mapToObj(word -> HexFormat.of().toHexDigits(Long.reverseBytes(word)))
              .toArray(String[]::new);
      assertArrayEquals(instructions, built);
    }
  }

  /** Encodings of RFC 9669, sections 4 and 5: operation, registers, offset, number. */
  @Test
  void encodesAsTheStandardSays() {
    assertCode(
        new EbpfAssembler()
            .load(2, 4, 1, 16)
            .load(3, 1, 2, 0)
            .load(3, 2, 2, 12)
            .load(3, 8, 2, 38)
            .move(6, 1)
            .set(0, -1)
            .add(4, 14)
            .and(1, 5)
            .andNumber(1, 0xFFFF_FF00)
            .networkOrder(0, 32)
            .call(51)
            .exit(),
        "6112100000000000",
        "7123000000000000",
        "69230c0000000000",
        "7923260000000000",
        "bf16000000000000",
        "b7000000ffffffff",
        "070400000e000000",
        "5f51000000000000",
        "5401000000ffffff",
        "dc00000020000000",
        "8500000033000000",
        "9500000000000000");
  }

  @Test
  void whatHasSixtyFourBitsTakesTwoPlaces() {
    assertCode(
        new EbpfAssembler().setWide(5, 0x0123_4567_89AB_CDEFL).setMap(1, 7),
        "18050000efcdab89",
        "0000000067452301",
        "1811000007000000",
        "0000000000000000");
  }

  @Test
  void jumpsLeadToTheirLabels() {
    assertCode(
        new EbpfAssembler()
            .jumpIfEqual(0, 8, "end")
            .jumpIfUnequal(0, 8, "end")
            .jumpIfBits(0, 1, "next")
            .jumpIfGreater(4, 3, "next")
            .label("next")
            .jumpIfSame(1, 5, "end")
            .jumpIfDifferent(1, 5, "end")
            .jump("end")
            .set(0, 1)
            .label("end")
            .exit(),
        "1600070008000000",
        "5600060008000000",
        "4500010001000000",
        "2d34000000000000",
        "1d51030000000000",
        "5d51020000000000",
        "0500010000000000",
        "b700000001000000",
        "9500000000000000");
  }

  @Test
  void aJumpBackOrToNowhereIsRefused() {
    try (Arena arena = Arena.ofConfined()) {
      var back = new EbpfAssembler().label("back").set(0, 1).jump("back");
      assertThrows(IllegalStateException.class, () -> back.build(arena));
      var nowhere = new EbpfAssembler().jump("nowhere");
      assertThrows(IllegalStateException.class, () -> nowhere.build(arena));
      var twice = new EbpfAssembler().label("a");
      assertThrows(IllegalStateException.class, () -> twice.label("a"));
    }
  }
}
