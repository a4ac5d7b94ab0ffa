package wisp.core.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("RFC 9293 §3.4: arithmetic of sequence numbers")
@Tag("rfc9293-3.4")
class SeqTest {
  /** Ways from one number to another that are shorter than 2^31. */
  private static final int[] DISTANCES = {1, 2, 1_460, 65_535, 1 << 30, Integer.MAX_VALUE};

  @ParameterizedTest
  @ValueSource(ints = {0, Integer.MAX_VALUE, Integer.MIN_VALUE, -1})
  void whatLiesAheadIsLaterWhereverTheCountBegins(int a) {
    for (int distance : DISTANCES) {
      int b = a + distance;
      assertTrue(
          Seq.before(a, b) && Seq.atOrBefore(a, b) && Seq.after(b, a) && Seq.atOrAfter(b, a));
      assertFalse(
          Seq.before(b, a) || Seq.atOrBefore(b, a) || Seq.after(a, b) || Seq.atOrAfter(a, b));
      assertEquals(b, Seq.max(a, b));
      assertEquals(b, Seq.max(b, a));
      assertEquals(a, Seq.min(a, b));
      assertEquals(a, Seq.min(b, a));
      assertEquals(distance, Seq.distance(a, b));
      assertEquals(-distance, Seq.distance(b, a));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, Integer.MAX_VALUE, Integer.MIN_VALUE, -1})
  void aNumberIsNeitherBeforeNorAfterItself(int a) {
    assertFalse(Seq.before(a, a) || Seq.after(a, a));
    assertTrue(Seq.atOrBefore(a, a) && Seq.atOrAfter(a, a));
    assertEquals(0, Seq.distance(a, a));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, Integer.MAX_VALUE, Integer.MIN_VALUE, -1})
  void aWindowHoldsItsFirstNumberAndNotTheOneBehindItsLast(int first) {
    for (int length : DISTANCES) {
      assertTrue(Seq.inWindow(first, first, length));
      assertTrue(Seq.inWindow(first + length - 1, first, length));
      assertFalse(Seq.inWindow(first + length, first, length));
      assertFalse(Seq.inWindow(first - 1, first, length));
    }
    assertFalse(Seq.inWindow(first, first, 0));
  }

  @Test
  void agreesWithArithmeticOnNumbersThatDoNotWrap() {
    var random = new SplittableRandom(1);
    for (int i = 0; i < 200_000; i++) {
      long a = random.nextLong(1L << 40);
      long b = a + random.nextLong(-Integer.MAX_VALUE, Integer.MAX_VALUE + 1L);
      int length = random.nextInt(1 << 30);
      int x = (int) a;
      int y = (int) b;
      String message = a + ", " + b + ", " + length;
      assertEquals(a < b, Seq.before(x, y), message);
      assertEquals(a > b, Seq.after(x, y), message);
      assertEquals(a <= b, Seq.atOrBefore(x, y), message);
      assertEquals(a >= b, Seq.atOrAfter(x, y), message);
      assertEquals((int) Math.max(a, b), Seq.max(x, y), message);
      assertEquals((int) Math.min(a, b), Seq.min(x, y), message);
      assertEquals(b - a, Seq.distance(x, y), message);
      assertEquals(a <= b && b < a + length, Seq.inWindow(y, x, length), message);
    }
  }
}
