package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.FIN;
import static wisp.core.stack.Seg.RST;
import static wisp.core.stack.Seg.SYN;
import static wisp.core.stack.TcpFixture.with;
import static wisp.core.tcp.State.CLOSE_WAIT;
import static wisp.core.tcp.State.LAST_ACK;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.TestMemory;

@DisplayName("The API: handles, frames, callbacks that call back, what is refused and how")
class ContextApiTest {
  private static final ConnectionHandler IGNORE = (c, h, m, offset, length) -> {};

  private static void refusesAll(TcpFixture tcp, long handle) {
    Context c = tcp.context;
    int frame = c.frame(10);
    assertFalse(c.isOpen(handle));
    assertFalse(c.send(handle, frame));
    assertFalse(c.sendUrgent(handle, frame));
    assertFalse(c.shutdown(handle));
    assertFalse(c.close(handle));
    assertFalse(c.abort(handle));
    assertFalse(c.pause(handle));
    assertFalse(c.resume(handle));
    assertNull(c.local(handle));
    assertNull(c.remote(handle));
    assertEquals(1, tcp.host.memory.frames().references(frame));
    c.release(frame);
  }

  @Nested
  @DisplayName("Handles")
  class Handles {
    @Test
    void ofAnEndedConnectionAreRefused() {
      var tcp = TcpFixture.established();
      long handle = tcp.connection;
      tcp.receives(Seg.rst());
      refusesAll(tcp, handle);
    }

    @Test
    void areRefusedWhenTheSlotHasAnotherConnection() {
      var tcp = TcpFixture.established();
      long handle = tcp.connection;
      tcp.receives(Seg.rst());
      for (int port = 6_000; port < 6_100; port++) {
        tcp.another(port).handshake();
      }
      refusesAll(tcp, handle);
      assertEquals(100, tcp.context.connections());
    }

    @ParameterizedTest
    @ValueSource(longs = {0, -1, -2, -3, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 32, 0xFFFF_FFFFL})
    void thatNeverWereAreRefused(long handle) {
      refusesAll(TcpFixture.established(), handle);
    }

    @Test
    void areRefusedInsideOnClosed() {
      var tcp = TcpFixture.established();
      tcp.on("closed", c -> refusesAll(tcp, c));
      tcp.receives(Seg.rst()).heard("closed ResetByPeer");
      assertEquals(List.of(), tcp.host.failures);
    }

    @Test
    void areNeverNegative() {
      var tcp = TcpFixture.established();
      for (int port = 6_000; port < 6_100; port++) {
        var other = tcp.another(port).handshake();
        assertTrue(other.connection >= 0);
        assertTrue(Context.slot(other.connection) < 1_000);
      }
    }
  }

  @Nested
  @DisplayName("Opening")
  class Opening {
    @Test
    void listeningTwiceIsAnError() {
      var tcp = TcpFixture.listening();
      assertThrows(IllegalStateException.class, tcp::listen);
      assertTrue(tcp.context.unlisten(Endpoint.any(TcpFixture.SERVICE)));
      assertFalse(tcp.context.unlisten(Endpoint.any(TcpFixture.SERVICE)));
      tcp.listen();
    }

    @Test
    void listeningNeedsAPort() {
      var tcp = with().closed();
      assertThrows(
          IllegalArgumentException.class,
          () -> tcp.context.listen(Endpoint.any(0), ConnectionProfile.DEFAULT, IGNORE));
    }

    @Test
    @Tag("MUST-43")
    void aListenerForTheAddressGoesBeforeOneForAny() {
      var tcp = TcpFixture.listening();
      var heard = new ArrayList<String>();
      tcp.context.listen(
          Endpoint.of("10.0.0.1", TcpFixture.SERVICE),
          ConnectionProfile.DEFAULT,
          new ConnectionHandler() {
            @Override
            public void onOpen(Context c, long h) {
              heard.add("open");
            }

            @Override
            public void onData(
                Context c, long h, java.lang.foreign.MemorySegment m, long o, int n) {}
          });
      tcp.receives(Seg.syn()).sends(SYN | ACK);
      tcp.receives(Seg.ack()).heardNothing();
      assertEquals(List.of("open"), heard);
    }

