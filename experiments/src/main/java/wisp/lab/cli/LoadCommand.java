package wisp.lab.cli;

import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.core.stack.Context;
import wisp.core.stack.ContextConfig;
import wisp.core.stack.Endpoint;
import wisp.drivers.run.Runner;
import wisp.drivers.run.Waiting;
import wisp.lab.FailedException;
import wisp.lab.UsageException;
import wisp.lab.load.InMemoryLoad;
import wisp.lab.load.Load;
import wisp.lab.load.LoadPlan;
import wisp.lab.results.Json;
import wisp.lab.results.Sums;
import wisp.lab.run.Crew;

/** Connections from our side. */
@Command(
    name = "load",
    mixinStandardHelpOptions = true,
    description = {
      "Opens connections and sends on each a stream, which an echo must return byte by byte.",
      "For example: wisp load --link inmemory --connections 100 --bytes 1Mi",
      "        or:  wisp load --host 10.9.0.1/16 --own 10.9.1.0/24 --to 10.9.0.1:5000"
    })
public final class LoadCommand implements Callable<Integer> {
  private static final long LOOK_NANOS = 1_000_000;

  @Option(
      names = "--to",
      paramLabel = "IP:PORT",
      description = "whom to connect to; on inmemory: an echo of our own")
  private @Nullable String to;

  @Option(
      names = "--connections",
      paramLabel = "N",
      converter = Counts.class,
      defaultValue = "1",
      description = "default: ${DEFAULT-VALUE}")
  private long connections;

  @Option(
      names = "--bytes",
      paramLabel = "N",
      converter = Counts.class,
      defaultValue = "0",
      description = "bytes on each connection; 0: only open and hold; default: ${DEFAULT-VALUE}")
  private long bytes;

  @Option(names = "--no-echo", description = "the peer does not send back what it gets")
  private boolean noEcho;

  @Option(
      names = "--hold",
      paramLabel = "SECONDS",
      defaultValue = "0",
      description = "keep connections open so long; default: ${DEFAULT-VALUE}")
  private double hold;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "600",
      description = "give up after; default: ${DEFAULT-VALUE}")
  private double timeout;

  @Option(
      names = "--half-open",
      paramLabel = "N",
      defaultValue = "512",
      description = "handshakes at once; default: ${DEFAULT-VALUE}")
  private int halfOpen;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "1",
      description = "of the bytes; default: ${DEFAULT-VALUE}")
  private long seed;

  @Mixin private StackOptions stack = new StackOptions();

  @Override
  public Integer call() throws LinkException {
    if (connections < 1 || connections > 1 << 28) {
      throw new UsageException("--connections " + connections + " is outside 1 … 2^28");
    }
    if (stack.isInMemory() && stack.contexts > 1) {
      throw new UsageException("--link inmemory has one context at each end");
    }
    if (stack.contexts > 1) {
      return overLinks();
    }
    var load = stack.isInMemory() ? inMemory() : overLink();
    System.out.println(load.report());
    return verdict(List.of(load));
  }

  private int verdict(List<Load> loads) {
    if (!loads.stream().allMatch(Load::isDone)) {
      throw new FailedException("not done within " + timeout + " s (--timeout gives it more)");
    }
    for (Load load : loads) {
      if (!load.isGood()) {
        throw new FailedException(load.trouble());
      }
    }
    return 0;
  }

  private Load inMemory() {
    var plan = plan(InMemoryLoad.SERVER);
    return InMemoryLoad.run(plan, stack.openMemory(), stack.openMemory(), (long) (timeout * 1e9));
  }

  private LoadPlan plan(Endpoint endpoint) {
    return plan(endpoint, 0, 1);
  }

  /** The share of one of several contexts. */
  private LoadPlan plan(Endpoint endpoint, int place, int contexts) {
    int all = (int) connections;
    return new LoadPlan(
        endpoint,
        all / contexts + (place < all % contexts ? 1 : 0),
        bytes,
        bytes > 0 && !noEcho,
        (long) (hold * 1e9),
        Math.max(1, halfOpen / contexts),
        seed + place);
  }

  private Load overLink() throws LinkException {
    var load = new Load(plan(endpoint()), stack.profile());
    ContextConfig config = stack.config();
    Waiting waiting = stack.waiting();
    try (var memory = stack.openMemory();
        Link link = stack.openLinks().getFirst();
        var context = new Context(config, memory, link, new SecureRandom()::nextLong)) {
      var runner = new Runner(context, link, waiting);
      runner.run(chores(load, context, runner, load::isDone), (long) (timeout * 1e9));
    }
    return load;
  }

  private static Runner.Chores chores(
      Load load, Context context, Runner runner, BooleanSupplier isOver) {
    return now -> {
      long next = load.work(context, now);
      if (isOver.getAsBoolean()) {
        runner.stop();
      }
      return next;
    };
  }

  /** A share of the connections for each context; the first ends last, for it may send for all. */
  private int overLinks() throws LinkException {
    ContextConfig config = stack.config();
    Waiting waiting = stack.waiting();
    Endpoint endpoint = endpoint();
    int contexts = stack.contexts;
    if (connections < contexts) {
      throw new UsageException("--connections " + connections + " is less than --contexts");
    }
    List<Load> loads =
        IntStream.range(0, contexts)
            .mapToObj(place -> new Load(plan(endpoint, place, contexts), stack.profile()))
            .toList();
    List<Link> links = stack.openLinks();
    var left = new AtomicInteger(contexts);
    var stopped = new AtomicBoolean();
    try {
      Crew.run(
          contexts,
          () -> {
            stopped.set(true);
            links.forEach(Link::wake);
          },
          place -> {
            Load load = loads.get(place);
            try (var memory = stack.openMemory();
                var context =
                    new Context(config, memory, links.get(place), new SecureRandom()::nextLong)) {
              var runner = new Runner(context, links.get(place), waiting);
              BooleanSupplier isOver =
                  () -> stopped.get() || (load.isDone() && (place > 0 || left.get() == 1));
              runner.run(
                  now -> {
                    long next = chores(load, context, runner, isOver).run(now);
                    return Math.min(next, now + LOOK_NANOS);
                  },
                  (long) (timeout * 1e9));
            } finally {
              left.decrementAndGet();
            }
          });
    } finally {
      links.forEach(Link::close);
    }
    List<Map<String, @Nullable Object>> results = loads.stream().map(Load::result).toList();
    Map<String, @Nullable Object> sums = new Sums(Set.of("seconds")).of(results);
    sums.put("contexts", results);
    System.out.println(Json.line(sums));
    return verdict(loads);
  }

  private Endpoint endpoint() {
    if (to == null) {
      throw new UsageException(
          "--to is missing: whom shall it connect to? For example --to 10.9.0.1:5000");
    }
    int colon = to.lastIndexOf(':');
    String address = to.substring(0, Math.max(0, colon));
    boolean isBracketed = address.startsWith("[") && address.endsWith("]");
    try {
      return Endpoint.of(
          isBracketed ? address.substring(1, address.length() - 1) : address,
          Integer.parseInt(to.substring(colon + 1)));
    } catch (IllegalArgumentException e) {
      throw new UsageException("--to " + to + " is not like 10.9.0.1:5000 or [2001:db8::1]:5000");
    }
  }
}
