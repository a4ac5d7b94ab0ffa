package wisp.lab.contract;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import wisp.core.Counters.Event;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.Footprint;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;
import wisp.core.stack.ConnectionHandler;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.core.stack.ContextConfig;
import wisp.core.stack.Endpoint;
import wisp.drivers.LentMemory;
import wisp.drivers.Links;
import wisp.lab.run.StackThread;
import wisp.lab.suite.Catalog;

/**
 * A stack on a link, in a JVM of its own, which does what it is told: a line on standard input is
 * an order, and one that begins with {@link #ANSWER} on standard output answers it. When its input
 * ends, so does it.
 *
 * <pre>
 *   open, close          link, memory, context: all of it
 *   state                counts, as name=value
 *   taken                what the listener {@link #SINK} has got: sent received reason
 *   given                what {@link #SOURCE} has sent, likewise
 *   send HOST BYTES      connects to a SINK, as above
 *   receive HOST         connects to a SOURCE
 *   ask HOST N AT_ONCE   connects to {@link #ANSWERS}, N times
 *   hold HOST PORT…      connects, and sends and gets what comes
 *   ended                how those connections ended
 * </pre>
 */
final class OurSide {
  static final int SINK = 1001;
  static final int SOURCE = 1002;
  static final int ANSWERS = 1003;
  static final String ANSWER = "> ";
  static final int PATIENCE_SECONDS = 90;
  private static final long LIFETIME_NANOS = 50_000_000;
  private static final int CAPACITY = 4_000;
  private final String spec;
  private final IpPrefix[] own;
  private final long sourceBytes;
  private @Nullable Open open;

  /** What there is while it is open. */
  private record Open(
      Link link,
      MemoryStrategy memory,
      Context context,
      StackThread stack,
      LentCheck lent,
      Flow sink,
      Flow source,
      List<Flow> held) {}

  private OurSide(String spec, IpPrefix[] own, long sourceBytes) {
    this.spec = spec;
    this.own = own;
    this.sourceBytes = sourceBytes;
  }

