package wisp.lab.serve;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import wisp.core.Counters.Event;
import wisp.core.spi.Durability;
import wisp.core.spi.Footprint;
import wisp.core.spi.Link;
import wisp.core.spi.MemoryStrategy;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.ConnectionWalk;
import wisp.core.stack.Context;
import wisp.core.stack.ContextConfig;
import wisp.core.stack.DatagramHandler;
import wisp.core.stack.Endpoint;
import wisp.core.stack.ListenConfig;
import wisp.drivers.Links;
import wisp.drivers.run.Runner;
import wisp.drivers.run.Waiting;
import wisp.drivers.steering.SteeredLink;
import wisp.lab.FailedException;
import wisp.lab.measure.Peak;
import wisp.lab.measure.ProcFile;
import wisp.lab.results.Json;
import wisp.lab.run.OrderlyEnd;

/** Services on consecutive ports over one link, until told to end. */
public final class Server implements AutoCloseable {
  private static final long SECOND = 1_000_000_000L;
  private static final long RETRY_NANOS = 1_000_000;
  private static final long LOOK_NANOS = 10_000_000;
  private static final long PEAK_NANOS = 5_000_000;
  private static final long GRACE_NANOS = SECOND;
  private static final long LONGEST_WAIT_NANOS = 3 * SECOND;
  private static final int RECORDS_AT_ONCE = 1_000;
  private final Link link;
  private final MemoryStrategy memory;
  private final Context context;
  private final Runner runner;
  private final List<Service> services;
  private final List<Endpoint> endpoints = new ArrayList<>();
  private @Nullable Consumer<Map<String, @Nullable Object>> eachSecond;
  private long nextStatsNanos = SECOND;
  private final Peak peak = new Peak();
  private long nextPeakNanos;
  private long peakConnections;
  private long takeOverNanos;
  private long wantedSince = Long.MAX_VALUE;
  private boolean leaves;

  /**
   * Makes it ready to accept.
   *
   * @param link closed with the server
   * @param memory closed with the server
   * @param profile of all connections
   * @param listening how SYNs are taken in
   * @param waiting what the thread does while nothing comes
   * @param statsFile rewritten each second, or {@code null}
   */
  public Server(
      Link link,
      MemoryStrategy memory,
      ContextConfig config,
      ConnectionProfile profile,
      ListenConfig listening,
      Waiting waiting,
      List<Service> services,
      int firstPort,
      @Nullable Path statsFile) {
    this.link = link;
    this.memory = memory;
    eachSecond = statsFile == null ? null : map -> writeStats(statsFile, Json.line(map));
    context = new Context(config, memory, link, new SecureRandom()::nextLong);
    context.onHandlerFailure(e -> System.err.println("wisp: a service failed: " + e));
    this.services = List.copyOf(services);
    for (int i = 0; i < services.size(); i++) {
      services.get(i).start(context);
      var endpoint = Endpoint.any(firstPort + i);
      context.listen(endpoint, profile, services.get(i), listening);
      endpoints.add(endpoint);
      DatagramHandler datagrams = services.get(i).datagrams();
      if (datagrams != null) {
        context.bind(endpoint, datagrams);
      }
    }
    runner = new Runner(context, link, waiting);
  }

  /** Serves until SIGTERM or SIGINT; then closes down and prints statistics. */
  public int run() {
    return OrderlyEnd.run(runner::stop, this::serve);
  }

  private int serve() {
    long begun = System.nanoTime();
    context.poll(runner.nowNanos()); // takes over what a former process has left
    takeOverNanos = System.nanoTime() - begun;
    System.out.println(ready());
    System.out.flush();
    try {
      serveUntilTold();
      if (!leaves) {
        closeDown();
      }
    } finally { // also when the link is gone: what was counted and recorded is worth something
      if (!leaves) {
        lastWord();
        close();
      }
    }
    return leaves ? handOver() : 0;
  }

  /** Runs until {@link #stop}. */
  void serveUntilTold() {
    services.forEach(service -> service.onServing(link::wake));
    runner.run(this::chores, Long.MAX_VALUE);
  }

  /** Ends what it does at present. From any thread. */
  void stop() {
    runner.stop();
  }

  /** Who is told the statistics each second, on our thread; null: nobody. */
  void onStatistics(@Nullable Consumer<Map<String, @Nullable Object>> listener) {
    eachSecond = listener;
  }

  /** Goes on with what connections there are until that is so, but not for long. */
  void driveUntil(BooleanSupplier isOver) {
    runner.restart();
    runner.run(
        now -> {
          if (isOver.getAsBoolean()) {
            runner.stop();
          }
          return Math.min(now + RETRY_NANOS, chores(now));
        },
        runner.nowNanos() + LONGEST_WAIT_NANOS);
  }

  private void lastWord() {
    Map<String, @Nullable Object> statistics = statistics();
    if (eachSecond != null) {
      eachSecond.accept(statistics);
    }
    System.out.println(Json.line(statistics));
  }

  /** Whether another process waits for our memory. */
  private boolean isWanted() {
    Durability durability = memory.durability();
    return durability != null && durability.isWanted();
  }

  /** Ends with all connections as they are: the next process goes on with them. */
  private int handOver() {
    lastWord();
    System.out.flush();
    context.handOver();
    Links.leaveBehind(link);
    link.close();
    memory.close();
    return 0;
  }

