package wisp.lab.chart;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SiFormatTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "0.25, 0.25",
    "1, 1",
    "999, 999",
    "999.9, 1k",
    "1000, 1k",
    "1049, 1.05k",
    "131072, 131k",
    "1000000, 1M",
    "2500000, 2.5M",
    "1e9, 1G"
  })
  void counts(double value, String text) {
    assertEquals(text, SiFormat.count(value));
  }

  @ParameterizedTest
  @CsvSource({"44, 44 B", "30.72, 30.7 B", "4965, 4.97 kB", "1.2e9, 1.2 GB", "-1500, -1.5 kB"})
  void bytes(double value, String text) {
    assertEquals(text, SiFormat.bytes(value));
  }
}
