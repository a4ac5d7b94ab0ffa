package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.SYN;
import static wisp.core.stack.Seg.mss;
import static wisp.core.stack.Seg.scale;
import static wisp.core.stack.Seg.timestamp;
import static wisp.core.stack.TcpFixture.with;
import static wisp.core.tcp.State.ESTABLISHED;
import static wisp.core.tcp.State.LAST_ACK;
import static wisp.core.tcp.State.SYN_RECEIVED;
import static wisp.core.tcp.State.TIME_WAIT;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.EcnMode;
import wisp.core.spi.RecordClass;
import wisp.core.spi.TestMemory;

@DisplayName("TIME-WAIT without a record: order, limits, and what goes along")
class TimeWaitTest {
  private static final long TWO_MSL = 60_000;

  private static ContextConfig config(int limit) {
    return ContextConfig.of(IpPrefix.parse("10.0.0.1/32"), IpPrefix.parse("2001:db8::1/128"))
        .with(b -> b.timeWaitLimit = limit);
  }

  /** A further connection of the same context, in TIME-WAIT. */
  private static TcpFixture another(TcpFixture tcp, int port) {
    var other = tcp.another(port).handshake();
    return other.shutdown().receives(Seg.fin()).isIn(TIME_WAIT);
  }

  private static List<ConnectionInfo> inspect(TcpFixture tcp) {
    var all = new ArrayList<ConnectionInfo>();
    tcp.context.inspect(all::add);
    return all;
  }

  // ---- The record ------------------------------------------------------------------------------

  @ParameterizedTest(name = "IPv6: {0}")
  @ValueSource(booleans = {false, true})
  void givenRoomForOneRecord_whenAConnectionIsInTimeWait_thenAnotherHasItsRecord(boolean ipv6) {
    var memory = new TestMemory();
    memory.recordRequests.most = 1;
    var tcp = with().memory(memory).ipv6(ipv6).in(TIME_WAIT);
    assertEquals(0, memory.records(ipv6 ? RecordClass.IPV6 : RecordClass.IPV4).size());
    var other = tcp.another(5_001).handshake();
    assertFalse(tcp.context.isOpen(tcp.connection), "the slot is another connection's");
    other.receives(Seg.data(100)).delivered(100).sends(ACK).ack(101);
    tcp.receives(Seg.fin().seq(1));
    tcp.sends(ACK).seq(2).ack(2);
    tcp.advance(TWO_MSL + 1_000).isGone();
    other.isEstablished();
    assertEquals(0, tcp.context.timeWaits());
    tcp.allReturns();
  }

  @Test
  void givenTimeWait_thenItIsSeen() {
    var tcp = with().options(mss(1_460), timestamp(1, 0), scale(7)).in(TIME_WAIT);
    var seen = inspect(tcp);
    assertEquals(1, seen.size());
    assertEquals(ConnectionState.TIME_WAIT, seen.get(0).state());
    assertEquals(Endpoint.of("10.0.0.2", 5_000), seen.get(0).remote());
    assertEquals(Endpoint.of("10.0.0.1", TcpFixture.SERVICE), seen.get(0).local());
    assertTrue(seen.get(0).timestamps());
    long handle = seen.get(0).handle();
    assertFalse(tcp.context.isOpen(handle) || tcp.context.abort(handle), "good for no calls");
    assertNull(tcp.context.info(handle));
    tcp.advance(TWO_MSL + 1_000);
    assertEquals(List.of(), inspect(tcp));
    assertFalse(tcp.context.isOpen(handle));
  }

  @Test
  void givenAnActiveClose_thenTheFourTupleIsTakenUntilTheEnd() {
    var tcp = with().actively().in(TIME_WAIT);
    var local = new Endpoint(tcp.own(), tcp.localPort);
    var remote = new Endpoint(tcp.peer(), tcp.remotePort);
    var handler = new FixtureHandler(tcp);
    var profile = ConnectionProfile.DEFAULT;
    long none = tcp.context.connect(local, remote, profile, handler);
    assertEquals(Context.NO_PORT, none);
    tcp.advance(TWO_MSL + 1_000);
    assertTrue(tcp.context.connect(local, remote, profile, handler) >= 0);
  }

