package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.mss;
import static wisp.core.stack.Seg.sackPermitted;
import static wisp.core.stack.Seg.scale;
import static wisp.core.stack.Seg.timestamp;
import static wisp.core.stack.TcpFixture.with;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import wisp.core.tcp.State;

@DisplayName("Asking what a connection does changes nothing, also while it sleeps")
class ConnectionInfoTest {
  private static ConnectionInfo info(TcpFixture tcp) {
    ConnectionInfo info = tcp.context.info(tcp.connection);
    assertNotNull(info);
    return info;
  }

  private static List<ConnectionState> states(TcpFixture tcp) {
    var states = new ArrayList<ConnectionState>();
    tcp.context.inspect(i -> states.add(i.state()));
    return states;
  }

  @Test
  void givenAsleep_whenAsked_thenItIsWhatItWouldWakeWith() {
    var tcp = with().options(mss(1_000), scale(7), sackPermitted(), timestamp(1, 0)).established();
    ConnectionInfo info = info(tcp);
    assertEquals(ConnectionState.ESTABLISHED, info.state());
    assertFalse(info.awake());
    assertTrue(info.windowScaling() && info.sackPermitted() && info.timestamps());
    assertEquals(7, info.sendScale());
    assertEquals(988, info.mssBytes());
    assertEquals(9_880, info.cwndBytes());
    assertEquals(Integer.MAX_VALUE, info.ssthreshBytes());
    assertEquals(0, info.flightBytes());
    assertEquals(0, tcp.blocksInUse());
    assertEquals(info, info(tcp));
  }

  @Test
  void givenInFlight_whenAsked_thenFlightAndTimeoutsAreTold() {
    var tcp = TcpFixture.established().send(16_000);
    ConnectionInfo info = info(tcp);
    assertTrue(info.awake());
    assertEquals(14_600, info.flightBytes());
    assertEquals(1_400, info.unsentBytes());
    assertEquals(0, info.timeouts());
    tcp.advance(1_500);
    info = info(tcp);
    assertEquals(1, info.timeouts());
    assertTrue(info.timeoutRecovery());
    assertEquals(1_460, info.cwndBytes());
    tcp.receives(Seg.ack());
    assertEquals(tcp.number(t -> t.flightBytes()), info(tcp).flightBytes());
  }

  @Test
  void givenEveryState_whenAllAreAskedFor_thenEachIsNamed() {
    for (State state : State.values()) {
      var tcp = TcpFixture.in(state);
      List<ConnectionState> expected =
          state == State.CLOSED || state == State.LISTEN
              ? List.of()
              : List.of(ConnectionState.valueOf(state.name()));
      assertEquals(expected, states(tcp));
      tcp.isIn(state);
    }
  }

  @Test
  void givenEnded_whenAsked_thenNull() {
    var tcp = TcpFixture.established().abort();
    assertNull(tcp.context.info(tcp.connection));
    assertEquals(List.of(), states(tcp));
  }

  @Test
  @DisplayName("RFC 9293 §3.8.6.1: that it is in persist, and for how long")
  void givenAShutWindow_whenAsked_thenForHowLongItHasBeen() {
    var tcp = with().window(0).established();
    assertEquals(-1, info(tcp).persistNanos());
    tcp.send(100).advance(500);
    assertEquals(-1, info(tcp).persistNanos());
    for (int i = 0; i < 10; i++) {
      tcp.untilSends(100_000);
      tcp.sent();
      tcp.receives(Seg.ack().ack(1));
    }
    tcp.advance(7_000);
    double seconds = (tcp.host.now - tcp.setup.startNanos) / 1e9;
    assertEquals(seconds, info(tcp).persistNanos() / 1e9, 0.2);
    tcp.receives(Seg.ack().window(60_000));
    assertEquals(-1, info(tcp).persistNanos());
    tcp.receives(Seg.ack().ack(101).window(0));
    assertEquals(-1, info(tcp).persistNanos());
  }

  @Test
  void givenShutForMonths_whenAsked_thenThirtyDaysAtMost() {
    var tcp = with().window(0).established().send(100);
    for (int day = 0; day < 60; day++) {
      long end = tcp.host.now + 86_400_000 * TcpFixture.MS;
      while (tcp.host.now < end) {
        tcp.advance(60_000);
        tcp.sent();
        tcp.receives(Seg.ack().ack(1));
      }
    }
    assertEquals(30, info(tcp).persistNanos() / 86_400e9, 0.01);
  }
}