    @Test
    void unlisteningLeavesConnectionsAlone() {
      var tcp = TcpFixture.established();
      tcp.context.unlisten(Endpoint.any(TcpFixture.SERVICE));
      tcp.receives(Seg.data(10)).delivered(10);
      var other = tcp.another(6_000);
      other.receives(Seg.syn());
      other.sends(RST | ACK);
    }

    @ParameterizedTest
    @ValueSource(
        strings = {
          "255.255.255.255",
          "224.0.0.1",
          "0.0.0.0",
          "127.0.0.1",
          "::1",
          "ff02::1",
          "2001:db8::1",
          "240.0.0.1"
        })
    @Tag("MUST-46")
    void toWhatIsNoOtherHostThereIsNoRoute(String address) {
      var tcp = with().closed();
      assertEquals(
          Context.NO_ROUTE,
          tcp.context.connect(null, Endpoint.of(address, 80), ConnectionProfile.DEFAULT, IGNORE));
      tcp.sendsNothing().allReturns();
    }

    @Test
    void connectingNeedsAPort() {
      var tcp = with().closed();
      assertThrows(
          IllegalArgumentException.class,
          () ->
              tcp.context.connect(
                  null, Endpoint.of("10.0.0.2", 0), ConnectionProfile.DEFAULT, IGNORE));
    }

    @Test
    @Tag("MUST-43")
    void fromWhatIsNotOursThereIsNoRoute() {
      var tcp = with().closed();
      assertEquals(
          Context.NO_ROUTE,
          tcp.context.connect(
              Endpoint.of("10.0.0.9", 0),
              Endpoint.of("10.0.0.2", 80),
              ConnectionProfile.DEFAULT,
              IGNORE));
    }

    @Test
    @Tag("MUST-44")
    void theStackChoosesAddressAndPort() {
      var tcp = with().synSent();
      Endpoint local = tcp.context.local(tcp.connection);
      assertEquals("10.0.0.1", local.address().toString());
      assertTrue(local.port() >= 1_024);
      assertEquals(Endpoint.of("10.0.0.2", 7), tcp.context.remote(tcp.connection));
    }

    @Test
    @Tag("rfc6056-b")
    void aFixedPortIsUsedOnce() {
      var tcp = with().closed();
      Endpoint from = Endpoint.of("10.0.0.1", 5_555);
      Endpoint to = Endpoint.of("10.0.0.2", 80);
      assertTrue(tcp.context.connect(from, to, ConnectionProfile.DEFAULT, IGNORE) >= 0);
      assertEquals(
          Context.NO_PORT, tcp.context.connect(from, to, ConnectionProfile.DEFAULT, IGNORE));
      Endpoint elsewhere = Endpoint.of("10.0.0.3", 80);
      assertTrue(tcp.context.connect(from, elsewhere, ConnectionProfile.DEFAULT, IGNORE) >= 0);
    }

    @Test
    @DisplayName("threats 3.14: every port once, then NO_PORT; another destination is unaffected")
    @Tag("rfc6056-c")
    void portsRunOut() {
      var tcp = with().closed();
      Endpoint to = Endpoint.of("10.0.0.2", 80);
      var ports = new java.util.BitSet();
      int n = 0;
      long handle;
      while ((handle = tcp.context.connect(null, to, ConnectionProfile.DEFAULT, IGNORE)) >= 0) {
        ports.set(tcp.context.local(handle).port());
        n++;
        tcp.host.link.outgoing.clear();
      }
      assertEquals(Context.NO_PORT, handle);
      assertEquals(65_536 - 1_024, n);
      assertEquals(n, ports.cardinality());
      Endpoint other = Endpoint.of("10.0.0.3", 80);
      assertTrue(tcp.context.connect(null, other, ConnectionProfile.DEFAULT, IGNORE) >= 0);
      tcp.allReturns();
    }

