package wisp.lab.conformance;

import java.util.List;
import java.util.Set;

/**
 * One line of checks.tsv: something that must be true of the stack and can be seen from outside it.
 *
 * @param id the JUnit tag of the tests that show it
 * @param rfc the documents it is from; the page has a table for each such text
 * @param subject a word or the section
 * @param level one of {@link #LEVELS}
 * @param truth what must be true, a sentence
 */
record Check(String id, String rfc, String subject, String level, String truth) {
  /** Tiers of a check of ours, keywords of a requirement that an RFC labels. */
  static final List<String> LEVELS =
      List.of("1", "2", "3", "MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "RECOMMENDED", "MAY");

  private static final Set<String> MANDATORY = Set.of("MUST", "MUST NOT");
  private static final Set<String> ADVISED = Set.of("SHOULD", "SHOULD NOT", "RECOMMENDED");
  private static final Set<String> OPTIONAL = Set.of("3", "MAY");

  /** Keywords that RFC 2119 gives one strength: the page counts them together. */
  enum Strength {
    MUST("MUST, MUST NOT", MANDATORY),
    SHOULD("SHOULD, SHOULD NOT, RECOMMENDED", ADVISED),
    MAY("MAY", Set.of("MAY"));

    final String words;
    private final Set<String> levels;

    Strength(String words, Set<String> levels) {
      this.words = words;
      this.levels = levels;
    }

    boolean has(Check check) {
      return levels.contains(check.level);
    }
  }

  Check {
    if (!LEVELS.contains(level)) {
      throw new IllegalArgumentException(
          id + " has level " + level + ", which is none of " + LEVELS);
    }
  }

  /** Whether the build fails without a passing test. */
  boolean isRequired() {
    return !OPTIONAL.contains(level);
  }

  /** Whether it may not even be listed as open. */
  boolean isMandatory() {
    return MANDATORY.contains(level);
  }
}
