package wisp.lab.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.core.spi.MemoryStrategy;
import wisp.lab.FailedException;
import wisp.lab.UsageException;
import wisp.lab.serve.Server;
import wisp.lab.serve.Services;

/** Services for real peers. */
@Command(
    name = "serve",
    mixinStandardHelpOptions = true,
    description = {
      "Serves echo, discard, chargen, hello, http on consecutive ports, until SIGTERM.",
      "For example: wisp serve echo http --host 10.9.0.1/16 --own 10.9.1.0/24 --port 7"
    })
public final class ServeCommand implements Callable<Integer> {
  private static final int LAST_PORT = 65_535;

  @Parameters(
      paramLabel = "SERVICE",
      arity = "1..*",
      description = "echo, discard, chargen, hello, http")
  private List<String> services = List.of();

  @Option(
      names = "--port",
      paramLabel = "N",
      defaultValue = "7",
      description = "port of the first service; default: ${DEFAULT-VALUE}")
  private int port;

  @Option(
      names = "--stats",
      paramLabel = "FILE",
      description = "write statistics there each second")
  private @Nullable Path stats;

  @Option(
      names = "--take-over",
      description =
          "go on with the connections of a server that runs on the same file of --memory mapped,"
              + " and ends when it is asked to")
  private boolean takeOver;

  @Mixin private StackOptions stack = new StackOptions();

  @Override
  public Integer call() throws LinkException {
    services.forEach(Services::named);
    if (port < 1 || port + services.size() - 1 > LAST_PORT) {
      throw new UsageException("--port " + port + ": ports must lie in 1 … 65535");
    }
    if (stack.isInMemory()) {
      throw new UsageException(
          "nobody else can reach an in-memory link; use --link tun, or wisp load --link inmemory");
    }
    var config = stack.config();
    var profile = stack.profile();
    if (takeOver) {
      stack.takeOver();
    }
    MemoryStrategy memory = stack.openMemory();
    Link link;
    try {
      link = stack.openLink();
    } catch (LinkException | RuntimeException e) {
      memory.close();
      throw e;
    }
    Server server;
    try {
      server = new Server(link, memory, config, profile, services, port, stats);
    } catch (IllegalStateException e) {
      link.close();
      throw new FailedException("can't serve: " + e.getMessage(), e);
    }
    return server.run();
  }
}
