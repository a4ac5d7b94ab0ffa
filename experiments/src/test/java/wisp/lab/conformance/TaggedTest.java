package wisp.lab.conformance;

import java.nio.file.Path;
import java.util.Comparator;

/** What a module's record says of a test method and one of its tags. */
record TaggedTest(
    String tag, Path module, String className, String method, Result result, String reason)
    implements Comparable<TaggedTest> {
  enum Result {
    PASSED,
    SKIPPED,
    FAILED
  }

  private static final Comparator<TaggedTest> ORDER =
      Comparator.comparing(TaggedTest::label)
          .thenComparing(TaggedTest::source)
          .thenComparing(TaggedTest::result);

  /** Class and method, as a reader looks for them. */
  String label() {
    String simple = className.substring(className.lastIndexOf('.') + 1);
    return simple.replace('$', '.') + "#" + method;
  }

  /** The file that the class is in, from the root. */
  String source() {
    String outermost = className.replaceFirst("\\$.*", "");
    return module + "/src/test/java/" + outermost.replace('.', '/') + ".java";
  }

  @Override
  public int compareTo(TaggedTest other) {
    return ORDER.compare(this, other);
  }
}
