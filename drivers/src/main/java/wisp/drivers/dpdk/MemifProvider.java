package wisp.drivers.dpdk;

import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.core.spi.LinkProvider;
import wisp.core.spi.Parameter;
import wisp.core.spi.Parameters;

/**
 * Opens links between two processes over shared memory, by DPDK's net_memif: {@code
 * memif:/tmp/wisp.sock}. Whoever finds nobody listening at the path is the server; a client whose
 * server is gone waits for the next one.
 */
public final class MemifProvider implements LinkProvider {
  private static final String DRIVER = "net_memif";
  private static final int MOST_ATTEMPTS = 3;
  private static final AtomicInteger COUNT = new AtomicInteger();

  private static final List<Parameter> PARAMETERS =
      Stream.concat(
              Stream.of(
                  new Parameter("name", "", "path", "the socket by which both find each other"),
                  new Parameter(
                      "role",
                      "auto",
                      "auto|server|client",
                      "auto: client when somebody listens there")),
              DpdkConfig.COMMON.stream())
          .toList();

  @Override
  public String name() {
    return "memif";
  }

  @Override
  public String description() {
    return "shared memory between two processes, by DPDK's net_memif: memif:PATH in both";
  }

  @Override
  public List<Parameter> parameters() {
    return PARAMETERS;
  }

  @Override
  public @Nullable String unavailable() {
    String reason = Opening.unavailable(DRIVER);
    Librte librte = Librte.find();
    if (reason == null && librte != null && !librte.loadDriver(DRIVER)) {
      return "DPDK's net_memif is not installed: " + Librte.install(DRIVER);
    }
    return reason;
  }

  @Override
  public @Nullable String unavailable(Map<String, String> parameters) {
    var values = Parameters.of(name(), PARAMETERS, parameters);
    var socket = new MemifSocket(values.text("name"));
    String role = role(values);
    String reason = unavailable();
    if (reason == null) {
      reason = Eal.unavailable(config(values, socket, true, DRIVER));
    }
    if (reason == null) {
      reason = socket.unavailable();
    }
    try {
      return reason == null && socket.isListenedAt() && role.equals("server")
          ? taken(socket)
          : reason;
    } catch (LinkException e) {
      return e.getMessage();
    }
  }

  private static String role(Parameters values) {
    String role = values.text("role");
    if (!List.of("auto", "server", "client").contains(role)) {
      throw new IllegalArgumentException("role=" + role + " is none of auto|server|client");
    }
    return role;
  }

  private static String taken(MemifSocket socket) {
    return "memif: somebody listens at " + socket + " already; leave role=server out";
  }

  @Override
  public Link open(Map<String, String> parameters) throws LinkException {
    var values = Parameters.of(name(), PARAMETERS, parameters);
    var socket = new MemifSocket(values.text("name"));
    String role = role(values);
    for (int attempt = 1; ; attempt++) {
      boolean listens = socket.isListenedAt();
      boolean server = role.equals("server") || (role.equals("auto") && !listens);
      if (server && listens) {
        throw new LinkException(taken(socket));
      }
      try {
        return open(values, socket, server);
      } catch (LinkException e) {
        // Both may have started at once.
        if (!server || !role.equals("auto") || attempt == MOST_ATTEMPTS || !socket.isListenedAt()) {
          throw e;
        }
      }
    }
  }

  private static Link open(Parameters values, MemifSocket socket, boolean server)
      throws LinkException {
    if (server) {
      socket.clear();
    }
    var config = config(values, socket, server, DRIVER + COUNT.getAndIncrement());
    return DpdkLink.open("memif:" + socket, config, new MemifWatch(socket, server), null);
  }

  private static DpdkConfig config(
      Parameters values, MemifSocket socket, boolean server, String device) {
    return DpdkConfig.read(
        values,
        device,
        "role="
            + (server ? "server" : "client")
            + ",id=0,rsize=11,socket-abstract=no,socket="
            + socket,
        "",
        DpdkConfig.Trust.TRUST,
        false,
        "");
  }
}
