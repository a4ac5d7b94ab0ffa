package wisp.lab.measure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files of {@code /proc}: short texts that the kernel writes while they are read. */
public final class ProcFile {
  private ProcFile() {}

  /** All of it; empty when it can't be read. */
  public static String text(String file) {
    try {
      return Files.readString(Path.of(file));
    } catch (IOException e) {
      return "";
    }
  }

  /** A field of the form {@code Name: 123 kB}, in bytes; 0 when it is not there. */
  public static long field(String file, String name) {
    return field(text(file), name, 0);
  }

  static long field(String text, String name, long otherwise) {
    for (String line : text.split("\n", -1)) {
      if (line.startsWith(name + ":")) {
        String[] words = line.substring(name.length() + 1).strip().split("\\s+", -1);
        return Long.parseLong(words[0]) * (words.length > 1 && words[1].equals("kB") ? 1024 : 1);
      }
    }
    return otherwise;
  }
}
