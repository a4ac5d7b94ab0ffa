package wisp.lab.script;

import java.nio.ByteBuffer;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.StrategyConfig;
import wisp.core.stack.Context;
import wisp.core.stack.ContextConfig;
import wisp.drivers.sockets.Calls;
import wisp.drivers.sockets.Errno;
import wisp.drivers.sockets.Sockets;
import wisp.lab.UsageException;
import wisp.lab.suite.Catalog;

/**
 * One script's stack, its clock, and the calls that wait. In virtual time the clock moves when a
 * request says so, or when the script itself waits; every timer on the way fires at its own time.
 */
final class Session implements AutoCloseable {
  private static final long SEED = 793;
  private static final int CONNECTIONS = 4_096;
  private static final int MOST_POLLS = 10_000;
  private static final long PATIENCE_MICROS = 1_000;

  /** What is due later than a day from now is the stack's housekeeping, which never ends. */
  private static final long LONGEST_WAIT_MICROS = 86_400_000_000L;

  private final boolean virtual;
  private final MemoryStrategy memory;
  private final Calls calls = new Calls();
  private final Consumer<ByteBuffer> replies;
  private long clockMicros;
  final Context context;
  final Sockets sockets;
  final PacketLink link;

  /**
   * @param flags of HELLO: {@code local}, {@code mtu}
   * @param replies where reply frames go
   */
  Session(boolean virtual, Map<String, String> flags, Consumer<ByteBuffer> replies) {
    this.virtual = virtual;
    this.replies = replies;
    this.link = new PacketLink(mtu(flags.getOrDefault("mtu", "1500")), this::nowMicros);
    String local = flags.getOrDefault("local", "192.168.0.1");
    IpPrefix own = IpPrefix.parse(local + (local.contains(":") ? "/128" : "/32"));
    this.memory =
        Catalog.strategy("heap").create(StrategyConfig.forBoth(CONNECTIONS, CONNECTIONS, SEED));
    this.context =
        new Context(ContextConfig.of(own), memory, link, new SplittableRandom(SEED)::nextLong);
    this.sockets = new Sockets(context);
    sockets.receiveLimits(Settings.RECEIVE_LIMITS);
    settle();
  }

  private static int mtu(String text) {
    try {
      int mtu = Integer.parseInt(text);
      if (mtu >= 576 && mtu <= 65_535) {
        return mtu;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new UsageException("mtu=" + text + " is outside 576 … 65535");
  }

  // ---- Time ------------------------------------------------------------------------------------

  long nowMicros() {
    return virtual ? clockMicros : realMicros();
  }

  private static long realMicros() {
    var now = java.time.Instant.now();
    return now.getEpochSecond() * 1_000_000L + now.getNano() / 1_000;
  }

  private long nowNanos() {
    return nowMicros() * 1_000;
  }

  /** Lets the stack do what is due, until there is nothing left, and answers who can be. */
  void settle() {
    for (int i = 0; i < MOST_POLLS; i++) {
      long now = nowNanos();
      int work = context.poll(now);
      sockets.polled(now);
      if (work == 0 && !link.hasIncoming()) {
        break;
      }
    }
    calls.expire(nowNanos());
    calls.progress();
  }

  /** When something is due next, in microseconds: never before it. */
  private long nextMicros() {
    long nanos = Math.min(context.nextDeadlineNanos(), calls.nextDeadlineNanos());
    return nanos == Long.MAX_VALUE ? Long.MAX_VALUE : Math.ceilDiv(nanos, 1_000L);
  }

  /** Fires whatever falls due up to this time, each at its own. */
  void advanceTo(long targetMicros) {
    if (!virtual) {
      settle();
      return;
    }
    while (clockMicros < targetMicros && nextMicros() < targetMicros) {
      step(Math.min(nextMicros(), targetMicros));
    }
    clockMicros = Math.max(clockMicros, targetMicros);
    settle();
  }

  /** A deadline that stays in the past after it was handled is looked at again a little later. */
  private void step(long micros) {
    clockMicros = micros > clockMicros ? micros : clockMicros + PATIENCE_MICROS;
    settle();
  }

  /** Real time: how long nothing is due, in milliseconds. */
  long idleMillis() {
    long next = nextMicros();
    return next == Long.MAX_VALUE ? 1_000 : Math.clamp((next - nowMicros()) / 1_000, 1, 1_000);
  }

  boolean isVirtual() {
    return virtual;
  }

  // ---- Calls -----------------------------------------------------------------------------------

  /**
   * Answers a request as soon as its attempt succeeds; if the script itself waits for it, time goes
   * on until then.
   *
   * @param waitMicros how long at most; negative: for ever
   */
  void call(Request request, long waitMicros, IntSupplier attempt, Supplier<Body> body) {
    long deadline = waitMicros < 0 ? Long.MAX_VALUE : nowNanos() + waitMicros * 1_000;
    Calls.Parked parked =
        calls.call(attempt, deadline, result -> reply(request, result, body.get()));
    calls.progress();
    if (waitMicros == 0) {
      calls.expire(nowNanos());
    }
    long limit = clockMicros + LONGEST_WAIT_MICROS;
    while (virtual && request.driver() && !parked.isOver()) {
      long next = nextMicros();
      if (Math.max(next, clockMicros) > limit) {
        calls.cancel(parked, -Errno.EDEADLK);
        return;
      }
      step(next);
    }
  }

  /** Answers at once; whoever waited longer and can go on is answered before. */
  void answer(Request request, int result, @Nullable Body body) {
    settle();
    reply(request, result, body == null ? new Body() : body);
  }

  private void reply(Request request, int result, Body body) {
    int errno = result < 0 ? -result : 0;
    Body sent = result < 0 ? new Body() : body;
    replies.accept(sent.frame(request.id(), result < 0 ? -1 : result, errno, nowMicros()));
  }

  @Override
  public void close() {
    context.close();
    memory.close();
  }
}
