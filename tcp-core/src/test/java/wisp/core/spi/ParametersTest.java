package wisp.core.spi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ParametersTest {
  @ParameterizedTest
  @CsvSource({
    "250000, 250000",
    "1k, 1000",
    "64Ki, 65536",
    "1.1M, 1100000",
    "1.5Gi, 1610612736",
    "-2k, -2000",
    "0, 0",
    "9223372036854775807, 9223372036854775807"
  })
  void aNumberMayCarryASuffix_andAFractionThatTheSuffixMakesWhole(String text, long number) {
    assertEquals(number, Parameters.parse(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "k",
        "1.5",
        "1.0001k",
        "1i",
        "1e3",
        "ten",
        "1..5M",
        "9223372036854775808",
        "9e18G"
      })
  void whatIsNoWholeNumberIsRefused(String text) {
    assertThrows(NumberFormatException.class, () -> Parameters.parse(text));
  }
}
