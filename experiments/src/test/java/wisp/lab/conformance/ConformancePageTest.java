package wisp.lab.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("The page of conformance checks and the walls that keep it true")
class ConformancePageTest {
  private static final String BUILD = "2026-01-01T00:00:00Z";

  @TempDir Path root;
  private final StringBuilder out = new StringBuilder();

  @BeforeEach
  void aRepositoryWithTwoModules() throws IOException {
    for (String module : List.of("core", "lab")) {
      Files.createDirectories(root.resolve(module + "/src/test/java/wisp"));
      Files.createDirectories(root.resolve(module + "/target"));
      Files.createFile(root.resolve(module + "/pom.xml"));
      recorded(module, BUILD);
    }
    Files.createFile(root.resolve("core/src/test/java/wisp/ArpTest.java"));
    Files.createDirectories(root.resolve("docs/conformance"));
    checks(
        "rfc826-a\t826\tARP\t1\tA request gets a reply.",
        "rfc826-b\t826\tARP\t3\tAnother | thing.",
        "SHLD-1\t9293\t§3.5\tSHOULD\tIt opens.",
        "MAY-2\t9293\t§3.6\tMAY\tIt closes.");
    open("SHLD-1 needs doors");
  }

  private void checks(String... lines) throws IOException {
    Files.writeString(
        root.resolve("docs/conformance/checks.tsv"),
        "id\trfc\tsubject\tlevel\twhat must be true\n" + String.join("\n", lines) + "\n");
  }

  private void open(String... lines) throws IOException {
    Files.write(root.resolve("docs/conformance/open.txt"), List.of(lines));
  }

  private void recorded(String module, String build, String... lines) throws IOException {
    Files.writeString(
        root.resolve(module + "/target/conformance.tsv"),
        "build\t"
            + build
            + "\n"
            + String.join("", List.of(lines).stream().map(l -> l + "\n").toList()));
  }

  private static String test(String tag, String name, String result) {
    return tag
        + "\twisp."
        + name.replace("#", "\t")
        + "\t"
        + result
        + "\t"
        + (result.equals("skipped") ? "needs root" : "");
  }

  private boolean writes() throws IOException {
    out.setLength(0);
    return ConformancePage.make(root, BUILD, false, out);
  }

  private boolean checks() throws IOException {
    out.setLength(0);
    return ConformancePage.make(root, BUILD, true, out);
  }

  private String page() throws IOException {
    return Files.readString(root.resolve("docs/conformance.md"));
  }

  private void says(String words) {
    assertTrue(out.toString().contains(words), out::toString);
  }

  @Test
  void thePageCountsListsAndLinks() throws IOException {
    recorded(
        "core",
        BUILD,
        test("rfc826-a", "ArpTest#second", "passed"),
        test("rfc826-a", "ArpTest$Deep#first", "passed"));
    recorded(
        "lab",
        BUILD,
        test("rfc826-b", "GoneTest#x", "skipped"),
        test("rfc6298", "RttTest#x", "passed"));
    assertTrue(writes(), out::toString);
    String page = page();
    assertEquals(
        """
        | level | checks | shown by passing tests | not run here | failing | no test |
        | --- | --- | --- | --- | --- | --- |
        | 1 | 1 | 1 | 0 | 0 | 0 |
        | 3 | 1 | 0 | 1 | 0 | 0 |
        | SHOULD | 1 | 0 | 0 | 0 | 1 |
        | MAY | 1 | 0 | 0 | 0 | 1 |

        | requirements | met | not met | all |
        | --- | --- | --- | --- |
        | MUST, MUST NOT | 0 | 0 | 0 |
        | SHOULD, SHOULD NOT, RECOMMENDED | 0 | 1 | 1 |
        | MAY | 0 | 1 | 1 |

        ## RFC 826: ARP

        | id | level | what must be true | tests | result |
        | --- | --- | --- | --- | --- |
        | rfc826-a | 1 | A request gets a reply. | [ArpTest#second](../core/src/test/java/wisp/ArpTest.java)<br>[ArpTest.Deep#first](../core/src/test/java/wisp/ArpTest.java) | shown |
        | rfc826-b | 3 | Another \\| thing. | GoneTest#x | not run here |

        ## RFC 9293

        | id | level | what must be true | tests | result |
        | --- | --- | --- | --- | --- |
        | SHLD-1 | SHOULD | §3.5: It opens. |  | no test |
        | MAY-2 | MAY | §3.6: It closes. |  | no test |

        ## Not done

        | id | level | what must be true | why not |
        | --- | --- | --- | --- |
        | SHLD-1 | SHOULD | It opens. | needs doors |
        """,
        page.substring(page.indexOf("| level")));
    says("rfc826-b not run here: GoneTest#x: needs root");
    says("docs/conformance.md renewed");
  }

  @Test
  void theOrderOfTheRecordsDoesNotShow() throws IOException {
    String[] tests = {
      test("rfc826-a", "A#a", "passed"),
      test("rfc826-a", "A#a", "passed"),
      test("rfc826-a", "B#b", "skipped")
    };
    recorded("core", BUILD, tests);
    assertTrue(writes());
    String page = page();
    recorded("core", BUILD, tests[2], tests[0]);
    assertTrue(checks(), out::toString);
    assertEquals(page, page());
    assertEquals("", out.toString());
  }

