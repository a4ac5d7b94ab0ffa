package wisp.lab.report;

import java.util.ArrayList;
import java.util.List;

/**
 * A table of the page.
 *
 * @param columns the first stands left, all others right
 * @param lines of as many cells; what comes after a line break in a cell is a remark to it
 * @param note what a reader must know, below it
 */
public record Table(String title, List<String> columns, List<List<String>> lines, String note) {
  /** For a terminal: columns in line. */
  public List<String> text() {
    int[] width = new int[columns.size()];
    var all = new ArrayList<>(List.of(columns));
    lines.forEach(line -> all.add(line.stream().map(cell -> cell.replace("\n", ", ")).toList()));
    for (List<String> line : all) {
      for (int i = 0; i < width.length; i++) {
        width[i] = Math.max(width[i], line.get(i).length());
      }
    }
    var text = new ArrayList<String>();
    for (List<String> line : all) {
      var padded = new StringBuilder();
      for (int i = 0; i < width.length; i++) {
        String cell = line.get(i);
        padded.append(cell).append(" ".repeat(width[i] - cell.length() + 2));
      }
      text.add(padded.toString().stripTrailing());
    }
    return text;
  }
}
