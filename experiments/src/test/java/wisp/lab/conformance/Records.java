package wisp.lab.conformance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * What the tests of all modules recorded in one build.
 *
 * @param missing the modules whose tests this build did not run, or not all of
 * @param tests every tag of every test of the others
 */
record Records(List<Path> missing, List<TaggedTest> tests) {
  /**
   * Reads {@code target/conformance.tsv} of every module with tests; what another build left counts
   * as missing.
   */
  static Records read(Path root, String build) throws IOException {
    var missing = new ArrayList<Path>();
    var tests = new ArrayList<TaggedTest>();
    for (Path module : modules(root)) {
      Path file = root.resolve(module).resolve("target/conformance.tsv");
      List<String> lines = Files.exists(file) ? Files.readAllLines(file) : List.of("");
      if (lines.getFirst().equals("build\t" + build)) {
        lines.stream().skip(1).map(line -> test(module, Lists.fields(line))).forEach(tests::add);
      } else {
        missing.add(module);
      }
    }
    return new Records(missing, tests);
  }

  private static List<Path> modules(Path root) throws IOException {
    try (var folders = Files.list(root)) {
      return folders
          .filter(
              f -> Files.exists(f.resolve("pom.xml")) && Files.exists(f.resolve("src/test/java")))
          .map(root::relativize)
          .sorted()
          .toList();
    }
  }

  private static TaggedTest test(Path module, List<String> f) {
    var result = TaggedTest.Result.valueOf(f.get(3).toUpperCase(Locale.ROOT));
    return new TaggedTest(f.get(0), module, f.get(1), f.get(2), result, f.get(4));
  }
}
