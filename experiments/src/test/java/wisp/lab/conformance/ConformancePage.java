package wisp.lab.conformance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import wisp.lab.conformance.Verdict.Standing;

/**
 * Makes docs/conformance.md when all tests of a build are over: {@code ROOT BUILD CHECK}, the
 * repository, what names this build in the modules' records, and whether the committed page is only
 * compared ({@code true}, as CI does) or rewritten in place. Exits 1 and says why when a wall is
 * broken.
 */
public final class ConformancePage {
  private static final String PAGE = "docs/conformance.md";

  private ConformancePage() {}

  public static void main(String[] args) throws IOException {
    boolean good;
    try {
      good =
          make(Path.of(args[0]).toRealPath(), args[1], Boolean.parseBoolean(args[2]), System.err);
    } catch (IllegalArgumentException e) {
      System.err.println("conformance: " + e.getMessage());
      good = false;
    }
    System.exit(good ? 0 : 1);
  }

  /**
   * Does what {@link #main} says.
   *
   * @return whether all walls stand, or could not be judged because only a part of the tests ran
   * @throws IllegalArgumentException when one of the lists can't be read
   */
  static boolean make(Path root, String build, boolean checkOnly, Appendable out)
      throws IOException {
    var records = Records.read(root, build);
    if (!records.missing().isEmpty()) {
      out.append(
          "conformance: nothing checked, this build did not run all tests of "
              + records.missing()
              + "\n");
      return !checkOnly;
    }
    var open = Lists.open(root.resolve("docs/conformance/open.txt"));
    var verdicts =
        Verdict.of(
            Lists.checks(root.resolve("docs/conformance/checks.tsv")), records.tests(), open);
    tellWhatDidNotRun(verdicts, out);
    List<String> complaints = Walls.complaints(verdicts, records.tests(), open, checkOnly);
    for (String complaint : complaints) {
      out.append("conformance: " + complaint + "\n");
    }
    return isCurrent(root.resolve(PAGE), Markdown.page(root, verdicts), checkOnly, out)
        && complaints.isEmpty();
  }

  private static void tellWhatDidNotRun(List<Verdict> verdicts, Appendable out) throws IOException {
    for (Verdict verdict : verdicts) {
      if (verdict.standing() == Standing.NOT_RUN) {
        var test = verdict.tests().getFirst();
        out.append(
            "conformance: "
                + verdict.check().id()
                + " not run here: "
                + test.label()
                + ": "
                + test.reason()
                + "\n");
      }
    }
  }

  private static boolean isCurrent(Path file, String page, boolean checkOnly, Appendable out)
      throws IOException {
    String committed = Files.exists(file) ? Files.readString(file) : "";
    if (committed.equals(page)) {
      return true;
    }
    if (checkOnly) {
      out.append(
          "conformance: "
              + PAGE
              + " is not what this build's tests show"
              + difference(committed, page)
              + "\n");
      out.append("To renew it: mvn verify (as root, so that no test skips), then commit it.\n");
      return false;
    }
    Files.writeString(file, page);
    out.append("conformance: " + PAGE + " renewed: commit it\n");
    return true;
  }

  private static String difference(String committed, String page) {
    List<String> was = committed.lines().toList();
    List<String> is = page.lines().toList();
    int i = 0;
    while (i < was.size() && i < is.size() && was.get(i).equals(is.get(i))) {
      i++;
    }
    return ", from line " + (i + 1) + ":\n- " + at(was, i) + "\n+ " + at(is, i);
  }

  private static String at(List<String> lines, int i) {
    return i < lines.size() ? lines.get(i) : "(its end)";
  }
}
