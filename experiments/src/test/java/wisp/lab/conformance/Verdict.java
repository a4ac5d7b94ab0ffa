package wisp.lab.conformance;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What the tests of one build say of a check.
 *
 * @param tests those tagged with its id, in order
 * @param open why it is known not to be done yet
 */
record Verdict(Check check, List<TaggedTest> tests, Optional<String> open) {
  enum Standing {
    /**
     * At least one test passed and none failed: where several show a check together, some may not
     * have run on this machine.
     */
    SHOWN("shown"),
    /** Its tests need something that this machine lacks. */
    NOT_RUN("not run here"),
    FAILS("**fails**"),
    NO_TEST("no test");

    final String words;

    Standing(String words) {
      this.words = words;
    }
  }

  static List<Verdict> of(List<Check> checks, List<TaggedTest> tests, Map<String, String> open) {
    var byTag = tests.stream().collect(Collectors.groupingBy(TaggedTest::tag));
    var verdicts = new ArrayList<Verdict>();
    for (Check check : checks) {
      var its = byTag.getOrDefault(check.id(), List.of()).stream().sorted().toList();
      verdicts.add(new Verdict(check, its, Optional.ofNullable(open.get(check.id()))));
    }
    return verdicts;
  }

  Standing standing() {
    if (any(TaggedTest.Result.FAILED)) {
      return Standing.FAILS;
    }
    if (any(TaggedTest.Result.PASSED)) {
      return Standing.SHOWN;
    }
    return any(TaggedTest.Result.SKIPPED) ? Standing.NOT_RUN : Standing.NO_TEST;
  }

  private boolean any(TaggedTest.Result result) {
    return tests.stream().anyMatch(test -> test.result() == result);
  }
}
