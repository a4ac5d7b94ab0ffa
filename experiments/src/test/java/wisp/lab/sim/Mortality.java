package wisp.lab.sim;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import wisp.core.Counters.Event;
import wisp.core.spi.Link;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;
import wisp.core.stack.CloseReason;
import wisp.core.stack.ConnectionHandler;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.core.stack.ContextConfig;
import wisp.core.stack.Endpoint;
import wisp.drivers.faults.FaultyLink;
import wisp.drivers.faults.PathConfig;
import wisp.drivers.inmemory.InMemoryPipe;
import wisp.pools.Strategies;
import wisp.pools.mapped.MappedStrategy;

/**
 * An echo server over {@code mapped} that is killed at a moment told in stores and packets, and
 * goes on in a new process; clients whose kernel never dies check every byte.
 *
 * <p>The moment is a store to the file's records or notes, or a packet: the file is copied then,
 * and the new process has the copy, which is what a killed one leaves.
 */
final class Mortality implements AutoCloseable {
  private static final long SECOND = 1_000_000_000L;
  private static final int ROUNDS = 4;
  private static final Endpoint SERVER = new Endpoint(wisp.core.ip.IpAddress.parse("10.0.0.1"), 7);

  /** How it is with a client's connection at the end. */
  enum Fate {
    WHOLE,
    RESET,
    OTHER
  }

  private final Path folder;
  private final long seed;
  private final InMemoryPipe pipe = new InMemoryPipe();
  private final FaultyLink linkA;
  private final FaultyLink linkB;
  private final Map<Long, Integer> timestamps = MortalLink.noTimestamps();
  private final StrategyConfig clientMemory;
  private final wisp.core.spi.MemoryStrategy memoryB;
  private final Context b;
  private final List<Client> clients = new ArrayList<>();
  private final long killAt;
  private final long againAfter;
  private final boolean handOver;

  private MappedStrategy memoryA;
  private Context a;
  private MortalLink mortal;
  private Path file;
  private long events;
  private int generation;
  private boolean killed;
  private long nextKill;
  private long now;
  long restored;

  /** By all processes together. */
  long resetByUs;

  int restoredCalls;
  int kills;

  /**
   * Ready to run.
   *
   * @param killAt after so many stores and packets; {@link Long#MAX_VALUE}: never. With {@code
   *     handOver} after so many polls, in order
   */
  Mortality(
      Path folder, long seed, PathConfig path, int connections, long killAt, boolean handOver) {
    this(folder, seed, path, connections, killAt, Long.MAX_VALUE, handOver);
  }

  /**
   * Ready to run.
   *
   * @param againAfter the next process is killed after so many stores and packets of its own, which
   *     begin with the taking over
   */
  Mortality(
      Path folder,
      long seed,
      PathConfig path,
      int connections,
      long killAt,
      long againAfter,
      boolean handOver) {
    this.folder = folder;
    this.seed = seed;
    this.killAt = killAt;
    this.againAfter = againAfter;
    nextKill = killAt;
    this.handOver = handOver;
    linkA = new FaultyLink(pipe.a(), path, PathConfig.PERFECT, seed * 2 + 1);
    linkB = new FaultyLink(pipe.b(), path, PathConfig.PERFECT, seed * 2 + 2);
    file = folder.resolve("0");
    birth();
    clientMemory = new StrategyConfig(RecordStore.STATE_WORDS, 1_000, 0, seed, ~seed, Map.of());
    memoryB = Strategies.provider("slab").create(clientMemory);
    b = new Context(config("10.0.0.2"), memoryB, linkB, new SplittableRandom(~seed)::nextLong);
    for (int i = 0; i < connections; i++) {
      clients.add(new Client(i));
    }
  }

  private static ContextConfig config(String address) {
    return Simulation.config(address);
  }

  private void birth() {
    var parameters = Map.of("file", file.toString(), "slab", "128Ki");
    memoryA =
        (MappedStrategy)
            Strategies.provider("mapped")
                .create(
                    new StrategyConfig(
                        RecordStore.STATE_WORDS, 1_000, 0, seed + generation, 7, parameters));
    memoryA.wallClock(() -> now / 1_000_000);
    mortal = new MortalLink(linkA, this::event, timestamps);
    Link link = mortal;
    var random = new SplittableRandom(seed + generation * 1_000L);
    a = new Context(config("10.0.0.1"), memoryA, link, random::nextLong);
    a.onHandlerFailure(
        e -> {
          throw new AssertionError("a handler failed", e);
        });
    a.listen(Endpoint.any(7), ConnectionProfile.NO_DELAY, new Echo());
    memoryA.beforeStores(this::event);
  }

