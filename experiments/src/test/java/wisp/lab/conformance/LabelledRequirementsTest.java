package wisp.lab.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import wisp.lab.conformance.Check.Strength;

@DisplayName("The labelled requirements of RFC 9293: all are listed, and what is open is decided")
class LabelledRequirementsTest {
  private static final Path ROOT = Path.of("..");
  private static final Path DECISION =
      ROOT.resolve("docs/decisions/0022-what-rfc9293-asks-and-we-do-not.md");

  /** Open while they are being built: to be empty when {@link Walls#MUST_MAY_BE_OPEN} is false. */
  private static final List<String> BEING_BUILT = List.of();

  private static List<Check> labelled(Strength strength) throws IOException {
    return Lists.checks(ROOT.resolve("docs/conformance/checks.tsv")).stream()
        .filter(check -> check.rfc().equals("9293 requirements") && strength.has(check))
        .toList();
  }

  @Test
  void allAreListed() throws IOException {
    assertEquals(69, labelled(Strength.MUST).size());
    assertEquals(32, labelled(Strength.SHOULD).size(), "31 and the one RECOMMENDED");
    assertEquals(18, labelled(Strength.MAY).size());
  }

  @Test
  @Tag("rfc9293-a")
  void whatIsOpenHasADecision() throws IOException {
    String decision = Files.readString(DECISION);
    var open = Lists.open(ROOT.resolve("docs/conformance/open.txt"));
    var optional =
        Stream.concat(labelled(Strength.SHOULD).stream(), labelled(Strength.MAY).stream());
    for (Check check : optional.toList()) {
      boolean isOpen = open.containsKey(check.id()) && !BEING_BUILT.contains(check.id());
      boolean isDecided =
          decision.contains("| " + check.id() + " |")
              || decision.contains(", " + check.id() + " |")
              || decision.contains("| " + check.id() + ",");
      assertEquals(isOpen, isDecided, check::id);
    }
    assertTrue(decision.contains("every MUST and MUST NOT is met"));
  }
}
