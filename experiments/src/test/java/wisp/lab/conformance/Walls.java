package wisp.lab.conformance;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import wisp.lab.conformance.Verdict.Standing;

/** What fails the build; each complaint says what to do about it. */
final class Walls {
  /** Whether a MUST may be listed as open: while an issue that brings them is being worked on. */
  static final boolean MUST_MAY_BE_OPEN = false;

  private Walls() {}

  /**
   * All complaints, in page order.
   *
   * @param strict whether a required check may not go unshown because its tests can't run on this
   *     machine either
   */
  static List<String> complaints(
      List<Verdict> verdicts, List<TaggedTest> tests, Map<String, String> open, boolean strict) {
    return complaints(verdicts, tests, open, strict, MUST_MAY_BE_OPEN);
  }

  static List<String> complaints(
      List<Verdict> verdicts,
      List<TaggedTest> tests,
      Map<String, String> open,
      boolean strict,
      boolean mustMayBeOpen) {
    var complaints = new ArrayList<String>();
    for (Verdict verdict : verdicts) {
      complain(verdict, strict, complaints);
      if (verdict.open().isPresent() && verdict.check().isMandatory() && !mustMayBeOpen) {
        complaints.add(verdict.check().id() + " is a MUST: it can't stand in open.txt");
      }
    }
    Set<String> ids = verdicts.stream().map(v -> v.check().id()).collect(Collectors.toSet());
    for (String id : open.keySet()) {
      if (!ids.contains(id)) {
        complaints.add(id + " in open.txt is no id of checks.tsv");
      }
    }
    for (String tag : unknown(tests, ids)) {
      complaints.add(tag + " tags a test, but is no id of checks.tsv");
    }
    return complaints;
  }

  private static void complain(Verdict verdict, boolean strict, List<String> complaints) {
    String id = verdict.check().id();
    if (verdict.open().isPresent()) {
      if (verdict.standing() == Standing.SHOWN) {
        complaints.add(
            id
                + " is shown by "
                + verdict.tests().getFirst().label()
                + ": take it out of open.txt");
      }
    } else if (verdict.check().isRequired()) {
      switch (verdict.standing()) {
        case SHOWN -> {}
        case NOT_RUN -> {
          if (strict) {
            var test = verdict.tests().getFirst();
            complaints.add(
                id + " is not shown: " + test.label() + " could not run: " + test.reason());
          }
        }
        case FAILS -> complaints.add(id + " is not shown: a test of it failed");
        case NO_TEST ->
            complaints.add(
                id
                    + " has no test: tag one with it, or put it into open.txt with the reason ("
                    + verdict.check().truth()
                    + ")");
      }
    }
  }

  /**
   * Tags that look like the ids of the list and are none: a slip of the pen would show nothing and
   * nobody would notice.
   */
  private static Set<String> unknown(List<TaggedTest> tests, Set<String> ids) {
    Set<String> shapes = ids.stream().map(Walls::shape).collect(Collectors.toSet());
    return tests.stream()
        .map(TaggedTest::tag)
        .filter(tag -> !ids.contains(tag) && shapes.contains(shape(tag)))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** An id with any number and any last letter. */
  private static String shape(String id) {
    return id.replaceAll("[0-9]+", "0").replaceAll("-[a-z]$", "-a");
  }
}
