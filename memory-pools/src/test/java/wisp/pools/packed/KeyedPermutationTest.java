package wisp.pools.packed;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Permutations and the division that make keys into buckets can be undone")
class KeyedPermutationTest {
  private static final long[] EDGES = {
    0,
    1,
    -1,
    2,
    Long.MIN_VALUE,
    Long.MAX_VALUE,
    0xFFFF_FFFFL,
    0x1_0000_0000L,
    0xFFFF_FFFF_0000_0000L
  };

  /** SPECK64/128 in appendix C of the ciphers' paper. */
  @Test
  void itIsSpeckToThePublishedVector() {
    var permutation = new KeyedPermutation(0x0B0A_0908_0302_0100L, 0x1B1A_1918_1312_1110L);
    assertEquals(0x8C6F_A548_454E_028BL, permutation.apply(0x3B72_6574_7475_432DL));
    assertEquals(0x3B72_6574_7475_432DL, permutation.invert(0x8C6F_A548_454E_028BL));
  }

  @Test
  void everyNumberComesBack() {
    var random = new SplittableRandom(1);
    for (int key = 0; key < 50; key++) {
      var permutation = new KeyedPermutation(random.nextLong(), random.nextLong());
      for (long edge : EDGES) {
        check(permutation, edge);
      }
      for (int bit = 0; bit < 64; bit++) {
        check(permutation, 1L << bit);
        check(permutation, ~(1L << bit));
      }
      for (int i = 0; i < 2_000; i++) {
        check(permutation, random.nextLong());
      }
    }
  }

  private static void check(KeyedPermutation permutation, long number) {
    assertEquals(number, permutation.invert(permutation.apply(number)));
    assertEquals(number, permutation.apply(permutation.invert(number)));
    for (int way = 1; way <= Ways.COUNT; way++) {
      assertEquals(number, Ways.back(way, Ways.go(way, number)), "way " + way);
      assertEquals(number, Ways.go(way, Ways.back(way, number)), "way " + way);
    }
  }

  @Test
  void oneOtherBitOfNumberOrKeyChangesHalfOfAllBits() {
    var random = new SplittableRandom(2);
    int rounds = 2_000;
    int[] changed = new int[64 + 128];
    for (int i = 0; i < rounds; i++) {
      long key0 = random.nextLong();
      long key1 = random.nextLong();
      long number = random.nextLong();
      var permutation = new KeyedPermutation(key0, key1);
      long value = permutation.apply(number);
      for (int bit = 0; bit < 64; bit++) {
        long flip = 1L << bit;
        changed[bit] += Long.bitCount(value ^ permutation.apply(number ^ flip));
        changed[64 + bit] +=
            Long.bitCount(value ^ new KeyedPermutation(key0 ^ flip, key1).apply(number));
        changed[128 + bit] +=
            Long.bitCount(value ^ new KeyedPermutation(key0, key1 ^ flip).apply(number));
      }
    }
    for (int sum : changed) {
      assertEquals(32.0, (double) sum / rounds, 0.6); // six standard deviations
    }
  }

  @Test
  void divisionIsThatOfTheMachine() {
    var random = new SplittableRandom(3);
    for (int i = 0; i < 2_000; i++) {
      int by = 2 + random.nextInt(1 << random.nextInt(2, 31));
      var divisor = new Divisor(by);
      for (long edge : EDGES) {
        checkDivision(divisor, by, edge);
      }
      for (int j = 0; j < 200; j++) {
        long number = random.nextLong() >>> random.nextInt(64);
        checkDivision(divisor, by, number);
        // Around a multiple is where rounding shows.
        checkDivision(divisor, by, number - Long.remainderUnsigned(number, by));
        checkDivision(divisor, by, number - Long.remainderUnsigned(number, by) - 1);
      }
      assertEquals(Long.divideUnsigned(-1, by), divisor.largestQuotient());
    }
  }

  private static void checkDivision(Divisor divisor, int by, long number) {
    assertEquals(
        Long.divideUnsigned(number, by),
        divisor.quotient(number),
        () -> Long.toUnsignedString(number) + " by " + by);
  }

  @Test
  void eightTagsInAWordAreComparedExactly() {
    var random = new SplittableRandom(4);
    for (int i = 0; i < 200_000; i++) {
      long word = 0;
      int expected = 0;
      for (int b = 0; b < 8; b++) {
        int tag =
            switch (random.nextInt(4)) {
              case 0 -> 0;
              case 1 -> 0x80;
              case 2 -> 1;
              default -> random.nextInt(256);
            };
        word |= (long) tag << 8 * b;
        expected |= tag == 0 ? 1 << b : 0;
      }
      assertEquals(expected, Tags.gather(Tags.zeroBytes(word)));
      int tag = random.nextInt(256);
      long equal = Tags.zeroBytes(word ^ Tags.eightOf(tag));
      for (int b = 0; b < 8; b++) {
        boolean same = (word >>> 8 * b & 0xFF) == tag;
        assertEquals(same ? 0x80 : 0, (int) (equal >>> 8 * b & 0xFF));
      }
    }
  }
}
