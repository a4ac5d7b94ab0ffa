package wisp.lab.goodput;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class SpreadTest {
  @Test
  void ofAnOddNumber_theMedianIsTheMiddleOne() {
    assertEquals(new Spread(2, 1, 9, 3), Spread.of(9, 1, 2));
  }

  @Test
  void ofAnEvenNumber_theMedianLiesBetweenTheMiddleOnes() {
    assertEquals(new Spread(2.5, 1, 9, 4), Spread.of(9, 1, 2, 3));
  }

  @Test
  void whatWasNotMeasuredDoesNotCount() {
    assertEquals(new Spread(4, 4, 4, 1), Spread.of(Double.NaN, 4));
    assertEquals("–", Spread.of(Double.NaN).text(Spread::ratio));
  }

  @Test
  void textTellsHowFarTheyLieApart() {
    assertEquals("0.97 (0.90 … 1.10)", Spread.of(0.9, 1.1, 0.97).text(Spread::ratio));
  }
}
