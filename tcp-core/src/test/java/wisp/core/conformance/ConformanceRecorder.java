package wisp.core.conformance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestTag;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/**
 * Writes what each tagged test method did: {@code tag, class, method, passed | skipped | failed,
 * reason}, by tabs. A parameterised or dynamic test is one method: it passed when all its
 * invocations did. Found by JUnit through {@code META-INF/services}.
 *
 * <p>Idle unless the build asks: {@value #FILE} says where to, {@value #BUILD} names the build.
 * Idle also when only some tests were asked for, because their record would be taken for the whole.
 */
public final class ConformanceRecorder implements TestExecutionListener {
  static final String FILE = "wisp.conformance.file";
  static final String BUILD = "wisp.conformance.build";

  /** An ordinary build leaves these tests out, so nothing is shown by them alone. */
  private static final String SLOW = "slow";

  private record Method(String className, String name) {}

  private record Ended(TreeSet<String> tags, Outcome outcome, String reason) {}

  private final Optional<RecordFile> record;
  private final Map<Method, Ended> ended =
      new TreeMap<>(Comparator.comparing(Method::className).thenComparing(Method::name));
  private Optional<TestPlan> plan = Optional.empty();

  /** As JUnit makes it. */
  public ConformanceRecorder() {
    this(
        System.getProperty(FILE) == null || isFiltered()
            ? Optional.empty()
            : Optional.of(
                new RecordFile(Path.of(System.getProperty(FILE)), System.getProperty(BUILD))));
  }

  ConformanceRecorder(Optional<RecordFile> record) {
    this.record = record;
  }

  /** Whether the command line chose among the tests; surefire hands its user properties on. */
  private static boolean isFiltered() {
    String excluded = System.getProperty("excludedGroups", "");
    return !(excluded.isEmpty() || excluded.equals(SLOW))
        || Stream.of("test", "groups", "surefire.includesFile", "surefire.excludesFile")
            .anyMatch(name -> !System.getProperty(name, "").isEmpty());
  }

  @Override
  public synchronized void testPlanExecutionStarted(TestPlan testPlan) {
    plan = Optional.of(testPlan);
    ended.clear();
  }

  @Override
  public synchronized void executionSkipped(TestIdentifier test, String reason) {
    allOf(test, Outcome.SKIPPED, reason);
  }

  @Override
  public synchronized void executionFinished(TestIdentifier test, TestExecutionResult result) {
    String reason = result.getThrowable().map(Throwable::getMessage).orElse("");
    switch (result.getStatus()) {
      case SUCCESSFUL -> {
        if (test.isTest()) {
          note(test, Outcome.PASSED, "");
        }
      }
      case ABORTED -> allOf(test, Outcome.SKIPPED, reason);
      case FAILED -> allOf(test, Outcome.FAILED, reason);
    }
  }

  @Override
  public synchronized void testPlanExecutionFinished(TestPlan testPlan) {
    var lines = new ArrayList<String>();
    ended.forEach(
        (method, end) -> {
          for (String tag : end.tags()) {
            lines.add(
                String.join(
                    "\t",
                    tag,
                    method.className(),
                    method.name(),
                    end.outcome().word(),
                    end.reason()));
          }
        });
    record.ifPresent(
        file -> {
          try {
            file.append(lines);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  /**
   * A class that could not begin, or did not end well, takes all its methods with it: JUnit does
   * not report them.
   */
  private void allOf(TestIdentifier test, Outcome outcome, String reason) {
    note(test, outcome, reason);
    for (TestIdentifier below : plan.orElseThrow().getDescendants(test)) {
      note(below, outcome, reason);
    }
  }

  private void note(TestIdentifier test, Outcome outcome, String reason) {
    // An invocation or a dynamic test has the method of what it belongs to; only the outermost has
    // the tags.
    Optional<TestIdentifier> method = Optional.empty();
    for (var of = Optional.of(test);
        of.isPresent();
        of = of.flatMap(plan.orElseThrow()::getParent)) {
      if (of.get().getSource().orElse(null) instanceof MethodSource) {
        method = of;
      }
    }
    method.ifPresent(of -> note(of, (MethodSource) of.getSource().orElseThrow(), outcome, reason));
  }

  private void note(TestIdentifier test, MethodSource source, Outcome outcome, String reason) {
    var tags = new TreeSet<String>();
    for (var of = Optional.of(test); // a class that is run with parameters keeps its tags to itself
        of.isPresent();
        of = of.flatMap(plan.orElseThrow()::getParent)) {
      of.get().getTags().stream().map(TestTag::getName).forEach(tags::add);
    }
    if (tags.isEmpty() || tags.contains(SLOW)) {
      return;
    }
    ended.merge(
        new Method(source.getClassName(), source.getMethodName()),
        new Ended(tags, outcome, reason.replaceAll("\\s+", " ").strip()),
        (was, is) -> is.outcome().compareTo(was.outcome()) > 0 ? is : was);
  }
}
