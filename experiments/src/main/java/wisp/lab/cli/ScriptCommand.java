package wisp.lab.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import wisp.lab.FailedException;
import wisp.lab.UsageException;
import wisp.lab.script.ScriptServer;

/** The script port. */
@Command(
    name = "script",
    mixinStandardHelpOptions = true,
    description = {
      "Lets packet-script suites drive the stack over a UNIX socket, in virtual or real time.",
      "For example: wisp script --sock /tmp/wisp.sock"
    })
public final class ScriptCommand implements Callable<Integer> {
  private static final int LONGEST_PATH = 107;

  @Option(
      names = "--sock",
      paramLabel = "PATH",
      required = true,
      description = "UNIX socket to listen on")
  private @Nullable Path sock;

  @Option(names = "--once", description = "end with the first script")
  private boolean once;

  @Override
  public Integer call() {
    Path path = sock;
    if (path == null || path.toString().length() > LONGEST_PATH) {
      throw new UsageException("--sock " + path + ": a UNIX socket's path has 1 … 107 bytes");
    }
    try (var server = new ScriptServer(path, once)) {
      server.run();
      return 0;
    } catch (IOException e) {
      throw new FailedException("can't serve scripts at " + path + ": " + e.getMessage(), e);
    }
  }
}
