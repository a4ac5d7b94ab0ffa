package wisp.lab.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import wisp.lab.FailedException;

/** Placeholder until the driver is there. */
@Command(
    name = "wire",
    mixinStandardHelpOptions = true,
    description = "A bad wire between two links.")
public final class WireCommand implements Callable<Integer> {
  @Override
  public Integer call() {
    throw new FailedException("not there yet");
  }
}
