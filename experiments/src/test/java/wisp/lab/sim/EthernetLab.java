package wisp.lab.sim;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import wisp.core.Counters.Event;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;
import wisp.core.spi.TransmitPacket;
import wisp.core.stack.Context;
import wisp.core.stack.ContextConfig;
import wisp.drivers.faults.FaultyLink;
import wisp.drivers.faults.PathConfig;
import wisp.drivers.inmemory.InMemorySwitch;
import wisp.pools.Strategies;

/**
 * Contexts on a switch in virtual time, station {@code i} at 02:00:00:00:00:01 + i; the port behind
 * the last one is the test's, which sends frames of its own, and one is left for a latecomer.
 * {@link #close} demands that all memory came back.
 */
final class EthernetLab implements AutoCloseable {
  static final long SECOND = 1_000_000_000L;
  static final long FIRST = 0x0200_0000_0001L;

  /** One context and what belongs to it. */
  static final class Station {
    final Context context;
    final FaultyLink link;
    final TappedLink tap;
    final MemoryStrategy memory;

    private Station(ContextConfig config, Link port, PathConfig path, long seed) {
      link = new FaultyLink(port, path, PathConfig.PERFECT, seed);
      tap = new TappedLink(link);
      memory =
          Strategies.provider("slab")
              .create(new StrategyConfig(RecordStore.STATE_WORDS, 1_000, 0, seed, ~seed, Map.of()));
      context = new Context(config, memory, tap, new SplittableRandom(seed)::nextLong);
      context.onHandlerFailure(
          e -> {
            throw new AssertionError("a handler failed", e);
          });
    }

    long count(Event event) {
      return context.counters().get(event);
    }

    private void close() {
      context.close();
      int blocks = memory.blocks().inUse();
      if (blocks != 0) {
        throw new AssertionError(blocks + " blocks are still in use");
      }
      memory.close();
      link.close();
    }
  }

  final List<Station> stations = new ArrayList<>();
  private final InMemorySwitch ports;
  private final Link mine;
  private final PathConfig path;
  private final Burst ignored = new Burst();
  private final TransmitPacket outgoing = new TransmitPacket();
  long now = SECOND;

  EthernetLab(long seed, PathConfig path, ContextConfig... configs) {
    ports = new InMemorySwitch(configs.length + 2, 1_500, 4_096, FIRST);
    for (int i = 0; i < configs.length; i++) {
      stations.add(new Station(configs[i], ports.port(i), path, seed * 10 + i));
    }
    mine = ports.port(configs.length);
    this.path = path;
    advance(4); // duplicate detection
  }

  /** One more station, once. */
  Station join(ContextConfig config) {
    var station = new Station(config, ports.port(ports.ports() - 1), path, 99);
    stations.add(station);
    return station;
  }

  Station station(int i) {
    return stations.get(i);
  }

  Context context(int i) {
    return stations.get(i).context;
  }

  /** A frame from the test's port. */
  void inject(byte[] frame) {
    if (!mine.claim(frame.length, outgoing)) {
      throw new AssertionError("no room for a frame");
    }
    MemorySegment.copy(
        MemorySegment.ofArray(frame), 0, outgoing.memory, outgoing.start, frame.length);
    outgoing.length = frame.length;
    mine.commit(outgoing);
    mine.flush();
  }

  private void step() {
    int work;
    int rounds = 0;
    do {
      work = 0;
      for (Station station : stations) {
        station.link.advanceTo(now);
      }
      for (Station station : stations) {
        work += station.context.poll(now);
      }
      ignored.clear();
      mine.receive(ignored);
      if (++rounds > 100_000) {
        throw new AssertionError("busy for ever at " + now);
      }
    } while (work > 0);
  }

  /** Runs until it is so, or virtual time is over; tells which. */
  boolean runUntil(BooleanSupplier done, long seconds) {
    long end = now + seconds * SECOND;
    while (true) {
      step();
      if (done.getAsBoolean()) {
        return true;
      }
      long next = Long.MAX_VALUE;
      for (Station station : stations) {
        next = Math.min(next, station.context.nextDeadlineNanos());
        next = Math.min(next, station.link.nextDeadlineNanos());
      }
      if (next > end) {
        now = end;
        step();
        return done.getAsBoolean();
      }
      now = Math.max(next, now + 1_000);
    }
  }

  /** Lets time pass. */
  void advance(long seconds) {
    runUntil(() -> false, seconds);
  }

  @Override
  public void close() {
    for (Station station : stations) {
      station.close();
    }
    ports.close();
  }
}
