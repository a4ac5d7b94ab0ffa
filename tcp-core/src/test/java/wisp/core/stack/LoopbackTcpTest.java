package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wisp.core.Counters.Event;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.TestLink;
import wisp.core.spi.TestMemory;

@DisplayName("RFC 1122 §3.2.1.3: own addresses talk to each other inside the context")
class LoopbackTcpTest {
  private static final int TOTAL = 1_000_000;
  private static final int CHUNK = 16_000;
  private static final long MS = 1_000_000L;

  private final TestLink link = new TestLink(1_500);
  private final TestMemory memory = new TestMemory();
  private final Context context =
      new Context(
          ContextConfig.of(
              IpPrefix.parse("10.0.0.1"),
              IpPrefix.parse("10.0.0.2"),
              IpPrefix.parse("2001:db8::1"),
              IpPrefix.parse("2001:db8::2")),
          memory,
          link,
          new SplittableRandom(7)::nextLong);
  private long now = 1_000 * MS;

  /** An end that sends a megabyte and compares what it receives. */
  private static final class Side implements ConnectionHandler {
    private final int seed;
    private final List<CloseReason> closed = new ArrayList<>();
    private long connection = -1;
    private int given;
    private int released;
    private int received;
    private boolean peerClosed;

    Side(int seed) {
      this.seed = seed;
    }

    private static byte at(int seed, int i) {
      return (byte) (seed + i * 13 + (i >>> 8) * 7 + (i >>> 16));
    }

    @Override
    public void onOpen(Context c, long handle) {
      connection = handle;
      fill(c);
    }

    private void fill(Context c) {
      while (given < TOTAL && given - released < 40 * CHUNK) {
        int bytes = Math.min(CHUNK, TOTAL - given);
        int frame = c.frame(bytes);
        for (int i = 0; i < bytes; i++) {
          c.memory(frame).set(ValueLayout.JAVA_BYTE, c.start(frame) + i, at(seed, given + i));
        }
        boolean queued = c.send(connection, frame);
        c.release(frame);
        if (!queued) {
          return;
        }
        given += bytes;
      }
      if (given == TOTAL && released == TOTAL) {
        c.shutdown(connection);
      }
    }

    @Override
    public void onReleased(Context c, long handle, int frame, int acknowledged) {
      released += acknowledged;
      fill(c);
    }

    @Override
    public void onData(Context c, long handle, MemorySegment m, long offset, int length) {
      for (int i = 0; i < length; i++) {
        byte b = m.get(ValueLayout.JAVA_BYTE, offset + i);
        assertEquals(at(3 - seed, received + i), b, "byte of the stream");
      }
      received += length;
    }

    @Override
    public void onPeerClosed(Context c, long handle) {
      peerClosed = true;
    }

    @Override
    public void onClosed(Context c, long handle, CloseReason why) {
      closed.add(why);
    }
  }

  private void run(long millis) {
    long end = now + millis * MS;
    while (now < end) {
      now += MS / 10;
      context.poll(now);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.1, 10.0.0.2",
    "10.0.0.1, 10.0.0.1",
    "2001:db8::1, 2001:db8::2",
    "2001:db8::2, 2001:db8::2"
  })
  void givenTwoOwnAddresses_whenEachSendsAMegabyte_thenItArrivesAndNothingLeaves(
      String from, String to) {
    var failures = new ArrayList<Throwable>();
    context.onHandlerFailure(failures::add);
    var server = new Side(1);
    var client = new Side(2);
    context.poll(now);
    context.listen(Endpoint.any(80), ConnectionProfile.DEFAULT, server);
    long c =
        context.connect(
            Endpoint.of(from, 0), Endpoint.of(to, 80), ConnectionProfile.DEFAULT, client);
    assertTrue(c >= 0);
    for (int i = 0; i < 600 && !(client.peerClosed && server.peerClosed); i++) {
      run(100);
    }
    assertEquals(List.of(), failures);
    assertEquals(TOTAL, server.received);
    assertEquals(TOTAL, client.received);
    assertEquals(List.of(new CloseReason.Closed()), client.closed);
    assertEquals(List.of(new CloseReason.Closed()), server.closed);
    assertTrue(link.outgoing.isEmpty(), "nothing left by the link");
    context.close();
    memory.close();
  }

  @Test
  void givenMoreInFlightThanTheRingHolds_whenItDrops_thenTcpRepairsIt() {
    var servers = new ArrayList<Side>();
    var clients = new ArrayList<Side>();
    context.poll(now);
    for (int i = 0; i < 8; i++) {
      servers.add(new Side(1));
      clients.add(new Side(2));
      context.listen(Endpoint.any(80 + i), ConnectionProfile.DEFAULT, servers.getLast());
      context.connect(
          null, Endpoint.of("10.0.0.2", 80 + i), ConnectionProfile.DEFAULT, clients.getLast());
    }
    var all = new ArrayList<>(clients);
    all.addAll(servers);
    for (int i = 0; i < 600 && !all.stream().allMatch(s -> s.peerClosed); i++) {
      run(100);
    }
    assertTrue(context.counters().get(Event.DROP_LINK_FULL) > 0, "the ring was full");
    assertTrue(context.counters().get(Event.SEGMENTS_RETRANSMITTED) > 0);
    for (int i = 0; i < 8; i++) {
      assertEquals(TOTAL, servers.get(i).received);
      assertEquals(TOTAL, clients.get(i).received);
    }
    context.close();
    memory.close();
  }

  @Test
  void givenAnEndpoint_whenItConnectsToItself_thenRefused() {
    context.poll(now);
    for (String own : new String[] {"10.0.0.1", "2001:db8::1"}) {
      assertEquals(
          Context.NO_PORT,
          context.connect(
              Endpoint.of(own, 5_000),
              Endpoint.of(own, 5_000),
              ConnectionProfile.DEFAULT,
              new Side(1)));
    }
    assertEquals(0, context.connections());
  }

  @Test
  void givenNobodyListens_whenConnectingToOurselves_thenRefusedAtOnce() {
    context.poll(now);
    var client = new Side(2);
    context.connect(null, Endpoint.of("2001:db8::2", 81), ConnectionProfile.DEFAULT, client);
    assertTrue(context.nextDeadlineNanos() <= now, "it wants to be polled now");
    run(1);
    assertEquals(List.of(new CloseReason.Refused()), client.closed);
  }

  @Test
  void givenOurOwnAddressAsSource_whenItComesFromTheLink_thenDropped() {
    context.poll(now);
    context.connect(
        Endpoint.of("10.0.0.1", 0),
        Endpoint.of("10.0.0.9", 80),
        ConnectionProfile.DEFAULT,
        new Side(1));
    byte[] syn = link.outgoing.remove();
    System.arraycopy(new byte[] {10, 0, 0, 2}, 0, syn, 16, 4);
    TcpFixture.sign(syn);
    link.incoming.add(syn);
    context.poll(now);
    assertEquals(1, context.counters().get(Event.DROP_IP_SOURCE));
  }
}