  // ---- What goes along -------------------------------------------------------------------------

  @Test
  @DisplayName("what the ACKs need of it: timestamps, window, DSCP, after a restart too")
  void givenWhatOneConnectionHasOtherwise_thenItsAcksHaveItStill() {
    var tcp = with().options(mss(1_460), timestamp(1, 0), scale(7)).in(ESTABLISHED);
    assertTrue(tcp.context.changeDscp(tcp.connection, 34));
    tcp.shutdown().receives(Seg.fin()).isIn(TIME_WAIT);
    var last = tcp.sent().getLast();
    for (int i = 0; i < 3; i++) {
      tcp.advance(5_000).receives(Seg.fin().seq(1));
      var again = tcp.sends(ACK).seq(2).ack(2);
      assertTrue(again.hasTimestamp);
      assertEquals(last.window, again.window);
      assertEquals(34, again.dscp);
      assertEquals(5_000 * (i + 1), again.tsVal - last.tsVal);
    }
    var other = another(tcp, 5_001);
    other.sent();
    other.receives(Seg.fin().seq(1));
    assertEquals(0, other.sends(ACK).dscp);
  }

  @Test
  void givenAccurateEcn_thenTheCounterIsTold() {
    var profile = ConnectionProfile.DEFAULT.with(b -> b.ecn = EcnMode.ACCURATE);
    var tcp = with().profile(profile).listening();
    int asks = SYN | Seg.ECE | Seg.CWR | Seg.AE;
    tcp.receives(Seg.flags(asks).seq(0).options(mss(1_460)));
    tcp.sent();
    tcp.receives(Seg.flags(ACK | Seg.CWR)).isEstablished();
    for (int i = 0; i < 2; i++) { // five in the beginning, and these
      tcp.receives(Seg.data(1_000).ecn(3));
    }
    tcp.shutdown().receives(Seg.fin()).isIn(TIME_WAIT);
    int told = tcp.sent().getLast().flags & (Seg.ECE | Seg.CWR | Seg.AE);
    tcp.receives(Seg.fin().seq(2_001));
    var again = tcp.sent().getLast();
    assertEquals(told, again.flags & (Seg.ECE | Seg.CWR | Seg.AE));
    assertTrue(told != 0);
  }

  // ---- Order -----------------------------------------------------------------------------------

  @Test
  @Tag("MUST-13")
  @DisplayName("who began anew leaves behind those that entered meanwhile, and all of them in time")
  void givenARestart_thenEachLeavesAtItsOwnTime() {
    var a = with().in(TIME_WAIT);
    a.advance(10_000);
    var b = another(a, 5_001);
    a.advance(10_000).receives(Seg.fin().seq(1));
    var c = another(a, 5_002);
    a.advance(TWO_MSL - 10_500).isIn(TIME_WAIT);
    b.isIn(TIME_WAIT);
    a.advance(1_000).isIn(TIME_WAIT);
    b.isGone();
    a.advance(TWO_MSL - 51_000);
    a.isIn(TIME_WAIT);
    c.isIn(TIME_WAIT);
    a.advance(1_000).isGone();
    c.isGone();
    a.allReturns();
  }

  @Test
  @DisplayName("a context that nobody polled for a month ends them at the next poll")
  void givenALongSilence_thenTimesAreStillRight() {
    var tcp = with().in(TIME_WAIT);
    long month = 30L * 24 * 3600 * 1_000 * TcpFixture.MS;
    tcp.host.now += month;
    tcp.host.poll();
    tcp.isGone();
    var other = another(tcp, 5_001);
    tcp.host.now += month;
    tcp.receives(Seg.syn().seq(77));
    tcp.isIn(SYN_RECEIVED);
    other.isGone();
    var last = another(tcp, 5_002);
    tcp.advance(TWO_MSL - 1_000);
    last.isIn(TIME_WAIT);
    tcp.advance(2_000);
    last.isGone();
  }