  String ready() {
    var text = new StringBuilder("ready");
    for (int i = 0; i < services.size(); i++) {
      text.append(' ').append(services.get(i).name()).append('=').append(endpoints.get(i).port());
    }
    long restored = context.counters().get(Event.RECORDS_RESTORED);
    long reset = context.counters().get(Event.RECORDS_RESET);
    if (restored + reset > 0) {
      text.append(" restored=").append(restored).append(" reset=").append(reset);
      text.append(" ms=").append(takeOverNanos / 1e6);
    }
    return text.append(" link=").append(link.name()).toString();
  }

  /** Accepts no more, lets those who are about to finish do so, and tells the others. */
  void closeDown() {
    endpoints.forEach(context::unlisten);
    long limit = runner.nowNanos() + GRACE_NANOS;
    driveUntil(() -> context.connections() == 0 || runner.nowNanos() >= limit);
    services.forEach(this::abortAll);
  }

  /**
   * By RST: a peer that hears nothing repeats itself for a quarter of an hour, or waits forever.
   */
  private void abortAll(Service service) {
    var walk = context.walk(service);
    while (!walk.atEnd()) {
      long connection = walk.next(RECORDS_AT_ONCE);
      if (connection != ConnectionWalk.NONE) {
        context.abort(connection);
      }
    }
  }

  private long chores(long now) {
    peakConnections = Math.max(peakConnections, context.connections());
    boolean waiting = false;
    long next = Long.MAX_VALUE;
    for (Service service : services) {
      waiting |= service.retry(context);
      next = Math.min(next, service.work(context, now));
    }
    if (eachSecond != null && now >= nextPeakNanos) {
      nextPeakNanos = now + PEAK_NANOS; // nobody is woken up for it: what sleeps takes no memory
      peak.look(context);
    }
    if (eachSecond != null && now >= nextStatsNanos) {
      nextStatsNanos = now + SECOND;
      eachSecond.accept(statistics());
    }
    next = eachSecond == null ? next : Math.min(next, nextStatsNanos);
    if (memory.durability() != null) {
      next = Math.min(next, now + LOOK_NANOS);
      leaveIfWanted(now);
    }
    return waiting ? Math.min(next, now + RETRY_NANOS) : next;
  }

  /** At a moment that suits all services, but before long. */
  private void leaveIfWanted(long now) {
    if (!isWanted()) {
      wantedSince = Long.MAX_VALUE; // who asked has given up
      return;
    }
    wantedSince = Math.min(wantedSince, now);
    if (now - wantedSince > GRACE_NANOS || services.stream().allMatch(Service::mayLeave)) {
      leaves = true;
      runner.stop();
    }
  }

  static void writeStats(Path statsFile, String line) {
    try {
      // By way of another file, so that who reads it never sees half a line.
      Path next = statsFile.resolveSibling(statsFile.getFileName() + ".next");
      Files.writeString(next, line + "\n");
      Files.move(
          next, statsFile, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new FailedException("can't write --stats " + statsFile + ": " + e.getMessage(), e);
    }
  }

  /** All that is counted. On the thread of the context. */
  Map<String, @Nullable Object> statistics() {
    var footprint = new Footprint();
    context.footprint(footprint);
    peak.look(context);
    var kinds = new java.util.LinkedHashMap<String, @Nullable Object>();
    for (Footprint.Kind kind : Footprint.Kind.values()) {
      kinds.put(
          kind.name().toLowerCase(Locale.ROOT),
          Json.object(
              "reserved", footprint.reservedBytes(kind),
              "in_use", footprint.inUseBytes(kind),
              "peak_in_use", peak.inUse(kind)));
    }
    var counts = new TreeMap<String, @Nullable Object>();
    var drops = new TreeMap<String, @Nullable Object>();
    context
        .counters()
        .nonZero()
        .forEach(
            (event, count) -> {
              String name = event.name().toLowerCase(Locale.ROOT);
              if (name.startsWith("drop_")) {
                drops.put(name.substring("drop_".length()), count);
              } else {
                counts.put(name, count);
              }
            });
    int open = context.connections();
    return Json.object(
        "connections", open,
        "peak_connections", Math.max(peakConnections, open),
        "seconds", runner.nowNanos() / 1e9,
        "bytes_received", counts.getOrDefault("bytes_delivered", 0L),
        "bytes_sent", counts.getOrDefault("bytes_acknowledged", 0L),
        "bytes_per_connection",
            open == 0 ? null : (Object) ((double) footprint.reservedBytes() / open),
        "reserved_bytes", footprint.reservedBytes(),
        "peak_reserved_bytes", peak.reserved(),
        "in_use_bytes", footprint.inUseBytes(),
        "application_bytes", services.stream().mapToLong(Service::applicationBytes).sum(),
        "services", ofServices(),
        "rss_bytes", ProcFile.field("/proc/self/status", "VmRSS"),
        "footprint", kinds,
        "drops", drops,
        "link", link.name(),
        "link_drops", link.drops(),
        "handed_over", link instanceof SteeredLink steered ? steered.handedOver() : 0L,
        "polls", runner.polls(),
        "sleeps", runner.sleeps(),
        "counters", counts);
  }

  private Map<String, @Nullable Object> ofServices() {
    var all = new TreeMap<String, @Nullable Object>();
    for (Service service : services) {
      var own = service.statistics();
      if (!own.isEmpty()) {
        all.put(service.name(), own);
      }
    }
    return all;
  }

  /**
   * Gives everything back, a leak shows here: first the stack, then the link, which may still read
   * frames, and then what they lie in.
   */
  @Override
  public void close() {
    try (memory;
        link;
        context) {
      services.forEach(service -> service.stop(context));
    }
  }
}
