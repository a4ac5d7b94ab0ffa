package wisp.lab.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import wisp.lab.FailedException;
import wisp.lab.report.HtmlReport;
import wisp.lab.results.RunFolder;
import wisp.lab.suite.Catalog;

/** Draws again what a run has left. */
@Command(
    name = "report",
    mixinStandardHelpOptions = true,
    description = "Draws charts and page of a run again, from its data.csv and run.json.")
public final class ReportCommand implements Callable<Integer> {
  @Parameters(paramLabel = "DIR", description = "a run's folder, such as results/memory/reference")
  private Path folder = Path.of("");

  @Override
  public Integer call() throws IOException {
    var run = RunFolder.open(folder);
    if (run.rows().isEmpty()) {
      throw new FailedException(folder.resolve("data.csv") + " has no rows");
    }
    Path page = HtmlReport.write(run, Catalog.suite(run.rows().getFirst().suite()));
    System.out.println("report: " + page);
    return 0;
  }
}
