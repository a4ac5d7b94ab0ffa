package wisp.lab.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wisp.core.Counters.Event;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.Link;
import wisp.core.spi.LinkOffloads;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.core.stack.ContextConfig;
import wisp.core.stack.Datagram;
import wisp.core.stack.DatagramHandler;
import wisp.core.stack.DatagramPort;
import wisp.core.stack.Endpoint;
import wisp.drivers.inmemory.InMemoryPipe;
import wisp.drivers.steering.Steering;
import wisp.lab.load.Load;
import wisp.lab.load.LoadPlan;
import wisp.lab.serve.Service;
import wisp.lab.serve.Services;
import wisp.lab.suite.Catalog;

@DisplayName("Four contexts behind one link: what belongs to a connection comes to its context")
@Timeout(60)
class SharedDeviceTest {
  private static final int CONTEXTS = 4;
  private static final int ECHO = 7;
  private static final int UDP = 9;

  /** Short enough that nobody takes a packet in a queue for lost. */
  private static final long STEP_NANOS = 100_000;

  private static final Endpoint OURS = Endpoint.of("10.9.1.1", ECHO);
  private static final Endpoint PEERS = Endpoint.of("10.9.2.1", ECHO);

  private final InMemoryPipe pipe =
      new InMemoryPipe(InMemoryPipe.DEFAULT_MTU, 4096, LinkOffloads.NONE);
  private final Random random = new Random(4);
  private final List<Link> links = new ArrayList<>();
  private final List<MemoryStrategy> memories = new ArrayList<>();
  private final List<Context> contexts = new ArrayList<>();
  private final List<Service> services = new ArrayList<>();
  private Context peer;
  private long now;

  @BeforeEach
  void open() {
    links.addAll(Steering.over(pipe.a(), CONTEXTS));
    for (Link link : links) {
      contexts.add(context("10.9.1.0/24", link));
    }
    peer = context("10.9.2.0/24", pipe.b());
    var all = new ArrayList<>(contexts);
    all.add(peer);
    for (Context context : all) {
      Service echo = Services.named("echo");
      echo.start(context);
      context.listen(Endpoint.any(ECHO), ConnectionProfile.NO_DELAY, echo);
      services.add(echo);
    }
  }

  private Context context(String own, Link link) {
    var config =
        new StrategyConfig(
            RecordStore.STATE_WORDS, 1000, 0, random.nextLong(), random.nextLong(), Map.of());
    MemoryStrategy memory = Catalog.strategy("slab").create(config);
    memories.add(memory);
    return new Context(ContextConfig.of(IpPrefix.parse(own)), memory, link, random::nextLong);
  }

  @AfterEach
  void close() {
    contexts.add(peer);
    for (int i = 0; i < contexts.size(); i++) {
      services.get(i).stop(contexts.get(i));
      contexts.get(i).close();
    }
    memories.forEach(MemoryStrategy::close);
    links.forEach(Link::close);
    pipe.close();
  }

  /** Until nothing happens any more, for a while. */
  private void settle(Load... loads) {
    for (int idle = 0; idle < 2_000; now += STEP_NANOS) {
      int handled = peer.poll(now);
      services.getLast().retry(peer);
      for (int i = 0; i < CONTEXTS; i++) {
        handled += contexts.get(i).poll(now);
        services.get(i).retry(contexts.get(i));
        if (loads.length == CONTEXTS) {
          loads[i].work(contexts.get(i), now);
        }
      }
      if (loads.length == 1) {
        loads[0].work(peer, now);
      }
      idle = handled == 0 ? idle + 1 : 0;
    }
  }

  private long sum(Event event) {
    return contexts.stream().mapToLong(c -> c.counters().get(event)).sum();
  }

  private void assertNoneWasLost() {
    assertEquals(0, sum(Event.RESETS_SENT) + peer.counters().get(Event.RESETS_SENT));
    assertEquals(0, sum(Event.DROP_NO_CONNECTION));
    assertEquals(0, links.stream().mapToLong(Link::drops).sum());
  }

  @Test
  void whoIsConnectedToHasEachConnectionInOneContext_andAllHaveSome() {
    int connections = 400;
    var load = new Load(new LoadPlan(OURS, connections, 5_000, true, 0, 64, 1));
    settle(load);
    assertTrue(load.isDone() && load.isGood(), load.report());
    assertEquals(connections, sum(Event.ACCEPTED));
    for (Context context : contexts) {
      assertTrue(context.counters().get(Event.ACCEPTED) > connections / 8);
    }
    assertEquals(0, sum(Event.DROP_OTHER_CONTEXT));
    assertNoneWasLost();
  }

  @Test
  void whoOpensHasTheAnswersInItsOwnContext() {
    var loads = new Load[CONTEXTS];
    for (int i = 0; i < CONTEXTS; i++) {
      loads[i] = new Load(new LoadPlan(PEERS, 100, 5_000, true, 0, 32, i));
    }
    settle(loads);
    for (int i = 0; i < CONTEXTS; i++) {
      assertTrue(loads[i].isDone() && loads[i].isGood(), loads[i].report());
      assertEquals(100, contexts.get(i).counters().get(Event.CONNECTED));
    }
    assertEquals(0, sum(Event.DROP_OTHER_CONTEXT));
    assertNoneWasLost();
  }

