package wisp.lab.broadcast;

import java.util.SplittableRandom;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.MemoryStrategy;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.core.stack.ContextConfig;
import wisp.lab.FailedException;
import wisp.lab.measure.Peak;
import wisp.lab.serve.Broadcast;
import wisp.lab.serve.BroadcastSettings;
import wisp.lab.serve.LineQueue;
import wisp.lab.serve.Lines;

/** The service {@code broadcast} before an audience, in virtual time. */
final class Speech implements AutoCloseable {
  private static final long POLL_NANOS = 10_000;
  private static final int LOOK_EVERY = 256;

  /** No such message takes longer: something is wrong. */
  private static final long LIMIT_NANOS = 600_000_000_000L;

  private final LineQueue queue = new LineQueue();
  private final Broadcast service;
  private final Audience audience;
  private final MemoryStrategy memory;
  private final Context context;
  private final int count;
  private long now;

  Speech(
      Audience audience, MemoryStrategy memory, int count, BroadcastSettings settings, long seed) {
    this.audience = audience;
    this.memory = memory;
    this.count = count;
    service = new Broadcast(settings, queue);
    context =
        new Context(
            ContextConfig.of(IpPrefix.parse("10.9.1.0/24")),
            memory,
            audience.link(),
            new SplittableRandom(seed)::nextLong);
    service.start(context);
    context.listen(BroadcastPoint.SERVER, ConnectionProfile.NO_DELAY, service);
  }

  Context context() {
    return context;
  }

  Broadcast service() {
    return service;
  }

  private int poll() {
    now += POLL_NANOS;
    int work = audience.poll(now) + context.poll(now);
    boolean waits = service.retry(context);
    return service.work(context, now) <= now || waits ? work + 1 : work;
  }

  /** To the moment before the next thing that happens. */
  private void skip(long limit) {
    long next = Math.min(context.nextDeadlineNanos(), audience.nextNanos());
    now = Math.max(now, Math.min(limit, next) - POLL_NANOS);
  }

  /** Until all are connected and asleep. */
  void assemble() {
    long limit = now + LIMIT_NANOS;
    while (context.connections() < count) {
      poll();
      if (now > limit) {
        throw new FailedException("only " + context.connections() + " connections were accepted");
      }
    }
    rest();
    audience.listen();
  }

  /** Until nothing more happens: what was awake falls asleep. */
  void rest() {
    long limit = now + 10_000_000_000L;
    while (now < limit) {
      if (poll() == 0) {
        skip(limit);
      }
    }
  }

  /** Tells all of them, and watches the memory that takes; returns the peak. */
  Peak tell(byte[] message) {
    put(message);
    long deliveries = (long) count * Lines.of(message).count();
    var peak = new Peak();
    long limit = now + LIMIT_NANOS;
    for (long polls = 0; audience.complete() < count || service.delivered() < deliveries; polls++) {
      if (poll() == 0) {
        skip(limit);
      }
      if (polls % LOOK_EVERY == 0) {
        peak.look(context);
      }
      if (now > limit || audience.wrong() > 0) {
        throw new FailedException(
            audience.complete()
                + " of "
                + count
                + " have the message, "
                + audience.wrong()
                + " pieces were wrong, "
                + service.skipped()
                + " went without; "
                + context.counters().nonZero());
      }
    }
    return peak;
  }

  /** Tells all of them until the first has confirmed the line. */
  void tellTheFirst(byte[] line) {
    put(line);
    long limit = now + LIMIT_NANOS;
    while (service.delivered() == 0 && now < limit) {
      if (poll() == 0) {
        skip(limit);
      }
    }
  }

  /** Virtual time. */
  long now() {
    return now;
  }

  /** Begins to tell, for so many polls. */
  void begin(byte[] message, int polls) {
    put(message);
    for (int i = 0; i < polls; i++) {
      poll();
    }
  }

  /** Aborts all connections. */
  void abortAll() {
    var walk = context.walk(service);
    while (!walk.atEnd()) {
      context.abort(walk.next(1));
    }
  }

  private void put(byte[] message) {
    try {
      queue.put(Lines.of(message));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    service.stop(context);
    context.close();
    memory.close();
    audience.close();
  }
}