    @Test
    void withoutMemoryThereIsNoConnection() {
      for (boolean record : new boolean[] {true, false}) {
        var memory = new TestMemory();
        var tcp = with().memory(memory).closed();
        (record ? memory.recordRequests : memory.blockRequests).most = 0;
        assertEquals(
            Context.NO_MEMORY,
            tcp.context.connect(
                null, Endpoint.of("10.0.0.2", 80), ConnectionProfile.DEFAULT, IGNORE));
        tcp.sendsNothing().allReturns();
      }
    }

    @Test
    @DisplayName("threats 3.13: a SYN without memory is dropped, not reset")
    void withoutMemoryASynIsDropped() {
      for (boolean record : new boolean[] {true, false}) {
        var memory = new TestMemory();
        var tcp =
            with().memory(memory).listen(b -> b.cookies = ListenConfig.Cookies.NEVER).listening();
        (record ? memory.recordRequests : memory.blockRequests).most = 0;
        tcp.receives(Seg.syn()).sendsNothing();
        assertEquals(1, tcp.counted(record ? Event.DROP_NO_RECORD : Event.DROP_NO_BLOCK));
        (record ? memory.recordRequests : memory.blockRequests).most = 10;
        tcp.receives(Seg.syn()).sends(SYN | ACK);
      }
    }
  }

  @Nested
  @DisplayName("Frames")
  class Frames {
    @Test
    void areReleasedOnceInOrderAndOnlyThenReusable() {
      var tcp = TcpFixture.established().send(100).send(200).send(300);
      assertEquals(3, tcp.host.memory.frames().inUse());
      tcp.receives(Seg.ack()).receives(Seg.ack()).receives(Seg.ack());
      assertEquals(
          List.of("released 100/100", "released 200/200", "released 300/300"),
          tcp.events.stream().filter(e -> e.startsWith("released")).toList());
      assertEquals(0, tcp.host.memory.frames().inUse());
    }

    @ParameterizedTest
    @ValueSource(strings = {"reset", "abort", "context", "throw"})
    void areReleasedOnceHoweverItEnds(String how) {
      var tcp = TcpFixture.established().send(1_000).send(2_000).send(500);
      tcp.receives(Seg.ack().ack(1_501)).sent();
      switch (how) {
        case "reset" -> tcp.receives(Seg.rst());
        case "abort" -> tcp.abort();
        case "context" -> tcp.context.close();
        default -> {
          tcp.on(
              "data",
              c -> {
                throw new IllegalStateException("on purpose");
              });
          tcp.receives(Seg.data(1).ack(1_501));
        }
      }
      assertEquals(
          List.of("released 1000/1000", "released 500/2000", "released 0/500"),
          tcp.events.stream().filter(e -> e.startsWith("released")).toList());
      assertTrue(tcp.events.getLast().startsWith("closed"), "onClosed is the last call");
      tcp.allReturns();
    }

    @Test
    void areSharedByManyConnections() {
      var tcp = TcpFixture.established();
      var others = new ArrayList<TcpFixture>();
      others.add(tcp);
      for (int port = 6_000; port < 6_050; port++) {
        others.add(tcp.another(port).handshake());
      }
      int frame = tcp.frame(1_000);
      for (TcpFixture other : others) {
        assertTrue(tcp.context.send(other.connection, frame));
      }
      tcp.host.collect();
      assertEquals(52, tcp.host.memory.frames().references(frame));
      tcp.context.release(frame);
      for (TcpFixture other : others) {
        other.sends(ACK).length(1_000);
        other.receives(Seg.ack());
      }
      assertEquals(0, tcp.host.memory.frames().inUse());
      tcp.allReturns();
    }

