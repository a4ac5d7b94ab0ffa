package wisp.lab.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class PatternTest {
  private final Pattern pattern = new Pattern(1, 2);
  private final MemorySegment memory = MemorySegment.ofArray(new byte[4096]);

  @Test
  void anyPieceMatchesTheWhole() {
    pattern.write(0, memory, 0, 4096);
    var random = new SplittableRandom(1);
    for (int i = 0; i < 1_000; i++) {
      int start = random.nextInt(4096);
      int length = random.nextInt(4096 - start + 1);
      assertTrue(pattern.matches(start, memory, start, length));
      var piece = MemorySegment.ofArray(new byte[length]);
      pattern.write(start, piece, 0, length);
      assertEquals(-1, piece.mismatch(memory.asSlice(start, length)));
    }
  }

  @Test
  void noChangedByteAndNoShiftGoesUnseen() {
    pattern.write(0, memory, 0, 4096);
    for (int i = 0; i < 4096; i++) {
      byte was = memory.get(ValueLayout.JAVA_BYTE, i);
      memory.set(ValueLayout.JAVA_BYTE, i, (byte) (was ^ 1));
      assertFalse(pattern.matches(0, memory, 0, 4096), "byte " + i);
      memory.set(ValueLayout.JAVA_BYTE, i, was);
    }
    assertFalse(pattern.matches(8, memory, 0, 4088));
    assertFalse(new Pattern(1, 3).matches(0, memory, 0, 4096));
  }
}
