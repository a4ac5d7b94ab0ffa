package wisp.core.spi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("SipHash-2-4 over whole words")
class KeyedHashTest {
  // Key 00 01 … 0f and message 00 01 02 …, as in the vectors of the reference implementation.
  private static final KeyedHash REFERENCE =
      new KeyedHash(0x0706050403020100L, 0x0f0e0d0c0b0a0908L);
  private static final long FIRST = 0x0706050403020100L;
  private static final long SECOND = 0x0f0e0d0c0b0a0908L;
  private static final long THIRD = 0x1716151413121110L;
  private static final long FOURTH = 0x1f1e1d1c1b1a1918L;

  @Test
  void agreesWithTheReferenceVectorsOf8To32Bytes() {
    assertEquals(0x93f5f5799a932462L, REFERENCE.hash(FIRST));
    assertEquals(0x3f2acc7f57c29bdbL, REFERENCE.hash(FIRST, SECOND));
    assertEquals(0xb8ad50c6f649af94L, REFERENCE.hash(FIRST, SECOND, THIRD));
    assertEquals(0x7127512f72f27cceL, REFERENCE.hash(FIRST, SECOND, THIRD, FOURTH));
  }

  @Test
  void aZeroWordBehindMakesAnotherMessage() {
    assertNotEquals(REFERENCE.hash(5), REFERENCE.hash(5, 0));
    assertNotEquals(REFERENCE.hash(5, 0), REFERENCE.hash(5, 0, 0));
  }

  @Test
  void bothHalvesOfTheKeyAndEveryWordCount() {
    long base = new KeyedHash(1, 2).hash(3, 4, 5);
    assertNotEquals(base, new KeyedHash(9, 2).hash(3, 4, 5));
    assertNotEquals(base, new KeyedHash(1, 9).hash(3, 4, 5));
    assertNotEquals(base, new KeyedHash(1, 2).hash(9, 4, 5));
    assertNotEquals(base, new KeyedHash(1, 2).hash(3, 9, 5));
    assertNotEquals(base, new KeyedHash(1, 2).hash(3, 4, 9));
  }

  @Test
  void theKeyIsDrawnFromEntropyInOrder() {
    var random = new SplittableRandom(7);
    var again = new SplittableRandom(7);
    KeyedHash drawn = KeyedHash.random(random::nextLong);
    long key0 = again.nextLong();
    assertEquals(new KeyedHash(key0, again.nextLong()).hash(42), drawn.hash(42));
  }

  @Test
  void oneFlippedBitFlipsHalfOfTheResult() {
    var random = new SplittableRandom(8);
    long flipped = 0;
    int trials = 20_000;
    for (int i = 0; i < trials; i++) {
      long a = random.nextLong();
      long b = random.nextLong();
      flipped +=
          Long.bitCount(REFERENCE.hash(a, b) ^ REFERENCE.hash(a, b ^ 1L << random.nextInt(64)));
    }
    assertEquals(32.0, flipped / (double) trials, 0.2);
  }
}
