package wisp.lab.report;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class TableTest {
  @Test
  void onATerminalColumnsStandBelowEachOther() {
    var table =
        new Table("T", List.of("Flow", "Ratio"), List.of(List.of("a longer one", "1")), "note");

    assertEquals(List.of("Flow          Ratio", "a longer one  1"), table.text());
  }

  @Test
  void onATerminalARemarkStandsBesideItsValue() {
    var table = new Table("T", List.of("Flow", "Ratio"), List.of(List.of("one", "1\nof 2")), "");

    assertEquals(List.of("Flow  Ratio", "one   1, of 2"), table.text());
  }
}