  @Test
  @DisplayName("a page of places whose times lie far apart")
  void givenAnMslOfAnHour_thenTheOrderHoldsOverAllPages() {
    var slow = config(1_000).withMaxSegmentLifetime(3_600_000 * TcpFixture.MS);
    var tcp = with().config(slow).in(TIME_WAIT);
    var all = new ArrayList<TcpFixture>();
    all.add(tcp);
    for (int i = 1; i < 12; i++) {
      tcp.advance(500_000);
      all.add(another(tcp, 5_000 + i));
    }
    tcp.advance(7_200_000 - 11 * 500_000 - 1_000);
    for (var each : all) {
      each.isIn(TIME_WAIT);
      tcp.advance(2_000);
      each.isGone();
      tcp.advance(498_000);
    }
    assertEquals(0, tcp.context.timeWaits());
  }

  @Test
  @DisplayName("many that end at once are ended a thousand a poll")
  void givenTenThousandAtOnce_thenThePollIsBounded() {
    var crowd = new Crowd(false, b -> {});
    crowd.context.listen(
        Endpoint.any(Crowd.SERVICE),
        ConnectionProfile.DEFAULT,
        new ConnectionHandler() {
          @Override
          public void onOpen(Context context, long connection) {
            context.close(connection);
          }

          @Override
          public void onData(
              Context c, long h, java.lang.foreign.MemorySegment m, long at, int n) {}
        },
        ListenConfig.DEFAULT);
    for (int peer = 0; peer < 10_000; peer++) {
      crowd.opensAndIsClosed(peer);
    }
    crowd.now += 61_000_000_000L;
    for (int left = 10_000; left > 0; left = crowd.context.timeWaits()) {
      assertTrue(crowd.context.nextDeadlineNanos() <= crowd.now);
      crowd.context.poll(crowd.now);
      assertEquals(Math.max(0, left - 1_024), crowd.context.timeWaits());
    }
    crowd.context.close();
    crowd.memory.close();
  }

  // ---- Limits ----------------------------------------------------------------------------------

  @Test
  @DisplayName("a peer that repeats its FIN takes a place each quarter of a second, not each time")
  void givenAThousandFinsInASecond_thenNobodyElseLeaves() {
    var tcp = with().config(config(64)).in(TIME_WAIT);
    for (int port = 5_001; port < 5_051; port++) {
      another(tcp, port);
    }
    for (int i = 0; i < 1_000; i++) {
      tcp.advance(1).receives(Seg.fin().seq(1));
    }
    assertEquals(0, tcp.counted(Event.TIME_WAIT_EVICTED));
    assertEquals(51, tcp.context.timeWaits());
  }

  @Test
  @DisplayName("places that were left early count as taken until their turn comes")
  void givenReuse_thenTheLimitHoldsForMemory() {
    var tcp = with().config(config(64)).in(TIME_WAIT);
    var other = another(tcp, 5_001);
    for (int again = 1; again <= 64; again++) {
      other.isIn(TIME_WAIT);
      int irs = 100_000 * again;
      tcp.advance(100).receives(Seg.syn().seq(irs)).isIn(SYN_RECEIVED);
      tcp.receives(Seg.ack().seq(irs + 1).ack(1)).isEstablished();
      tcp.context.shutdown(tcp.connection);
      tcp.host.collect();
      tcp.receives(Seg.fin().seq(irs + 1).ack(2)).isIn(TIME_WAIT);
    }
    other.isGone();
    assertEquals(1, tcp.counted(Event.TIME_WAIT_EVICTED));
    assertEquals(1, tcp.context.timeWaits());
    tcp.advance(TWO_MSL + 1_000).isGone();
  }