    @Test
    void areQueuedTwiceOnOneConnection() {
      var tcp = TcpFixture.established();
      int frame = tcp.frame(10);
      assertTrue(tcp.context.send(tcp.connection, frame));
      tcp.host.link.outgoing.clear();
      assertTrue(tcp.context.send(tcp.connection, frame));
      tcp.context.release(frame);
      tcp.context.abort(tcp.connection);
      assertEquals(2, tcp.events.stream().filter(e -> e.startsWith("released")).count());
      tcp.allReturns();
    }

    @Test
    void longQueuesKeepTheirOrder() {
      var tcp = with().profile(ConnectionProfile.NO_DELAY).established();
      for (int i = 0; i < 500; i++) {
        tcp.send(1 + i % 37);
      }
      for (int i = 0; i < 2_000 && tcp.blocksInUse() > 0; i++) {
        tcp.sent();
        tcp.receives(Seg.ack()).advance(10);
      }
      assertEquals(500, tcp.events.stream().filter(e -> e.startsWith("released")).count());
    }
  }

  @Nested
  @DisplayName("Callbacks that call back")
  class Reentrance {
    private final TcpFixture tcp = TcpFixture.established();
    private final TcpFixture other = tcp.another(6_000).handshake();

    private void burst() {
      tcp.host.link.incoming.add(tcp.packet(Seg.data(10)));
      tcp.host.link.incoming.add(other.packet(Seg.data(10)));
      tcp.host.link.incoming.add(tcp.packet(Seg.data(10)));
      tcp.host.link.incoming.add(other.packet(Seg.data(10)));
      tcp.host.poll();
      assertEquals(List.of(), tcp.host.failures);
    }

    @Test
    void pollThrows() {
      tcp.on("data", c -> assertThrows(IllegalStateException.class, () -> tcp.context.poll(0)));
      tcp.on("open", c -> assertThrows(IllegalStateException.class, () -> tcp.context.poll(0)));
      burst();
      tcp.on("closed", c -> assertThrows(IllegalStateException.class, () -> tcp.context.poll(0)));
      tcp.abort();
      assertEquals(List.of(), tcp.host.failures);
    }

    @Test
    void closingTheContextThrows() {
      tcp.on("data", c -> assertThrows(IllegalStateException.class, tcp.context::close));
      burst();
    }

    @Test
    void sendOnTheOther() {
      tcp.on("data", c -> other.send(5));
      burst();
      other.sends(ACK).length(10);
      tcp.isEstablished();
    }

    @Test
    void abortTheOtherOfTheSameBurst() {
      tcp.on("data", c -> other.context.abort(other.connection));
      burst();
      other.sends(RST | ACK).ack(1);
      assertEquals(List.of("open", "closed Aborted"), other.events);
      other.isGone();
      tcp.delivered(20).isEstablished().allReturns();
    }

    @Test
    void abortItself() {
      tcp.on("data", c -> tcp.context.abort(c));
      burst();
      tcp.delivered(10).isGone();
      other.delivered(20).isEstablished();
      tcp.allReturns();
    }

    @Test
    void closeItselfAndTheRestOfTheBurstDrawsReset() {
      tcp.on("data", c -> tcp.context.close(c));
      burst();
      assertEquals(RST, tcp.sent().getLast().flags & ~FIN);
      tcp.delivered(10).isGone().allReturns();
    }

    @Test
    void closeTheOther() {
      tcp.on("data", c -> other.context.shutdown(other.connection));
      burst();
      other.delivered(20).sends(FIN | ACK);
    }

    @Test
    void connectFromOnClosed() {
      tcp.on(
          "closed",
          c ->
              assertTrue(
                  tcp.context.connect(
                          null, Endpoint.of("10.0.0.2", 99), ConnectionProfile.DEFAULT, IGNORE)
                      >= 0));
      tcp.receives(Seg.rst());
      assertEquals(1, tcp.host.others.size());
      assertEquals(2, tcp.context.connections());
      tcp.allReturns();
    }

