package wisp.lab.results;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Comma-separated values as RFC 4180 has them, with {@code \n} at the end of a line. */
public final class Csv {
  private Csv() {}

  /** One line, without its end. */
  public static String line(List<String> fields) {
    // A line with one empty field would look like no line at all.
    return fields.equals(List.of(""))
        ? "\"\""
        : fields.stream().map(Csv::quoted).collect(Collectors.joining(","));
  }

  private static String quoted(String field) {
    boolean plain = field.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
    return plain ? field : '"' + field.replace("\"", "\"\"") + '"';
  }

  /**
   * All lines of a file.
   *
   * @throws IllegalArgumentException with the line's number when a quote is not closed
   */
  public static List<List<String>> parse(String text) {
    var lines = new ArrayList<List<String>>();
    var line = new ArrayList<String>();
    var field = new StringBuilder();
    boolean quoted = false;
    boolean begun = false; // whether this line has anything, be it an empty quoted field
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (quoted) {
        if (c != '"') {
          field.append(c);
        } else if (i + 1 < text.length() && text.charAt(i + 1) == '"') {
          field.append('"');
          i++;
        } else {
          quoted = false;
        }
        continue;
      }
      switch (c) {
        case '"' -> {
          quoted = true;
          begun = true;
        }
        case ',' -> {
          line.add(field.toString());
          field.setLength(0);
          begun = true;
        }
        case '\r' -> {}
        case '\n' -> {
          if (begun || !field.isEmpty()) {
            line.add(field.toString());
            lines.add(List.copyOf(line));
          }
          line.clear();
          field.setLength(0);
          begun = false;
        }
        default -> field.append(c);
      }
    }
    if (quoted) {
      throw new IllegalArgumentException("line " + (lines.size() + 1) + ": a quote is not closed");
    }
    if (begun || !field.isEmpty()) {
      line.add(field.toString());
      lines.add(List.copyOf(line));
    }
    return lines;
  }
}
