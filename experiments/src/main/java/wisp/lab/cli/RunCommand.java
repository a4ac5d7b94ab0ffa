package wisp.lab.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import wisp.core.spi.MemoryStrategyProvider;
import wisp.lab.FailedException;
import wisp.lab.UsageException;
import wisp.lab.measure.Machine;
import wisp.lab.memory.MemorySuite;
import wisp.lab.report.HtmlReport;
import wisp.lab.results.Json;
import wisp.lab.results.RunFolder;
import wisp.lab.suite.Catalog;
import wisp.lab.suite.Progress;
import wisp.lab.suite.RunOptions;
import wisp.lab.suite.Suite;

/** Runs suites and leaves a folder with data, charts and a page for each. */
@Command(
    name = "run",
    mixinStandardHelpOptions = true,
    description = "Runs suites: measures, draws charts, writes a page. Default: memory.")
public final class RunCommand implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;

  @Parameters(paramLabel = "SUITE", arity = "0..*", description = "see wisp list; default: memory")
  private List<String> suites = List.of("memory");

  @Option(names = "--strategies", split = ",", paramLabel = "NAME", description = "default: all")
  private List<String> strategies = List.of();

  @Option(
      names = "--links",
      split = ",",
      paramLabel = "NAME",
      defaultValue = "inmemory",
      description = "default: ${DEFAULT-VALUE}")
  private List<String> links = List.of();

  @Option(
      names = "--connections",
      split = ",",
      paramLabel = "N",
      converter = Counts.class,
      description = "default: as the suite needs, memory 1k,10k,100k,1M,2M")
  private List<Long> connections = List.of();

  @Option(
      names = "--repeat",
      paramLabel = "N",
      description = "repetitions; default: as the suite needs, memory 1, goodput 5")
  private @Nullable Integer repeat;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "1",
      description = "one seed, one history; default: 1")
  private long seed;

  @Option(
      names = "--peers",
      paramLabel = "KIND",
      defaultValue = "phantom",
      description = "phantom: stateless, cost nothing; real: a second stack, both ends counted")
  private String peers = "phantom";

  @Option(
      names = "--param",
      paramLabel = "OWNER.NAME=VALUE",
      description = "of a strategy or suite, such as slab.slab=1Mi (see wisp list)")
  private Map<String, String> parameters = Map.of();

  @Option(
      names = "--no-kernel",
      description = "do not measure the kernel's own cost; show the recorded figure")
  private boolean noKernel;

  @Option(
      names = "--kernel-limit",
      paramLabel = "N",
      converter = Counts.class,
      defaultValue = "100k",
      description =
          "measure the kernel with so many connections at most; default: ${DEFAULT-VALUE}")
  private long kernelLimit;

  @Option(names = "--timeout", paramLabel = "SECONDS", description = "for one point; default: 900")
  private @Nullable Integer timeout;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "0",
      description = "how long one measurement of throughput lasts; default: as the suite needs")
  private double seconds;

  @Option(names = "--full", description = "all that the suite usually takes a sample of")
  private boolean full;

  @Option(
      names = "--resume",
      description = "go on with what an earlier run left in the folder of --out (matrix)")
  private boolean resume;

  @Option(names = "--out", paramLabel = "DIR", description = "default: results/SUITE/TIME")
  private @Nullable Path out;

  @Override
  public Integer call() throws IOException {
    var chosen = suites.stream().distinct().map(Catalog::suite).toList();
    if (repeat != null && repeat < 1) {
      throw new UsageException("--repeat " + repeat + " is less than 1");
    }
    if (resume && out == null) {
      throw new UsageException("--resume needs --out: which run shall go on?");
    }
    if (seconds < 0) {
      throw new UsageException("--seconds " + seconds + " is less than 0");
    }
    for (Suite suite : chosen) {
      String reason = suite.unavailable();
      if (reason != null) {
        throw new FailedException("suite " + suite.name() + ": " + reason);
      }
      if (resume && !suite.resumes()) {
        throw new UsageException("suite " + suite.name() + " can't --resume an earlier run");
      }
      RunOptions options = options(suite);
      wisp.core.spi.Parameters.of(
          suite.name(), suite.parameters(), options.parametersOf(suite.name()));
      suite.check(options);
    }
    for (Suite suite : chosen) {
      run(suite, options(suite), chosen.size() > 1);
    }
    return 0;
  }

  private RunOptions options(Suite suite) {
    var names =
        strategies.isEmpty()
            ? Catalog.strategies().stream().map(MemoryStrategyProvider::name).toList()
            : strategies.stream().distinct().toList();
    if (names.isEmpty()) {
      throw new FailedException("no memory strategy is on the class path");
    }
    for (String parameter : parameters.keySet()) {
      int dot = parameter.indexOf('.');
      if (dot < 1) {
        throw new UsageException(
            "--param " + parameter + " does not say whose; write it like slab." + parameter + "=…");
      }
      String owner = parameter.substring(0, dot);
      if (Catalog.suites().stream().noneMatch(s -> s.name().equals(owner))) {
        Catalog.strategy(owner);
      }
    }
    return new RunOptions(
        names,
        links.stream().peek(Catalog::link).toList(),
        connections.isEmpty() ? suite.usualConnections() : connections,
        repeat == null ? suite.usualRepeat() : repeat,
        seed,
        peers,
        parameters,
        !noKernel,
        kernelLimit,
        timeout == null ? MemorySuite.defaultTimeout() : Duration.ofSeconds(timeout),
        seconds,
        full);
  }

  private void run(Suite suite, RunOptions options, boolean several) throws IOException {
    Path folder = folder(suite, several);
    var results =
        resume && Files.exists(folder.resolve("data.csv"))
            ? RunFolder.open(folder)
            : RunFolder.create(folder);
    var start = Instant.now().truncatedTo(ChronoUnit.SECONDS);
    var before = Machine.load();
    @Nullable FailedException failure = null;
    try (var progress = new Progress()) {
      suite.run(options, results, progress);
    } catch (FailedException e) {
      failure = e; // what was measured is still worth a page
    }
    var after = Machine.load();
    results.info(
        Json.object(
            "suite", suite.name(),
            "run", results.name(),
            "command", command(),
            "start", start,
            "end", Instant.now().truncatedTo(ChronoUnit.SECONDS),
            "seed", options.seed(),
            "options", options.toJson(),
            "machine", Machine.describe(),
            "child_flags", suite.childFlags(),
            "load_before", before,
            "load_after", after,
            "noisy", Machine.isNoisy(before),
            "failure", failure == null ? null : failure.getMessage()));
    Path page = HtmlReport.write(results, suite);
    System.out.println("report: " + page);
    System.out.println("charts: " + folder.resolve("charts"));
    if (failure != null) {
      throw failure;
    }
  }

  private Path folder(Suite suite, boolean several) {
    if (out != null) {
      if (Files.exists(out) && !Files.isDirectory(out)) {
        throw new UsageException("--out " + out + " is a file; name a folder");
      }
      return several ? out.resolve(suite.name()) : out;
    }
    String time =
        LocalDateTime.now(ZoneId.systemDefault())
            .format(DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss"));
    return Path.of("results", suite.name(), time);
  }

  private String command() {
    return spec == null
        ? "wisp run"
        : "./wisp " + String.join(" ", spec.root().commandLine().getParseResult().originalArgs());
  }
}
