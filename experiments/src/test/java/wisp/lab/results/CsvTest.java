package wisp.lab.results;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CsvTest {
  @Test
  void quotesOnlyWhatNeedsIt() {
    assertEquals("a,\"b,c\",\"d\"\"e\",", Csv.line(List.of("a", "b,c", "d\"e", "")));
  }

  @Test
  void readsWhatItWrote() {
    var random = new SplittableRandom(1);
    String alphabet = "ab,\"\n \r;";
    for (int i = 0; i < 2_000; i++) {
      var fields =
          IntStream.range(0, 1 + random.nextInt(5))
              .mapToObj(
                  f ->
                      random
                          .ints(random.nextInt(6), 0, alphabet.length())
                          .mapToObj(c -> alphabet.substring(c, c + 1))
                          .reduce("", String::concat))
              .toList();
      String text = Csv.line(fields) + "\n" + Csv.line(List.of("x", "y")) + "\n";
      assertEquals(List.of(fields, List.of("x", "y")), Csv.parse(text), text);
    }
  }

  @Test
  void tellsOfAnOpenQuote() {
    var e = assertThrows(IllegalArgumentException.class, () -> Csv.parse("a\nb,\"c"));
    assertEquals("line 2: a quote is not closed", e.getMessage());
  }

  @Test
  void readsALastLineWithoutItsEnd() {
    assertEquals(List.of(List.of("a", "b")), Csv.parse("a,b"));
  }
}
