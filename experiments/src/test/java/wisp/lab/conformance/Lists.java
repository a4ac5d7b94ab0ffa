package wisp.lab.conformance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/** The two lists that people keep: the checks, and those of them that are known to be open. */
final class Lists {
  private static final List<String> HEAD =
      List.of("id", "rfc", "subject", "level", "what must be true");

  private Lists() {}

  /**
   * The checks in the file's order, which is the page's.
   *
   * @throws IllegalArgumentException naming the line that is no check, or an id that is there twice
   */
  static List<Check> checks(Path file) throws IOException {
    List<String> lines = Files.readAllLines(file);
    if (lines.isEmpty() || !fields(lines.getFirst()).equals(HEAD)) {
      throw new IllegalArgumentException(file + ": the first line must be the columns " + HEAD);
    }
    var checks = new ArrayList<Check>();
    var ids = new HashSet<String>();
    for (int i = 1; i < lines.size(); i++) {
      List<String> f = fields(lines.get(i));
      if (f.size() != HEAD.size() || f.stream().anyMatch(String::isBlank)) {
        throw new IllegalArgumentException(
            file + ", line " + (i + 1) + ": wants " + HEAD.size() + " columns, by tabs");
      }
      if (!ids.add(f.getFirst())) {
        throw new IllegalArgumentException(
            file + ", line " + (i + 1) + ": " + f.getFirst() + " is there twice");
      }
      checks.add(new Check(f.get(0), f.get(1), f.get(2), f.get(3), f.get(4)));
    }
    return checks;
  }

  /**
   * Ids and reasons, in the file's order: {@code id reason} a line, {@code #} begins a comment.
   *
   * @throws IllegalArgumentException naming a line without a reason, or an id that is there twice
   */
  static SequencedMap<String, String> open(Path file) throws IOException {
    var open = new LinkedHashMap<String, String>();
    for (String line : Files.readAllLines(file)) {
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      String[] f = line.strip().split("\\s+", 2);
      if (f.length < 2) {
        throw new IllegalArgumentException(file + ": " + f[0] + " wants a reason");
      }
      if (open.put(f[0], f[1]) != null) {
        throw new IllegalArgumentException(file + ": " + f[0] + " is there twice");
      }
    }
    return open;
  }

  static List<String> fields(String line) {
    return List.of(line.split("\t", -1));
  }
}
