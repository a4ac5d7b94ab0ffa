package wisp.lab.results;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The folder of one run. Rows are written as they come, so that a run that breaks off leaves what
 * it had.
 */
public final class RunFolder {
  private final Path folder;
  private final List<Row> rows = new ArrayList<>();

  private RunFolder(Path folder) {
    this.folder = folder;
  }

  /**
   * A new run: makes the folder, and {@code data.csv} with its header. An earlier run in the same
   * folder is replaced.
   */
  public static RunFolder create(Path folder) throws IOException {
    Files.createDirectories(folder.resolve("charts"));
    Files.createDirectories(folder.resolve("captures"));
    Files.writeString(folder.resolve("data.csv"), Csv.line(Row.COLUMNS) + "\n");
    Files.deleteIfExists(folder.resolve("run.json"));
    return new RunFolder(folder);
  }

  /**
   * An earlier run.
   *
   * @throws IOException in one line for the user
   */
  public static RunFolder open(Path folder) throws IOException {
    Path data = folder.resolve("data.csv");
    if (!Files.isRegularFile(data)) {
      throw new IOException(folder + " is not a run: it has no data.csv");
    }
    var result = new RunFolder(folder);
    var lines = Csv.parse(Files.readString(data));
    if (lines.isEmpty()
        || lines.getFirst().size() < 9
        || !lines.getFirst().subList(0, 9).equals(Row.COLUMNS.subList(0, 9))) {
      throw new IOException(data + " does not begin with the columns " + Row.COLUMNS.subList(0, 9));
    }
    try {
      lines.subList(1, lines.size()).forEach(line -> result.rows.add(Row.of(line)));
    } catch (IllegalArgumentException e) {
      throw new IOException(data + ": " + e.getMessage(), e);
    }
    return result;
  }

  /** Where it is. */
  public Path path() {
    return folder;
  }

  /** Where samples of packets go. */
  public Path captures() {
    return folder.resolve("captures");
  }

  /** The folder's name: what the column {@code run} says. */
  public String name() {
    return folder.toAbsolutePath().normalize().getFileName().toString();
  }

  /** All rows so far. */
  public List<Row> rows() {
    return List.copyOf(rows);
  }

  /** Appends to {@code data.csv}. */
  public void add(List<Row> more) throws IOException {
    var text = new StringBuilder();
    more.forEach(row -> text.append(Csv.line(row.fields())).append('\n'));
    Files.writeString(folder.resolve("data.csv"), text, StandardOpenOption.APPEND);
    rows.addAll(more);
  }

  /** Writes {@code run.json}. */
  public void info(Map<String, @Nullable Object> info) throws IOException {
    Files.writeString(folder.resolve("run.json"), Json.pretty(info));
  }

  /** What {@code run.json} says; empty when there is none. */
  public Map<String, @Nullable Object> info() throws IOException {
    Path file = folder.resolve("run.json");
    if (!Files.isRegularFile(file)) {
      return Map.of();
    }
    try {
      return Json.parseObject(Files.readString(file));
    } catch (IllegalArgumentException e) {
      throw new IOException(file + ": " + e.getMessage(), e);
    }
  }
}
