package wisp.core.stack;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import wisp.core.Counters.Event;
import wisp.core.spi.TestLink;
import wisp.core.spi.TestMemory;
import wisp.core.tcp.Scoreboard;

/** What all connections of one context share. */
final class FixtureHost {
  final TestMemory memory;
  final TestLink link;
  final Context context;
  final ContextConfig config;
  final List<TcpFixture> fixtures = new ArrayList<>();
  final Map<Long, TcpFixture> byHandle = new HashMap<>();
  final List<Throwable> failures = new ArrayList<>();

  /** Packets for nobody we know, such as ICMP. */
  final ArrayDeque<byte[]> others = new ArrayDeque<>();

  long now;

  FixtureHost(TcpFixture.Setup setup) {
    memory = setup.memory;
    link = new TestLink(setup.mtu, setup.segmentationBytes);
    config = setup.config;
    now = setup.startNanos;
    context = new Context(config, memory, link, new SplittableRandom(setup.seed)::nextLong);
    context.onHandlerFailure(failures::add);
    context.poll(now);
  }

  /** Handles one burst of all packets fed, then whatever is due, and sorts what was sent. */
  void poll() {
    context.poll(now);
    collect();
  }

  void collect() {
    for (byte[] packet : drain()) {
      TcpFixture whose = null;
      for (TcpFixture f : fixtures) {
        if (f.isMine(packet)) {
          whose = f;
        }
      }
      if (whose == null) {
        others.add(packet);
      } else {
        whose.take(new Sent(packet, now));
      }
    }
  }

  private List<byte[]> drain() {
    var all = new ArrayList<>(link.outgoing);
    link.outgoing.clear();
    return all;
  }

  long counted(Event event) {
    return context.counters().get(event);
  }

  Machinery machinery() {
    try {
      var field = Context.class.getDeclaredField("machinery");
      field.setAccessible(true);
      return (Machinery) field.get(context);
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("Context has no machinery", e);
    }
  }

  Scoreboard board() {
    try {
      var field = Machinery.class.getDeclaredField("board");
      field.setAccessible(true);
      return (Scoreboard) field.get(machinery());
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("the machinery has no scoreboard", e);
    }
  }
}