    @Test
    void connectFromOnClosedOfTheContext() {
      tcp.on(
          "closed",
          c ->
              tcp.context.connect(
                  null, Endpoint.of("10.0.0.2", 99), ConnectionProfile.DEFAULT, IGNORE));
      tcp.allReturns();
      assertEquals(1, tcp.host.failures.size());
    }

    @Test
    void sendFromOnReleasedAndOnAcknowledged() {
      tcp.on("released", c -> tcp.trySend(5));
      tcp.send(5).receives(Seg.ack());
      assertEquals(2, tcp.sent().size());
      tcp.abort();
      assertFalse(tcp.context.isOpen(tcp.connection));
    }

    @Test
    void listenFromACallback() {
      tcp.on("data", c -> tcp.context.listen(Endpoint.any(8), ConnectionProfile.DEFAULT, IGNORE));
      tcp.receives(Seg.data(1));
      assertEquals(List.of(), tcp.host.failures);
    }

    @Test
    void pauseAndResumeInOnData() {
      tcp.on("data", c -> assertTrue(tcp.context.pause(c)));
      burst();
      tcp.delivered(20).on("data", c -> {}).resume();
      tcp.receives(Seg.data(10)).delivered(30);
    }

    @Test
    void shutdownInOnPeerClosed() {
      tcp.on("peerClosed", c -> assertTrue(tcp.context.shutdown(c)));
      tcp.receives(Seg.fin());
      tcp.sends(FIN | ACK).seq(1).ack(2);
      tcp.sendsNothing().isIn(LAST_ACK);
    }

    @Test
    void abortInOnPeerClosedOfWhoClosedFirst() {
      tcp.on("peerClosed", c -> assertTrue(tcp.context.abort(c)));
      tcp.shutdown().receives(Seg.fin()).isGone();
      assertEquals("closed Aborted", tcp.events.getLast());
      tcp.allReturns();
    }

    @Test
    void abortInOnOpenAndInOnUrgentAndInOnAcknowledged() {
      for (String callback : List.of("open", "urgent", "acked")) {
        var t = callback.equals("open") ? with().synSent() : TcpFixture.established();
        t.on(callback, c -> t.context.abort(c));
        switch (callback) {
          case "open" -> t.receives(Seg.synAck());
          case "urgent" -> t.receives(Seg.flags(ACK | Seg.URG).length(10).urgent(5));
          default -> t.send(10).receives(Seg.ack());
        }
        t.isGone();
        assertEquals("closed Aborted", t.events.getLast());
        assertEquals(List.of(), t.host.failures);
        t.allReturns();
      }
    }
  }

  @Nested
  @DisplayName("threats 8.1: what a handler throws ends that one connection")
  class Failing {
    @ParameterizedTest
    @ValueSource(strings = {"open", "data", "acked", "released", "urgent", "peerClosed", "closed"})
    void inAnyCallback(String callback) {
      for (Throwable t :
          List.of(new IllegalStateException("on purpose"), new StackOverflowError("on purpose"))) {
        var tcp = with().synSent();
        var other = TcpFixture.established();
        tcp.on(callback, c -> TcpFixture.<RuntimeException>sneak(t));
        tcp.receives(Seg.synAck());
        tcp.host.link.incoming.add(new byte[3]);
        if (!callback.equals("open")) {
          tcp.send(10);
          tcp.receives(Seg.flags(ACK | Seg.URG).length(10).urgent(5));
          tcp.receives(Seg.flags(ACK | FIN));
          if (callback.equals("closed")) {
            tcp.receives(Seg.rst());
          }
        }
        tcp.isGone();
        assertEquals(List.of(t), tcp.host.failures);
        assertEquals(1, tcp.counted(Event.HANDLER_FAILURES));
        assertTrue(tcp.events.getLast().startsWith("closed"));
        assertEquals(1, tcp.events.stream().filter(e -> e.startsWith("closed")).count());
        other.receives(Seg.data(10)).delivered(10);
        tcp.allReturns();
      }
    }