  @Test
  void aRequiredCheckWithoutATestBreaksTheWall() throws IOException {
    assertFalse(writes());
    says("rfc826-a has no test");
    assertTrue(
        page().contains("| A request gets a reply. |  | no test |"),
        "the page tells the truth all the same");
  }

  @Test
  void aFailingTestBreaksTheWallWhateverElsePassed() throws IOException {
    recorded("core", BUILD, test("rfc826-a", "A#a", "passed"), test("rfc826-a", "A#b", "failed"));
    assertFalse(writes());
    says("rfc826-a is not shown: a test of it failed");
    assertTrue(page().contains("| **fails** |"));
  }

  @Test
  void whatCantRunHereIsNoFailureButForCi() throws IOException {
    recorded("core", BUILD, test("rfc826-a", "A#a", "skipped"));
    assertTrue(writes(), out::toString);
    assertFalse(checks());
    says("rfc826-a is not shown: A#a could not run: needs root");
  }

  @Test
  void whatIsShownMayNotStayOnTheOpenList() throws IOException {
    recorded("core", BUILD, test("rfc826-a", "A#a", "passed"), test("SHLD-1", "A#door", "passed"));
    assertFalse(writes());
    says("SHLD-1 is shown by A#door: take it out of open.txt");
  }

  @Test
  void anOptionalCheckMayBeOpenOrNot() throws IOException {
    recorded("core", BUILD, test("rfc826-a", "A#a", "passed"));
    open("SHLD-1 needs doors", "# a comment", "", "MAY-2 not wanted");
    assertTrue(writes(), out::toString);
    assertTrue(page().contains("| MAY-2 | MAY | It closes. | not wanted |"));
  }

  @Test
  void aMustMayStandOpenOnlyWhileTheSwitchSaysSo() {
    var check = new Check("MUST-1", "9293", "§3.5", "MUST NOT", "It opens.");
    var open = Map.of("MUST-1", "needs doors");
    List<Verdict> verdicts = Verdict.of(List.of(check), List.of(), open);
    assertEquals(List.of(), Walls.complaints(verdicts, List.of(), open, true, true));
    assertEquals(
        List.of("MUST-1 is a MUST: it can't stand in open.txt"),
        Walls.complaints(verdicts, List.of(), open, true, false));
  }

  @Test
  void slipsInIdsAreFound() throws IOException {
    recorded(
        "core",
        BUILD,
        test("rfc826-a", "A#a", "passed"),
        test("rfc862-x", "A#b", "passed"),
        test("SHLD-77", "A#c", "passed"),
        test("rfc9293-3.4", "A#d", "passed"),
        test("monkey", "A#e", "passed"));
    open("SHLD-1 needs doors", "SHLD-2 no such check");
    assertFalse(writes());
    says("SHLD-2 in open.txt is no id of checks.tsv");
    says("SHLD-77 tags a test, but is no id of checks.tsv");
    says("rfc862-x tags a test, but is no id of checks.tsv");
    assertEquals(4, out.toString().lines().count(), "and the page was renewed");
  }

  @Test
  void aCommittedPageThatDiffersFailsCiAndStaysAsItIs() throws IOException {
    recorded("core", BUILD, test("rfc826-a", "A#a", "passed"));
    assertFalse(checks());
    assertFalse(Files.exists(root.resolve("docs/conformance.md")));
    assertTrue(writes());
    assertTrue(checks(), out::toString);
    Files.writeString(
        root.resolve("docs/conformance.md"), page().replace("shown |\n", "perfect |\n"));
    assertFalse(checks());
    says("+ | rfc826-a | 1 | A request gets a reply. | A#a | shown |");
    says("To renew it: mvn verify");
    assertTrue(page().contains("perfect |"));
  }

  @Test
  void aPartOfTheTestsIsJudgedByNobody() throws IOException {
    recorded("lab", "an older build", test("rfc826-a", "A#a", "failed"));
    assertTrue(writes());
    says("nothing checked, this build did not run all tests of [lab]");
    Files.delete(root.resolve("lab/target/conformance.tsv"));
    assertTrue(writes());
    assertFalse(Files.exists(root.resolve("docs/conformance.md")));
    assertFalse(checks(), "CI runs all, or something is wrong");
  }

  @Test
  void listsThatCantBeReadSayWhere() throws IOException {
    checks("rfc826-a\t826\tARP\t4\tX.");
    assertThat("rfc826-a has level 4");
    checks("rfc826-a\t826\tARP\t1\tX.", "rfc826-a\t826\tARP\t1\tX.");
    assertThat("line 3: rfc826-a is there twice");
    checks("rfc826-a\t826\tARP\t1");
    assertThat("line 2: wants 5 columns");
    checks("rfc826-a\t826\tARP\t1\tX.");
    open("rfc826-a");
    assertThat("rfc826-a wants a reason");
    open("rfc826-a x", "rfc826-a y");
    assertThat("rfc826-a is there twice");
  }

  private void assertThat(String complaint) {
    var e = assertThrows(IllegalArgumentException.class, this::writes);
    assertTrue(e.getMessage().contains(complaint), e::getMessage);
  }
}