  /** The link, what {@link #SOURCE} sends in bytes, and our addresses. */
  public static void main(String[] arguments) throws IOException {
    IpPrefix[] own = Arrays.stream(arguments).skip(2).map(IpPrefix::parse).toArray(IpPrefix[]::new);
    var side = new OurSide(arguments[0], own, Long.parseLong(arguments[1]));
    var orders = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String order = orders.readLine(); order != null; order = orders.readLine()) {
      String answer;
      try {
        answer = side.obey(order.split(" "));
      } catch (Exception | AssertionError e) {
        e.printStackTrace();
        answer = "failed: " + e;
      }
      System.out.println(ANSWER + answer.lines().findFirst().orElse(""));
      System.out.flush();
    }
    Runtime.getRuntime().halt(0); // whatever is open: nobody is there any more to ask for it
  }

  private String obey(String[] order) throws LinkException, InterruptedException {
    switch (order[0]) {
      case "open" -> {
        open();
        return "open";
      }
      case "close" -> {
        close();
        return "closed";
      }
      case "state" -> {
        return state();
      }
      case "taken" -> {
        return await(there().sink);
      }
      case "given" -> {
        return await(there().source);
      }
      case "send" -> {
        return transfer(Endpoint.of(order[1], SINK), Long.parseLong(order[2]));
      }
      case "receive" -> {
        return transfer(Endpoint.of(order[1], SOURCE), 0);
      }
      case "ask" -> {
        return ask(order[1], Integer.parseInt(order[2]), Integer.parseInt(order[3]));
      }
      case "hold" -> {
        for (int i = 2; i < order.length; i++) {
          hold(Endpoint.of(order[1], Integer.parseInt(order[i])));
        }
        return "held";
      }
      case "ended" -> {
        var all = new ArrayList<String>();
        for (Flow flow : there().held) {
          String end = flow.ends().poll(FarSide.END_SECONDS, TimeUnit.SECONDS);
          all.add(end == null ? FarSide.SILENCE : word(end.split(" ")[2]));
        }
        return String.join(", ", all);
      }
      default -> throw new IllegalArgumentException(order[0]);
    }
  }

  private Open there() {
    if (open == null) {
      throw new IllegalStateException("not open");
    }
    return open;
  }

  private void open() throws LinkException {
    Link link = Links.open(spec);
    var random = new SecureRandom();
    var config =
        new StrategyConfig(
            RecordStore.STATE_WORDS,
            CAPACITY,
            CAPACITY,
            random.nextLong(),
            random.nextLong(),
            Map.of());
    var memory = new WatchedMemory(Catalog.strategy("slab").create(config));
    var context =
        new Context(
            ContextConfig.of(own).withMaxSegmentLifetime(LIFETIME_NANOS),
            memory,
            link,
            random::nextLong);
    context.onHandlerFailure(Throwable::printStackTrace); // and counted
    var lent = new LentCheck((LentMemory) link, memory);
    var sink = new Flow(0, lent);
    var source = new Flow(sourceBytes, lent);
    context.listen(Endpoint.any(SINK), ConnectionProfile.NO_DELAY, sink);
    context.listen(Endpoint.any(SOURCE), ConnectionProfile.NO_DELAY, source);
    context.listen(Endpoint.any(ANSWERS), ConnectionProfile.NO_DELAY, new Answers(lent));
    var stack = new StackThread(context, link, now -> Long.MAX_VALUE);
    open = new Open(link, memory, context, stack, lent, sink, source, new ArrayList<>());
    awaitAddress();
  }

  /** Our IPv6 address can be used once its duplicate detection is over. */
  private void awaitAddress() {
    for (IpPrefix prefix : own) {
      if (!prefix.isIpv4()) {
        var local = Endpoint.of(prefix.toString().replaceAll("/.*", ""), 0);
        var nobody = Endpoint.of("fd00:9::dead", 1);
        var handler = new Answers(there().lent);
        while (!there()
            .stack
            .call(
                c -> {
                  long handle = c.connect(local, nobody, ConnectionProfile.NO_DELAY, handler);
                  return handle >= 0 && c.abort(handle);
                })) {
          pause();
        }
      }
    }
  }

  private void close() {
    Open was = there();
    open = null;
    was.stack.close();
    was.context.close();
    was.memory.close(); // asserts that all came back
    was.link.close();
    if (was.stack.died() != null) {
      throw new IllegalStateException("the stack's thread died", was.stack.died());
    }
  }

  private String state() {
    var all = new TreeMap<String, Long>();
    Open it = open;
    if (it != null) {
      it.stack.call(
          context -> {
            count(all, it, context);
            return true;
          });
    } else {
      System.gc(); // memory that is released by it
    }
    all.putAll(Inventory.take());
    var text = new StringBuilder();
    all.forEach((name, value) -> text.append(name).append('=').append(value).append(' '));
    return text.toString().strip();
  }

  private static void count(Map<String, Long> all, Open it, Context context) {
    context.counters().nonZero().forEach((event, count) -> all.put(event.name(), count));
    for (Event event : LinkTraffic.COUNTED) {
      all.putIfAbsent(event.name(), 0L);
    }
    var footprint = new Footprint();
    context.footprint(footprint);
    all.put("connections", (long) context.connections());
    all.put("time_waits", (long) context.timeWaits());
    all.put("records", footprint.inUseBytes(Footprint.Kind.RECORDS));
    all.put("blocks", footprint.inUseBytes(Footprint.Kind.BLOCKS));
    all.put("frames", footprint.inUseBytes(Footprint.Kind.FRAMES));
    all.put("link_frames", (long) ((LentMemory) it.link).framesOut());
    all.put("link_drops", it.link.drops());
    all.put("lent", it.lent.lent());
    all.put("held", it.lent.held());
    all.put("copied", it.lent.copied());
  }

  private static String word(String reason) {
    return switch (reason) {
      case "Closed" -> "FIN";
      case "ResetByPeer" -> "RST";
      default -> reason;
    };
  }

  private String await(Flow flow) throws InterruptedException {
    String end = flow.ends().poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    return end == null ? "failed: no connection has ended; " + state() : end;
  }

  private String transfer(Endpoint to, long bytes) throws InterruptedException {
    Open it = there();
    var flow = new Flow(bytes, it.lent);
    connect(to, flow);
    return await(flow);
  }

  private void connect(Endpoint to, ConnectionHandler handler) {
    long handle = there().stack.call(c -> c.connect(null, to, ConnectionProfile.NO_DELAY, handler));
    if (handle < 0) {
      throw new IllegalStateException("connect: " + handle);
    }
  }

  private String ask(String host, int total, int atOnce) throws InterruptedException {
    var questions = new Questions(Endpoint.of(host, ANSWERS), total, atOnce);
    there().stack.call(questions::dial);
    if (!questions.done().await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      return "failed: " + questions.done().getCount() + " connections have not ended; " + state();
    }
    String trouble = questions.trouble();
    return trouble == null ? "asked " + total : "failed: " + trouble;
  }

  private void hold(Endpoint to) {
    Open it = there();
    var flow = new Flow(Long.MAX_VALUE, it.lent);
    it.held.add(flow);
    connect(to, flow);
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!flow.isUnderWay()) {
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException("nothing is acknowledged");
      }
      pause();
    }
  }

  private static void pause() {
    try {
      Thread.sleep(20);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