    @Test
    void theOthersOfTheBurstGoOn() {
      var tcp = TcpFixture.established();
      var other = tcp.another(6_000).handshake();
      tcp.on(
          "data",
          c -> {
            throw new IllegalStateException("on purpose");
          });
      tcp.host.link.incoming.add(tcp.packet(Seg.data(10)));
      tcp.host.link.incoming.add(other.packet(Seg.data(10)));
      tcp.host.link.incoming.add(tcp.packet(Seg.data(10)));
      tcp.host.poll();
      assertTrue(tcp.sent().getFirst().has(RST));
      assertEquals("closed HandlerFailed", tcp.events.getLast());
      other.delivered(10).isEstablished();
      tcp.allReturns();
    }
  }

  @Nested
  @DisplayName("The end of the context")
  class End {
    @Test
    void everyConnectionHearsOfItAndNothingIsLeft() {
      for (var state : wisp.core.tcp.State.values()) {
        boolean active = state == wisp.core.tcp.State.SYN_SENT;
        var tcp = with().actively(active).in(state);
        tcp.context.close();
        tcp.context.close();
        switch (state) {
          case CLOSED, LISTEN, SYN_RECEIVED, TIME_WAIT -> tcp.heardNothing();
          default -> tcp.heard("closed ContextClosed");
        }
        assertThrows(IllegalStateException.class, () -> tcp.context.poll(tcp.host.now));
        tcp.host.memory.close();
      }
    }

    @Test
    void aTransferUnderWayLeavesNothing() {
      var tcp = TcpFixture.established().send(10_000).receives(Seg.data(100).seq(500));
      tcp.allReturns();
      assertEquals("closed ContextClosed", tcp.events.getLast());
    }

    @Test
    void callbacksMayEndOthers() {
      var tcp = TcpFixture.established();
      var other = tcp.another(6_000).handshake();
      tcp.on("closed", c -> tcp.context.abort(other.connection));
      other.on("closed", c -> tcp.context.abort(tcp.connection));
      tcp.allReturns();
      assertEquals(1, tcp.events.stream().filter(e -> e.startsWith("closed")).count());
      assertEquals(1, other.events.stream().filter(e -> e.startsWith("closed")).count());
    }
  }

  @Test
  void givenTimeGoesBack_whenPolled_thenItCountsAsTheLatest() {
    var tcp = TcpFixture.established().send(10);
    tcp.sent();
    tcp.context.poll(0);
    tcp.context.poll(-5);
    tcp.isEstablished().advance(1_100).sends(ACK);
  }

  @Test
  void givenManyOwnAddresses_whenOneIsAddressed_thenItAnswers() {
    var tcp = with().config(ContextConfig.of(IpPrefix.parse("10.0.0.0/31"))).in(CLOSE_WAIT);
    tcp.isIn(CLOSE_WAIT);
  }

  @Test
  void givenACongestionControlThatIsNotThere_thenItIsRefusedAtOnceWithThoseThatAre() {
    var tcp = TcpFixture.with().closed();
    var profile = ConnectionProfile.DEFAULT.with(b -> b.congestionControl = "vegas");
    ConnectionHandler handler = (c, connection, memory, offset, length) -> {};
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> tcp.context.listen(Endpoint.any(99), profile, handler));
    assertEquals(
        "no congestion control \"vegas\"; there are cubic, cubic-paced, newreno", e.getMessage());
    Endpoint peer = Endpoint.of("10.0.0.2", 99);
    assertThrows(
        IllegalArgumentException.class, () -> tcp.context.connect(null, peer, profile, handler));
  }
}