  @Test
  void aPortWhoseAnswersWouldComeToAnotherIsRefused() {
    var load = new Load(new LoadPlan(PEERS, 0, 0, false, 0, 1, 1));
    int refused = 0;
    for (int port = 5000; port < 5040; port++) {
      Endpoint from = Endpoint.of("10.9.1.1", port);
      long connection = contexts.getFirst().connect(from, PEERS, ConnectionProfile.NO_DELAY, load);
      refused += connection == Context.NO_PORT ? 1 : 0;
    }
    assertTrue(refused > 20 && refused < 40, refused + " of 40");
    settle();
    assertEquals(40 - refused, contexts.getFirst().counters().get(Event.CONNECTED));
    assertNoneWasLost();
  }

  @Test
  void aDatagramInPiecesIsTakenByOne_theOneThatHasThoseThatAreWhole() {
    var taken = new TreeMap<Integer, List<Integer>>();
    for (int i = 0; i < CONTEXTS; i++) {
      int place = i;
      contexts
          .get(i)
          .bind(
              Endpoint.any(UDP),
              (context, port, datagram) ->
                  taken
                      .computeIfAbsent(datagram.sourcePort(), p -> new ArrayList<>())
                      .add(place * 100_000 + datagram.length()));
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(5000);
      for (int i = 0; i < 64; i++) {
        DatagramPort from = peer.bind(Endpoint.any(3000 + i), (context, port, datagram) -> {});
        assertTrue(from.send(Endpoint.of("10.9.1.1", UDP), bytes, 0, 5000));
        assertTrue(from.send(Endpoint.of("10.9.1.1", UDP), bytes, 0, 50));
      }
    }
    settle();
    assertEquals(64, taken.size());
    taken.forEach(
        (port, places) -> {
          assertEquals(2, places.size(), "port " + port + ": " + places);
          int first = places.getFirst() / 100_000;
          assertEquals(first, places.getLast() / 100_000, "port " + port);
          assertEquals(5050, places.stream().mapToInt(n -> n % 100_000).sum());
        });
    assertEquals(64L * CONTEXTS, sum(Event.REASSEMBLED));
    assertEquals(64L * (CONTEXTS - 1), sum(Event.DROP_OTHER_CONTEXT));
    assertEquals(0, sum(Event.ICMP_ERRORS_SENT));
  }

  /** Our datagram finds no port; the answer quotes it. */
  @Test
  void anErrorComesToTheContextOfWhomItIsAbout() {
    var errors = new int[CONTEXTS];
    for (int i = 0; i < CONTEXTS; i++) {
      Context context = contexts.get(i);
      int place = i;
      var handler =
          new DatagramHandler() {
            @Override
            public void onDatagram(Context context, DatagramPort port, Datagram datagram) {}

            @Override
            public void onError(Context context, DatagramPort port, int type, int code) {
              errors[place]++;
            }
          };
      MemorySegment bytes = MemorySegment.ofArray(new byte[20]);
      for (int n = 0; n < 5; n++) {
        Endpoint nobody = Endpoint.of("10.9.2.1", 6000 + n);
        assertTrue(context.bind(Endpoint.any(0), nobody, handler).send(bytes, 0, 20));
      }
    }
    settle();
    for (int i = 0; i < CONTEXTS; i++) {
      assertEquals(5, errors[i], "context " + i);
    }
  }

  @Test
  void onePingIsAnsweredOnce_wholeOrInPieces() {
    for (int i = 0; i < 8; i++) {
      ping(i, 0, 40, false);
      ping(i, 0, 24, true); // the first piece of 48 bytes
      ping(i, 24, 24, false);
    }
    pipe.b().flush();
    settle();
    assertEquals(16, sum(Event.ECHO_REPLIES));
    assertEquals(8L * CONTEXTS, sum(Event.REASSEMBLED));
  }

  private void ping(int from, int offset, int length, boolean more) {
    var packet = new wisp.core.spi.TransmitPacket();
    assertTrue(pipe.b().claim(20 + length, packet));
    MemorySegment m = packet.memory;
    long at = packet.start;
    var icmp = new byte[offset + length];
    icmp[0] = 8;
    int sum = 0x0800;
    byte[] header = {
      0x45,
      0,
      0,
      (byte) (20 + length),
      0,
      (byte) from,
      0,
      0,
      64,
      1,
      0,
      0,
      10,
      9,
      2,
      (byte) (10 + from),
      10,
      9,
      1,
      1
    };
    header[6] = (byte) (more ? 0x20 : 0);
    header[7] = (byte) (offset / 8);
    int headerSum = 0;
    for (int i = 0; i < 20; i += 2) {
      headerSum += (header[i] & 0xFF) << 8 | header[i + 1] & 0xFF;
    }
    headerSum = ~((headerSum & 0xFFFF) + (headerSum >>> 16));
    header[10] = (byte) (headerSum >>> 8);
    header[11] = (byte) headerSum;
    icmp[2] = (byte) (~sum >>> 8);
    icmp[3] = (byte) ~sum;
    MemorySegment.copy(header, 0, m, ValueLayout.JAVA_BYTE, at, 20);
    MemorySegment.copy(icmp, offset, m, ValueLayout.JAVA_BYTE, at + 20, length);
    packet.length = 20 + length;
    pipe.b().commit(packet);
  }
}
