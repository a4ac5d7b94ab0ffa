package wisp.lab.results;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
  @Test
  void readsWhatItWrote() {
    var value =
        Json.object(
            "text",
            "a \"quote\", \\ and \n, \u0001, é",
            "whole",
            42L,
            "decimal",
            0.25,
            "none",
            null,
            "yes",
            true,
            "list",
            Arrays.asList(1L, null, List.of(), Map.of()),
            "object",
            Json.object("x", -1L));
    assertEquals(value, Json.parse(Json.line(value)));
    assertEquals(value, Json.parse(Json.pretty(value)));
  }

  @Test
  void keepsALineALine() {
    assertEquals(1, Json.line(Json.object("a", "x\ny", "b", List.of(1, 2))).lines().count());
  }

  @Test
  void writesWhatHasNoNumberAsNull() {
    assertEquals("[null, null, 3]", Json.line(List.of(Double.NaN, 1 / 0.0, 3.0)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{",
        "[1,",
        "{\"a\" 1}",
        "\"a",
        "nul",
        "1 2",
        "[1]]",
        "\"\\x\"",
        "\"\\u12\"",
        "-"
      })
  void refusesWhatIsNone(String text) {
    assertThrows(IllegalArgumentException.class, () -> Json.parse(text));
  }

  @Test
  void isNotBroughtDownByDepth() {
    assertThrows(IllegalArgumentException.class, () -> Json.parse("[".repeat(100_000)));
  }
}
