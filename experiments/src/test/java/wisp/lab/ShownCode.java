package wisp.lab;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The code that a page shows first is that of a test here, white space apart. */
final class ShownCode {
  private ShownCode() {}

  /**
   * Compares what the test has between {@code // MARK: from here} and {@code // MARK: to here}.
   *
   * @param page relative to the project's folder
   */
  static void assertShown(Class<?> test, String mark, String page) throws IOException {
    Path home = Path.of(System.getProperty("wisp.home"));
    String file = "experiments/src/test/java/" + test.getName().replace('.', '/') + ".java";
    String source = Files.readString(home.resolve(file));
    assertEquals(
        dense(between(source, "// " + mark + ": from here\n", "// " + mark + ": to here")),
        dense(between(Files.readString(home.resolve(page)), "```java\n", "```")));
  }

  private static String between(String text, String begin, String end) {
    int from = text.indexOf(begin) + begin.length();
    return text.substring(from, text.indexOf(end, from));
  }

  private static String dense(String code) {
    return code.replaceAll("\\s+", "");
  }
}
