package wisp.lab.conformance;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import wisp.lab.conformance.Check.Strength;
import wisp.lab.conformance.Verdict.Standing;

/**
 * The page: the same tree and the same outcomes give the same bytes, so it has no dates and no
 * times.
 */
final class Markdown {
  private static final String HEAD =
      """
      # Conformance

      Written by `mvn verify` from [checks.tsv](conformance/checks.tsv) and the tags of the tests; do not edit it, see
      [CONTRIBUTING](../CONTRIBUTING.md#show-a-conformance-check). A check is *shown* when a test tagged with its id passed and
      none failed. Level 1 is what every host needs, 2 what is expected of a modern TCP, 3 optional; the words are those of an
      RFC that labels its requirements, and such a requirement is *met* when it is shown. The build fails when a check of level 1,
      2, MUST or SHOULD is not shown, except for those [not done](#not-done) yet.

      """;

  private final Path root;
  private final StringBuilder text = new StringBuilder(HEAD);

  private Markdown(Path root) {
    this.root = root;
  }

  /**
   * @param root of the repository: tests are linked to their files where these exist
   */
  static String page(Path root, List<Verdict> verdicts) {
    var page = new Markdown(root);
    page.summary(verdicts);
    page.requirements(verdicts);
    verdicts.stream()
        .collect(
            Collectors.groupingBy(v -> v.check().rfc(), LinkedHashMap::new, Collectors.toList()))
        .values()
        .forEach(page::table);
    page.notDone(verdicts);
    return page.text.toString();
  }

  private void summary(List<Verdict> verdicts) {
    head("level", "checks", "shown by passing tests", "not run here", "failing", "no test");
    for (String level : Check.LEVELS) {
      var ofLevel = verdicts.stream().filter(v -> v.check().level().equals(level)).toList();
      if (!ofLevel.isEmpty()) {
        row(
            level,
            "" + ofLevel.size(),
            count(ofLevel, Standing.SHOWN),
            count(ofLevel, Standing.NOT_RUN),
            count(ofLevel, Standing.FAILS),
            count(ofLevel, Standing.NO_TEST));
      }
    }
  }

  /** How many of the labelled requirements are met, by what their keyword demands. */
  private void requirements(List<Verdict> verdicts) {
    if (verdicts.stream().noneMatch(v -> isLabelled(v.check()))) {
      return;
    }
    text.append('\n');
    head("requirements", "met", "not met", "all");
    for (Strength strength : Strength.values()) {
      var its = verdicts.stream().filter(v -> strength.has(v.check())).toList();
      long met = its.stream().filter(v -> v.standing() == Standing.SHOWN).count();
      row(strength.words, "" + met, "" + (its.size() - met), "" + its.size());
    }
  }

  private static boolean isLabelled(Check check) {
    return Stream.of(Strength.values()).anyMatch(strength -> strength.has(check));
  }

  private static String count(List<Verdict> verdicts, Standing standing) {
    return "" + verdicts.stream().filter(v -> v.standing() == standing).count();
  }

  /** A subject that all share goes into the title; sections stand with their checks. */
  private void table(List<Verdict> ofRfc) {
    Check first = ofRfc.getFirst().check();
    boolean oneSubject = ofRfc.stream().allMatch(v -> v.check().subject().equals(first.subject()));
    boolean isNumber = Character.isDigit(first.rfc().charAt(0));
    String title =
        (isNumber ? "RFC " : "") + first.rfc() + (oneSubject ? ": " + first.subject() : "");
    text.append("\n## ").append(title).append("\n\n");
    head("id", "level", "what must be true", "tests", "result");
    for (Verdict verdict : ofRfc) {
      Check check = verdict.check();
      row(
          check.id(),
          check.level(),
          (oneSubject ? "" : check.subject() + ": ") + check.truth(),
          verdict.tests().stream().map(this::link).distinct().collect(Collectors.joining("<br>")),
          verdict.standing().words);
    }
  }

  private String link(TaggedTest test) {
    boolean exists = Files.exists(root.resolve(test.source()));
    return exists ? "[" + test.label() + "](../" + test.source() + ")" : test.label();
  }

  private void notDone(List<Verdict> verdicts) {
    var open = verdicts.stream().filter(v -> v.open().isPresent()).toList();
    text.append("\n## Not done\n\n");
    if (open.isEmpty()) {
      text.append("Nothing that is on the list.\n");
      return;
    }
    head("id", "level", "what must be true", "why not");
    for (Verdict verdict : open) {
      Check check = verdict.check();
      row(check.id(), check.level(), check.truth(), verdict.open().orElseThrow());
    }
  }

  private void head(String... names) {
    row(names);
    text.append("|").append(" --- |".repeat(names.length)).append('\n');
  }

  private void row(String... cells) {
    text.append('|');
    for (String cell : cells) {
      text.append(' ').append(cell.replace("|", "\\|")).append(" |");
    }
    text.append('\n');
  }
}