  private void event() {
    if (killed || handOver || ++events < nextKill) {
      return;
    }
    killed = true;
    kills++;
    mortal.dead = true;
    try {
      Files.copy(file, folder.resolve((generation + 1) + ""), StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void rebirth() {
    resetByUs += a.counters().get(Event.RECORDS_RESET);
    if (handOver) {
      a.handOver();
      memoryA.close();
    } else {
      abandon();
      file = folder.resolve((generation + 1) + "");
    }
    generation++;
    killed = false;
    nextKill = generation > 1 ? Long.MAX_VALUE : events + againAfter;
    nextKill = nextKill < 0 ? Long.MAX_VALUE : nextKill;
    birth();
  }

  /** The old one is as good as dead: only its mapping must go. */
  private void abandon() {
    try {
      memoryA.close();
      Files.delete(file);
    } catch (IllegalStateException e) {
      delete(file); // leaks, of course
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Runs until all clients are done; tells how many stores and packets there were. */
  long run() {
    long polls = 0;
    long end = 600 * SECOND;
    while (now < end && !clients.stream().allMatch(c -> c.done)) {
      int work;
      do {
        linkA.advanceTo(now);
        linkB.advanceTo(now);
        work = a.poll(now);
        polls++;
        if (killed || handOver && polls == killAt) {
          rebirth();
          work++;
        }
        work += b.poll(now);
        clients.forEach(c -> c.step(now));
      } while (work > 0);
      long next =
          Math.min(
              Math.min(a.nextDeadlineNanos(), b.nextDeadlineNanos()),
              Math.min(linkA.nextDeadlineNanos(), linkB.nextDeadlineNanos()));
      for (Client client : clients) {
        next = Math.min(next, client.wakesAt(now));
      }
      now = Math.max(Math.min(next, end), now + 1_000);
    }
    restored = a.counters().get(Event.RECORDS_RESTORED);
    resetByUs += a.counters().get(Event.RECORDS_RESET);
    return handOver ? polls : events;
  }

  List<Fate> fates() {
    return clients.stream().map(c -> c.fate).toList();
  }

  String story() {
    return "seed "
        + seed
        + ", killed at "
        + killAt
        + (againAfter == Long.MAX_VALUE ? "" : " and " + againAfter + " later")
        + (handOver ? " polls" : " events")
        + ", "
        + clients.stream().map(c -> c.fate + " " + c.why + " " + c.got + "/" + c.sent).toList()
        + ", restored "
        + restored
        + ", reset "
        + resetByUs;
  }

  private static byte at(int client, long offset) {
    return (byte) (offset * 31 + (offset >> 8) * 7 + client * 13 + 1);
  }

  /** Echoes what it gets; what it can't it aborts. */
  private final class Echo implements ConnectionHandler {
    @Override
    public String name() {
      return "echo";
    }

    @Override
    public void onRestored(Context context, long connection) {
      restoredCalls++;
      var info = context.info(connection);
      if (info != null && info.state() == wisp.core.stack.ConnectionState.CLOSE_WAIT) {
        context.shutdown(connection);
      }
    }

    @Override
    public void onData(Context context, long connection, MemorySegment m, long offset, int length) {
      int frame = context.frame(length);
      MemorySegment.copy(m, offset, context.memory(frame), context.start(frame), length);
      if (!context.send(connection, frame)) {
        context.abort(connection);
      }
      context.release(frame);
    }

    @Override
    public void onPeerClosed(Context context, long connection) {
      if (!context.shutdown(connection)) {
        context.abort(connection);
      }
    }
  }

  /** Writes, waits for the echo, pauses so long that all falls asleep, and again; then closes. */
  private final class Client implements ConnectionHandler {
    private final int number;
    private final SplittableRandom random;
    private long connection = -1;
    private long startAt;
    private long pauseUntil;
    private int rounds;
    private long toSend;
    private long sent;
    private long got;
    private boolean open;
    private boolean closing;
    private boolean done;
    private Fate fate = Fate.OTHER;
    private String why = "";

    Client(int number) {
      this.number = number;
      random = new SplittableRandom(seed * 31 + number);
      startAt = random.nextLong(SECOND / 5);
    }

    long wakesAt(long nowNanos) {
      if (done || closing) {
        return Long.MAX_VALUE;
      }
      if (connection < 0) {
        return startAt;
      }
      return open && got == sent && pauseUntil > nowNanos ? pauseUntil : Long.MAX_VALUE;
    }

    void step(long nowNanos) {
      if (connection < 0) {
        if (nowNanos >= startAt) {
          connection = b.connect(null, SERVER, ConnectionProfile.NO_DELAY, this);
        }
        return;
      }
      if (!open || done || closing || got < sent || nowNanos < pauseUntil) {
        return;
      }
      if (pauseUntil == 0 && sent > 0) {
        pauseUntil = nowNanos + random.nextLong(2 * SECOND);
        return;
      }
      pauseUntil = 0;
      if (rounds++ == ROUNDS) {
        closing = true;
        b.shutdown(connection);
        return;
      }
      int length = random.nextInt(3) == 0 ? 1 + random.nextInt(9_000) : 1 + random.nextInt(600);
      int frame = b.frame(length);
      for (int i = 0; i < length; i++) {
        b.memory(frame).set(ValueLayout.JAVA_BYTE, b.start(frame) + i, at(number, sent + i));
      }
      sent += length;
      if (!b.send(connection, frame)) {
        throw new AssertionError("no memory for a client");
      }
      b.release(frame);
    }

    @Override
    public void onOpen(Context context, long c) {
      open = true;
    }

    @Override
    public void onData(Context context, long c, MemorySegment m, long offset, int length) {
      for (int i = 0; i < length; i++) {
        if (m.get(ValueLayout.JAVA_BYTE, offset + i) != at(number, got + i)) {
          throw new AssertionError(story() + ": wrong byte at " + (got + i) + " of " + number);
        }
      }
      got += length;
    }

    @Override
    public void onClosed(Context context, long c, CloseReason reason) {
      done = true;
      why = reason.toString();
      boolean whole = reason instanceof CloseReason.Closed && got == sent && closing;
      boolean reset =
          reason instanceof CloseReason.ResetByPeer || reason instanceof CloseReason.Refused;
      fate = whole ? Fate.WHOLE : reset ? Fate.RESET : Fate.OTHER;
    }
  }

  @Override
  public void close() {
    b.close();
    memoryB.close();
    a.close();
    memoryA.close(); // nothing may be left over
    delete(file);
    linkA.close();
    linkB.close();
    pipe.close();
  }
}