  @Test
  void givenALimitOfNone_thenItIsOverAtOnce() {
    var tcp = with().config(config(0)).established();
    tcp.shutdown().receives(Seg.fin()).isGone();
    assertEquals(1, tcp.counted(Event.TIME_WAIT_EVICTED));
    assertEquals(0, tcp.context.timeWaits());
    tcp.receives(Seg.syn().seq(100_000)).isIn(SYN_RECEIVED);
    tcp.allReturns();
  }

  @Test
  @DisplayName("bindings live as long as the last of their connections, and no longer")
  void givenAListenerThatHasGone_whenTimeWaitIsOver_thenNothingIsLeft() {
    var tcp = with().in(TIME_WAIT);
    tcp.context.unlisten(Endpoint.any(TcpFixture.SERVICE));
    tcp.receives(Seg.fin().seq(1)).sends(ACK);
    tcp.advance(TWO_MSL + 1_000).isGone();
    tcp.receives(Seg.fin().seq(1)).sends(Seg.RST);
    tcp.listen();
    tcp.receives(Seg.syn().seq(100_000)).isIn(SYN_RECEIVED);
    tcp.allReturns();
  }

  @Test
  void givenTimeWait_whenTheContextCloses_thenAllReturns() {
    var tcp = with().config(config(1_000)).in(TIME_WAIT);
    for (int port = 5_001; port < 5_300; port++) {
      another(tcp, port);
    }
    tcp.allReturns();
    assertEquals(0, tcp.context.timeWaits());
  }

  // ---- In one burst ----------------------------------------------------------------------------

  @Test
  @DisplayName("what follows the FIN in its burst meets TIME-WAIT, not a connection that has ended")
  void givenOneBurst_thenFinAgainOldDataAndASynAreAnswered() {
    var tcp = with().established().shutdown();
    tcp.sent();
    tcp.receives(
        Seg.fin().seq(1),
        Seg.fin().seq(1),
        Seg.data(1).seq(1),
        Seg.rst().seq(2),
        Seg.syn().seq(100_000));
    assertTrue(tcp.sent().stream().noneMatch(s -> s.has(Seg.RST)));
    tcp.receives(Seg.ack().seq(100_001).ack(1)).isEstablished();
    assertEquals(0, tcp.context.timeWaits());
    assertEquals(1, tcp.context.connections());
  }

  @Test
  @DisplayName("opened anew, closed by the peer, closed by us again: one connection all the time")
  void givenReuseWithinABurst_thenItIsCountedOnce() {
    var tcp = with().in(TIME_WAIT);
    tcp.receives(Seg.syn().seq(100_000), Seg.rst().seq(100_001)).isGone();
    assertEquals(0, tcp.context.timeWaits() + tcp.context.connections());
    tcp.receives(Seg.syn().seq(200_000)).isIn(SYN_RECEIVED);
    tcp.receives(Seg.ack().seq(200_001).ack(1), Seg.fin().seq(200_001).ack(1));
    tcp.context.close(tcp.connection);
    tcp.host.collect();
    tcp.isIn(LAST_ACK);
    tcp.allReturns();
  }

  @Test
  void givenAPeerThatRepeatsItsFin_thenItDrivesNobodyElseOut() {
    var bad = with().config(config(100)).in(TIME_WAIT);
    for (int i = 0; i < 50; i++) {
      bad.anotherHost(9, 7_000 + i).handshake().shutdown().receives(Seg.fin()).isIn(TIME_WAIT);
    }
    for (int i = 0; i < 200; i++) {
      bad.advance(270).receives(Seg.fin().seq(1)).sends(ACK);
    }
    assertEquals(51, bad.context.timeWaits());
    var late = bad.anotherHost(10, 8_000).handshake().shutdown().receives(Seg.fin());
    late.isIn(TIME_WAIT);
    assertEquals(0, bad.counted(Event.TIME_WAIT_EVICTED));
    bad.advance(TWO_MSL + 1_000);
    assertEquals(0, bad.context.timeWaits());
  }
}
