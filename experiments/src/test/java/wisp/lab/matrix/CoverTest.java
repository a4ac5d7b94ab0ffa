package wisp.lab.matrix;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("Every combination of levels of any few factors occurs")
class CoverTest {
  private static final int[] SIZES = {2, 3, 2, 5, 4, 1, 3, 2};

  private static List<int[]> cells(int[] sizes, int strength, long seed) {
    var cover = new Cover(sizes, strength, seed);
    var cells = new ArrayList<int[]>();
    for (int[] cell = cover.next(); cell != null; cell = cover.next()) {
      cells.add(cell);
    }
    return cells;
  }

  /** Counted without the cover's own books. */
  private static void assertAllPairs(int[] sizes, List<int[]> cells) {
    for (int a = 0; a < sizes.length; a++) {
      for (int b = a + 1; b < sizes.length; b++) {
        var seen = new HashSet<Integer>();
        for (int[] cell : cells) {
          seen.add(cell[a] * sizes[b] + cell[b]);
        }
        assertEquals(sizes[a] * sizes[b], seen.size(), "pairs of factors " + a + " and " + b);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1", "2", "77"})
  void ofTwo_everyPairOfLevelsOfEveryTwoFactors(long seed) {
    var cells = cells(SIZES, 2, seed);
    assertAllPairs(SIZES, cells);
    assertTrue(cells.size() <= 27, cells.size() + " cells, where 20 are the least");
  }

  @Test
  void ofThree_everyTriple() {
    var cells = cells(SIZES, 3, 1);
    var seen = new HashSet<List<Integer>>();
    int all = 0;
    for (int a = 0; a < SIZES.length; a++) {
      for (int b = a + 1; b < SIZES.length; b++) {
        for (int c = b + 1; c < SIZES.length; c++) {
          all += SIZES[a] * SIZES[b] * SIZES[c];
          for (int[] cell : cells) {
            seen.add(List.of(a, b, c, cell[a], cell[b], cell[c]));
          }
        }
      }
    }
    assertEquals(all, seen.size());
  }

  @Test
  void oneSeedGivesOneSequence() {
    var first = cells(SIZES, 2, 5);
    var second = cells(SIZES, 2, 5);
    assertEquals(first.size(), second.size());
    for (int i = 0; i < first.size(); i++) {
      assertArrayEquals(first.get(i), second.get(i));
    }
  }

  @Test
  void whatCameFromElsewhereNeedNotComeAgain() {
    var cover = new Cover(SIZES, 2, 1);
    cells(SIZES, 2, 9).forEach(cover::take);
    assertEquals(0, cover.missing());
    assertNull(cover.next());
  }
}
