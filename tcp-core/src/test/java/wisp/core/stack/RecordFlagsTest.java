package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The last word of a record: SND.WND in ten bits")
class RecordFlagsTest {
  private static final int PLACE = 20;

  @Test
  void aWindowIsRoundedDownByLessThanItsThirtySecondPart() {
    for (int exponent = 0; exponent <= 30; exponent++) {
      for (int offset = -70; offset <= 70; offset++) {
        int bytes = (1 << exponent) + offset;
        if (bytes >= 0 && bytes <= 1 << 30) {
          int bits = RecordFlags.windowBits(bytes);
          assertEquals(0, bits & ~(0x3FF << PLACE), "other bits, at " + bytes);
          int kept = RecordFlags.window(bits);
          assertTrue(kept <= bytes && kept >= bytes - bytes / 32, bytes + " became " + kept);
        }
      }
    }
  }

  @Test
  void smallWindowsAreKeptAsTheyAre() {
    for (int bytes = 0; bytes < 64; bytes++) {
      assertEquals(bytes, RecordFlags.window(RecordFlags.windowBits(bytes)));
    }
  }
}
