package wisp.lab.cli;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Hands over to JMH. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description = {
      "Runs JMH benchmarks, with JMH's own arguments.",
      "For example: wisp bench ReceivePath -prof gc; all of JMH's options: wisp bench -- -h"
    })
public final class BenchCommand implements Callable<Integer> {
  @Parameters(
      paramLabel = "JMH-ARGUMENT",
      arity = "0..*",
      description = "a name or pattern, then options")
  private List<String> arguments = new ArrayList<>();

  @Override
  public Integer call() throws IOException {
    org.openjdk.jmh.Main.main(arguments.toArray(String[]::new));
    return 0;
  }
}
