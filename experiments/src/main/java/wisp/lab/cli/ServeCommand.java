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
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.ContextConfig;
import wisp.core.stack.ListenConfig;
import wisp.drivers.run.Waiting;
import wisp.lab.FailedException;
import wisp.lab.UsageException;
import wisp.lab.serve.BroadcastSettings;
import wisp.lab.serve.Server;
import wisp.lab.serve.Servers;
import wisp.lab.serve.Service;
import wisp.lab.serve.Services;
import wisp.lab.serve.StdinBroadcast;
import wisp.pools.LinkMemory;

/** Services for real peers. */
@Command(
    name = "serve",
    mixinStandardHelpOptions = true,
    description = {
      "Serves echo, discard, chargen, hello, http, broadcast on consecutive ports, until SIGTERM.",
      "For example: wisp serve echo http --host 10.9.0.1/16 --own 10.9.1.0/24 --port 7"
    })
public final class ServeCommand implements Callable<Integer> {
  private static final int LAST_PORT = 65_535;

  @Parameters(
      paramLabel = "SERVICE",
      arity = "1..*",
      description = "echo, discard, chargen, hello, http, broadcast")
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
      names = "--behind",
      paramLabel = "BYTES",
      converter = Counts.class,
      defaultValue = "4Mi",
      description =
          "broadcast: who has more than so much not confirmed is too slow for a line; default:"
              + " ${DEFAULT-VALUE}")
  private long behind;

  @Option(
      names = "--when-behind",
      paramLabel = "WHAT",
      defaultValue = "skip",
      description =
          "broadcast: who is too slow goes without that line (skip) or is closed (close); default:"
              + " ${DEFAULT-VALUE}")
  private String whenBehind = "skip";

  @Option(
      names = "--wave",
      paramLabel = "N",
      converter = Counts.class,
      defaultValue = "16384",
      description =
          "broadcast: a line is on its way to so many at once, unless none of them is done"
              + " within a second; default: ${DEFAULT-VALUE}")
  private long wave;

  @Option(
      names = "--stateless",
      description =
          "keep nothing of a connection until its peer has spoken: not for chargen and hello, which"
              + " speak first")
  private boolean stateless;

  @Option(
      names = "--take-over",
      description =
          "go on with the connections of a server that runs on the same file of --memory mapped,"
              + " and ends when it is asked to")
  private boolean takeOver;

  @Mixin private StackOptions stack = new StackOptions();

  @Override
  public Integer call() throws LinkException {
    var made = services.stream().map(this::service).toList();
    for (Service service : made) {
      if (service.maySpeakFirst() && stateless) {
        throw new UsageException("--stateless: " + service.name() + " speaks first");
      }
    }
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
    Waiting waiting = stack.waiting();
    if (stack.contexts > 1) {
      return serveMany(config, profile, waiting);
    }
    MemoryStrategy memory = stack.openMemory();
    Link link;
    try {
      link = stack.openLinks().getFirst();
      memory = LinkMemory.of(link, memory);
    } catch (LinkException | RuntimeException e) {
      memory.close();
      throw e;
    }
    Server server;
    try {
      server = new Server(link, memory, config, profile, listening(), waiting, made, port, stats);
    } catch (IllegalStateException e) {
      link.close();
      throw new FailedException("can't serve: " + e.getMessage(), e);
    }
    return server.run();
  }

  /** Each context has services of its own. */
  private int serveMany(ContextConfig config, ConnectionProfile profile, Waiting waiting)
      throws LinkException {
    if (services.contains("broadcast")) {
      throw new UsageException("broadcast reads one standard input: for it, --contexts 1");
    }
    List<Link> links = stack.openLinks();
    var servers =
        new Servers(
            links,
            (place, link) ->
                new Server(
                    link,
                    LinkMemory.of(link, stack.openMemory()),
                    config,
                    profile,
                    listening(),
                    waiting,
                    services.stream().map(this::service).toList(),
                    port,
                    null),
            stats);
    return servers.run();
  }

  private Service service(String name) {
    return name.equals("broadcast") ? StdinBroadcast.of(broadcast()) : Services.named(name);
  }

  private BroadcastSettings broadcast() {
    if (services.stream().filter("broadcast"::equals).count() > 1) {
      throw new UsageException("there is one standard input: broadcast can be served once");
    }
    if (behind < 0 || behind > 1 << 29) {
      throw new UsageException("--behind " + behind + " is outside 0 … 512Mi");
    }
    if (!whenBehind.equals("skip") && !whenBehind.equals("close")) {
      throw new UsageException("--when-behind is skip or close, not '" + whenBehind + "'");
    }
    if (wave < 1 || wave > 1 << 30) {
      throw new UsageException("--wave " + wave + " is outside 1 … 1Gi");
    }
    return new BroadcastSettings((int) behind, whenBehind.equals("close"), (int) wave);
  }

  private ListenConfig listening() {
    return stateless
        ? ListenConfig.DEFAULT.with(b -> b.cookies = ListenConfig.Cookies.STATELESS)
        : ListenConfig.DEFAULT;
  }
}
