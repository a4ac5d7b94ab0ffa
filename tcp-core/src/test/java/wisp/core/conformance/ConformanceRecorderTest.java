package wisp.core.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.platform.launcher.core.LauncherConfig;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

@DisplayName("What the tests tagged with a check did is recorded, once a method")
class ConformanceRecorderTest {
  @TempDir Path folder;

  static class Plain {
    @Test
    @Tag("rfc1-a")
    @Tag("MUST-1")
    void passes() {}

    @Test
    @Tag("rfc1-b")
    void fails() {
      fail("it does\nnot\twork");
    }

    @Test
    @Tag("rfc1-c")
    @Disabled("not yet")
    void isDisabled() {}

    @Test
    @Tag("rfc1-d")
    void isAborted() {
      assumeTrue(false, "needs root");
    }

    @Test
    @Tag("rfc1-e")
    @Tag("slow")
    void isSlow() {}

    @Test
    void hasNoTag() {}

    @Nested
    class Inner {
      @Test
      @Tag("rfc1-f")
      void passes() {}
    }
  }

  static class Many {
    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    @Tag("rfc2-a")
    void all(int i) {}

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    @Tag("rfc2-b")
    void allButOne(int i) {
      if (i == 2) {
        fail("two");
      }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    @Tag("rfc2-c")
    void oneCantRun(int i) {
      if (i == 1) {
        abort("one");
      }
    }

    @TestFactory
    @Tag("rfc2-d")
    Stream<DynamicTest> dynamic() {
      return Stream.of(dynamicTest("good", () -> {}), dynamicTest("bad", () -> fail("bad")));
    }

    @TestFactory
    @Tag("rfc2-e")
    Stream<DynamicTest> none() {
      return Stream.of();
    }
  }

  static class CannotBegin {
    @BeforeAll
    static void needs() {
      abort("no TUN here");
    }

    @Test
    @Tag("rfc3-a")
    void first() {}

    @ParameterizedTest
    @ValueSource(ints = 1)
    @Tag("rfc3-b")
    void second(int i) {}
  }

  static class BeginsBadly {
    @BeforeAll
    static void breaks() {
      fail("broken");
    }

    @Test
    @Tag("rfc4-a")
    void never() {}
  }

  private void run(String build, Class<?>... classes) {
    var recorder =
        new ConformanceRecorder(
            Optional.of(new RecordFile(folder.resolve("target/conformance.tsv"), build)));
    var config =
        LauncherConfig.builder()
            .enableTestExecutionListenerAutoRegistration(false)
            .addTestExecutionListeners(recorder)
            .build();
    var request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(Arrays.stream(classes).map(c -> selectClass(c)).toList())
            .build();
    LauncherFactory.create(config).execute(request);
  }

  private List<String> recorded() throws IOException {
    return Files.readAllLines(folder.resolve("target/conformance.tsv"));
  }

  private static String line(String tag, Class<?> where, String method, String end) {
    return tag + "\t" + where.getName() + "\t" + method + "\t" + end;
  }

  @Test
  void eachTagOfEachTestIsALine() throws IOException {
    run("b1", Plain.class);
    assertEquals(
        List.of(
            "build\tb1",
            line("rfc1-b", Plain.class, "fails", "failed\tit does not work"),
            line("rfc1-d", Plain.class, "isAborted", "skipped\tAssumption failed: needs root"),
            line("rfc1-c", Plain.class, "isDisabled", "skipped\tnot yet"),
            line("MUST-1", Plain.class, "passes", "passed\t"),
            line("rfc1-a", Plain.class, "passes", "passed\t"),
            line("rfc1-f", Plain.Inner.class, "passes", "passed\t")),
        recorded());
  }

  @Test
  void manyInvocationsAreOneTestAndTheWorstOfThemCounts() throws IOException {
    run("b1", Many.class);
    assertEquals(
        List.of(
            "build\tb1",
            line("rfc2-a", Many.class, "all", "passed\t"),
            line("rfc2-b", Many.class, "allButOne", "failed\ttwo"),
            line("rfc2-d", Many.class, "dynamic", "failed\tbad"),
            line("rfc2-c", Many.class, "oneCantRun", "skipped\tone")),
        recorded());
  }

  @Test
  void aClassThatCantBeginTakesItsMethodsWithIt() throws IOException {
    run("b1", CannotBegin.class, BeginsBadly.class);
    assertEquals(
        List.of(
            "build\tb1",
            line("rfc4-a", BeginsBadly.class, "never", "failed\tbroken"),
            line("rfc3-a", CannotBegin.class, "first", "skipped\tno TUN here"),
            line("rfc3-b", CannotBegin.class, "second", "skipped\tno TUN here")),
        recorded());
  }

  @Test
  void forksOfOneBuildAppendAndTheNextBuildBeginsAnew() throws IOException {
    run("b1", BeginsBadly.class);
    run("b1", Plain.Inner.class);
    assertEquals(3, recorded().size());
    run("b2");
    assertEquals(List.of("build\tb2"), recorded());
  }
}
