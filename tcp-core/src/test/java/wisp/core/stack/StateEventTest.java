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
import static wisp.core.stack.TcpFixture.MS;
import static wisp.core.stack.TcpFixture.with;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.tcp.State;

/**
 * The events of RFC 9293 §3.10 in each of the eleven states, as tables. Where the reaction depends
 * on more than the state, the state is there more than once: by which way it was reached.
 */
@ParameterizedClass(name = "IPv6: {0}")
@ValueSource(booleans = {false, true})
@DisplayName("RFC 9293 §3.10: every event in every state")
class StateEventTest {
  private static final String[] KINDS = {
    "RST", "SYN", "SYN|ACK", "no ACK", "ACK", "text", "FIN", "text+FIN"
  };

  /** Every combination of the six flags of RFC 9293 that matter here; ECE and CWR take turns. */
  private static final int[] FLAGS =
      IntStream.range(0, 64).map(flags -> flags | flags % 4 << 6).toArray();

  private final boolean ipv6;

  StateEventTest(boolean ipv6) {
    this.ipv6 = ipv6;
  }

  private TcpFixture.Setup fresh() {
    return with().ipv6(ipv6);
  }

  /** A state by its name, and behind a slash the way to it. */
  private TcpFixture at(String place) {
    String[] parts = place.split("/");
    State state = State.valueOf(parts[0]);
    String way = parts.length == 1 ? "" : parts[1];
    TcpFixture tcp =
        switch (way) {
          case "" -> fresh().in(state);
          case "active" -> fresh().actively().in(state);
          case "shutdown" -> fresh().established().shutdown();
          case "close" -> fresh().in(state).close();
          case "ended" -> fresh().synSent().abort();
          default -> throw new IllegalArgumentException(place);
        };
    tcp.sent();
    tcp.events.clear();
    return tcp.isIn(state);
  }

  private static String kind(int flags, int length) {
    boolean hasAck = (flags & ACK) != 0;
    boolean hasFin = (flags & FIN) != 0;
    if ((flags & RST) != 0) {
      return "RST";
    }
    if ((flags & SYN) != 0) {
      return hasAck ? "SYN|ACK" : "SYN";
    }
    if (!hasAck) {
      return "no ACK";
    }
    return length > 0 ? (hasFin ? "text+FIN" : "text") : hasFin ? "FIN" : "ACK";
  }

  /** What was sent within a tenth of a second, the state after it, and bytes delivered if any. */
  private static String reaction(TcpFixture tcp) {
    tcp.advance(100);
    String sent =
        tcp.sent().stream()
            .map(s -> Seg.name(s.flags & (FIN | SYN | RST | ACK)))
            .collect(Collectors.joining(","));
    String state = tcp.state().toString();
    return (sent.isEmpty() ? "-" : sent)
        + " "
        + state
        + (tcp.delivered > 0 ? " " + tcp.delivered : "");
  }

  /** The cell for the kinds of {@link #KINDS}, in their order. */
  private static String cell(String row, String kind) {
    String[] cells = row.split("\\s*;\\s*");
    return cells[Arrays.asList(KINDS).indexOf(kind)].strip();
  }

  // RST; SYN; SYN|ACK; no ACK; ACK; text; FIN; text and FIN. SEG.SEQ is RCV.NXT, SEG.ACK is
  // SND.NXT.
  @ParameterizedTest(name = "{0}")
  @Tag("rfc9293-b")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "LISTEN | - LISTEN; SYN+ACK SYN_RECEIVED; RST LISTEN; - LISTEN; RST LISTEN; RST LISTEN;"
            + " RST LISTEN; RST LISTEN",
        "SYN_RECEIVED | - LISTEN; SYN+ACK SYN_RECEIVED; RST LISTEN; - SYN_RECEIVED; - ESTABLISHED;"
            + " ACK ESTABLISHED 10; ACK CLOSE_WAIT; ACK CLOSE_WAIT 10",
        "SYN_RECEIVED/active | - CLOSED; ACK SYN_RECEIVED; ACK SYN_RECEIVED; - SYN_RECEIVED;"
            + " - ESTABLISHED; ACK ESTABLISHED 10; ACK CLOSE_WAIT; ACK CLOSE_WAIT 10",
        "ESTABLISHED | - LISTEN; ACK ESTABLISHED; ACK ESTABLISHED; - ESTABLISHED; - ESTABLISHED;"
            + " ACK ESTABLISHED 10; ACK CLOSE_WAIT; ACK CLOSE_WAIT 10",
        "ESTABLISHED/active | - CLOSED; ACK ESTABLISHED; ACK ESTABLISHED; - ESTABLISHED;"
            + " - ESTABLISHED; ACK ESTABLISHED 10; ACK CLOSE_WAIT; ACK CLOSE_WAIT 10",
        "FIN_WAIT_1/shutdown | - LISTEN; ACK FIN_WAIT_1; ACK FIN_WAIT_1; - FIN_WAIT_1;"
            + " - FIN_WAIT_2; ACK FIN_WAIT_2 10; ACK TIME_WAIT; ACK TIME_WAIT 10",
        "FIN_WAIT_1/close | - LISTEN; ACK FIN_WAIT_1; ACK FIN_WAIT_1; - FIN_WAIT_1; - FIN_WAIT_2;"
            + " RST LISTEN; ACK TIME_WAIT; RST LISTEN",
        "FIN_WAIT_2 | - LISTEN; ACK FIN_WAIT_2; ACK FIN_WAIT_2; - FIN_WAIT_2; - FIN_WAIT_2;"
            + " ACK FIN_WAIT_2 10; ACK TIME_WAIT; ACK TIME_WAIT 10",
        "FIN_WAIT_2/close | - LISTEN; ACK FIN_WAIT_2; ACK FIN_WAIT_2; - FIN_WAIT_2; - FIN_WAIT_2;"
            + " RST LISTEN; ACK TIME_WAIT; RST LISTEN",
        "CLOSE_WAIT | - LISTEN; ACK CLOSE_WAIT; ACK CLOSE_WAIT; - CLOSE_WAIT; - CLOSE_WAIT;"
            + " ACK CLOSE_WAIT; ACK CLOSE_WAIT; ACK CLOSE_WAIT",
        "CLOSING | - LISTEN; ACK CLOSING; ACK CLOSING; - CLOSING; - TIME_WAIT; - TIME_WAIT;"
            + " - TIME_WAIT; - TIME_WAIT",
        "LAST_ACK | - LISTEN; ACK LAST_ACK; ACK LAST_ACK; - LAST_ACK; - LISTEN; - LISTEN;"
            + " - LISTEN; - LISTEN",
        "LAST_ACK/active | - CLOSED; ACK LAST_ACK; ACK LAST_ACK; - LAST_ACK; - CLOSED; - CLOSED;"
            + " - CLOSED; - CLOSED",
        "TIME_WAIT | - TIME_WAIT; ACK TIME_WAIT; ACK TIME_WAIT; - TIME_WAIT; - TIME_WAIT;"
            + " ACK TIME_WAIT; ACK TIME_WAIT; ACK TIME_WAIT"
      })
  void segmentArrives(String place, String row) {
    for (int flags : FLAGS) {
      for (int length : new int[] {0, 10}) {
        var tcp = at(place);
        tcp.receives(Seg.flags(flags).length(length));
        String expected = cell(row, kind(flags, length)).replace('+', '|');
        boolean opens = expected.startsWith("SYN|ACK");
        if (opens && (flags & FIN) != 0) {
          expected = "- LISTEN"; // decision 8: SYN with FIN to a listener
        }
        assertEquals(expected, reaction(tcp), place + ", " + Seg.name(flags) + " with " + length);
        tcp.allReturns();
      }
    }
  }

  @Test
  @Tag("rfc9293-b")
  @Tag("D08")
  @DisplayName("SEGMENT ARRIVES, CLOSED: a reset that makes what came acceptable")
  void segmentArrivesInClosed() {
    for (int flags : FLAGS) {
      for (int length : new int[] {0, 10}) {
        var tcp = at("CLOSED");
        var seg = Seg.flags(flags).seq(50).ack(77).length(length);
        tcp.receives(seg).isIn(State.CLOSED);
        if ((flags & RST) == 0) {
          boolean hasAck = (flags & ACK) != 0;
          tcp.sends(hasAck ? RST : RST | ACK)
              .absolute(hasAck ? 77 : 0, hasAck ? 0 : tcp.irs + 50 + seg.seqLength());
        }
        tcp.sendsNothing().allReturns();
      }
    }
  }

  @Test
  @Tag("rfc9293-b")
  @Tag("D09")
  @DisplayName("SEGMENT ARRIVES, SYN-SENT: ACK, then RST, then SYN")
  void segmentArrivesInSynSent() {
    for (int flags : FLAGS) {
      for (int length : new int[] {0, 10}) {
        for (int ack : new int[] {0, 1, 2}) {
          boolean hasAck = (flags & ACK) != 0;
          boolean right = ack == 1;
          boolean hasFin = (flags & FIN) != 0;
          String expected;
          if (hasAck && !right) {
            expected = (flags & RST) != 0 ? "- SYN_SENT" : "RST SYN_SENT";
          } else if ((flags & RST) != 0) {
            expected = hasAck ? "- CLOSED" : "- SYN_SENT";
          } else if ((flags & SYN) == 0) {
            expected = "- SYN_SENT";
          } else if (hasAck) {
            expected = "ACK " + (hasFin ? "CLOSE_WAIT" : "ESTABLISHED") + (length > 0 ? " 10" : "");
          } else {
            expected = "SYN|ACK SYN_RECEIVED";
          }
          var tcp = fresh().synSent();
          tcp.receives(Seg.flags(flags).seq(0).ack(ack).length(length));
          assertEquals(expected, reaction(tcp), Seg.name(flags) + ", ACK " + ack);
          tcp.allReturns();
        }
      }
    }
  }

  // ---- User calls ------------------------------------------------------------------------------

  @ParameterizedTest(name = "{0} in {1}: {2}")
  @Tag("rfc9293-b")
  @CsvSource({
    // SEND
    "send, CLOSED/ended, no - CLOSED",
    "send, SYN_SENT/active, yes - SYN_SENT",
    "send, SYN_RECEIVED/active, yes - SYN_RECEIVED",
    "send, ESTABLISHED, yes ACK ESTABLISHED",
    "send, FIN_WAIT_1, no - FIN_WAIT_1",
    "send, FIN_WAIT_2, no - FIN_WAIT_2",
    "send, CLOSE_WAIT, yes ACK CLOSE_WAIT",
    "send, CLOSING, no - CLOSING",
    "send, LAST_ACK, no - LAST_ACK",
    "send, TIME_WAIT, no - TIME_WAIT",
    // RECEIVE: data comes by itself; the call that remains is to want it or not
    "pause, CLOSED/ended, no - CLOSED",
    "pause, SYN_SENT/active, yes - SYN_SENT",
    "pause, SYN_RECEIVED/active, yes - SYN_RECEIVED",
    "pause, ESTABLISHED, yes - ESTABLISHED",
    "pause, FIN_WAIT_1, yes - FIN_WAIT_1",
    "pause, FIN_WAIT_2, yes - FIN_WAIT_2",
    "pause, CLOSE_WAIT, yes - CLOSE_WAIT",
    "pause, CLOSING, yes - CLOSING",
    "pause, LAST_ACK, yes - LAST_ACK",
    "pause, TIME_WAIT, no - TIME_WAIT",
    "resume, CLOSED/ended, no - CLOSED",
    "resume, SYN_SENT/active, yes - SYN_SENT",
    "resume, SYN_RECEIVED/active, yes - SYN_RECEIVED",
    "resume, ESTABLISHED, yes - ESTABLISHED",
    "resume, FIN_WAIT_1, yes - FIN_WAIT_1",
    "resume, FIN_WAIT_2, yes - FIN_WAIT_2",
    "resume, CLOSE_WAIT, yes - CLOSE_WAIT",
    "resume, CLOSING, yes - CLOSING",
    "resume, LAST_ACK, yes - LAST_ACK",
    "resume, TIME_WAIT, no - TIME_WAIT",
    // CLOSE of our direction
    "shutdown, CLOSED/ended, no - CLOSED",
    "shutdown, SYN_SENT/active, yes - CLOSED",
    "shutdown, SYN_RECEIVED/active, yes - SYN_RECEIVED",
    "shutdown, ESTABLISHED, yes FIN|ACK FIN_WAIT_1",
    "shutdown, FIN_WAIT_1, yes - FIN_WAIT_1",
    "shutdown, FIN_WAIT_2, yes - FIN_WAIT_2",
    "shutdown, CLOSE_WAIT, yes FIN|ACK LAST_ACK",
    "shutdown, CLOSING, yes - CLOSING",
    "shutdown, LAST_ACK, yes - LAST_ACK",
    "shutdown, TIME_WAIT, no - TIME_WAIT",
    // CLOSE of both
    "close, CLOSED/ended, no - CLOSED",
    "close, SYN_SENT/active, yes - CLOSED",
    "close, SYN_RECEIVED/active, yes - SYN_RECEIVED",
    "close, ESTABLISHED, yes FIN|ACK FIN_WAIT_1",
    "close, FIN_WAIT_1, yes - FIN_WAIT_1",
    "close, FIN_WAIT_2, yes - FIN_WAIT_2",
    "close, CLOSE_WAIT, yes FIN|ACK LAST_ACK",
    "close, CLOSING, yes - CLOSING",
    "close, LAST_ACK, yes - LAST_ACK",
    "close, TIME_WAIT, no - TIME_WAIT",
    // ABORT
    "abort, CLOSED/ended, no - CLOSED",
    "abort, SYN_SENT/active, yes - CLOSED",
    "abort, SYN_RECEIVED/active, yes RST|ACK CLOSED",
    "abort, ESTABLISHED, yes RST|ACK LISTEN",
    "abort, FIN_WAIT_1, yes RST|ACK LISTEN",
    "abort, FIN_WAIT_2, yes RST|ACK LISTEN",
    "abort, CLOSE_WAIT, yes RST|ACK LISTEN",
    "abort, CLOSING, yes - LISTEN",
    "abort, LAST_ACK, yes - LISTEN",
    "abort, TIME_WAIT, no - TIME_WAIT"
  })
  void userCalls(String call, String place, String expected) {
    var tcp = at(place);
    long c = tcp.connection;
    boolean done =
        switch (call) {
          case "send" -> tcp.trySend(10);
          case "pause" -> tcp.context.pause(c);
          case "resume" -> tcp.context.resume(c);
          case "shutdown" -> tcp.context.shutdown(c);
          case "close" -> tcp.context.close(c);
          case "abort" -> tcp.context.abort(c);
          default -> throw new IllegalArgumentException(call);
        };
    tcp.host.collect();
    assertEquals(expected, (done ? "yes " : "no ") + reaction(tcp));
    tcp.allReturns();
  }

  @Test
  @Tag("rfc9293-b")
  @DisplayName("OPEN: once as a listener, and once to the same place")
  @Tag("MUST-41")
  void open() {
    var listening = at("LISTEN");
    assertThrows(IllegalStateException.class, listening::listen);
    assertTrue(listening.context.unlisten(Endpoint.any(TcpFixture.SERVICE)));
    listening.isIn(State.CLOSED).receives(Seg.syn()).sends(RST | ACK);
    for (String place :
        List.of("SYN_SENT/active", "SYN_RECEIVED/active", "ESTABLISHED/active", "TIME_WAIT")) {
      var tcp = at(place);
      if (tcp.context.isOpen(tcp.connection)) {
        Endpoint from = tcp.context.local(tcp.connection);
        Endpoint to = tcp.context.remote(tcp.connection);
        long again =
            tcp.context.connect(from, to, ConnectionProfile.DEFAULT, (k, n, m, o, l) -> {});
        assertEquals(Context.NO_PORT, again, place);
      }
      tcp.host.collect();
      tcp.sendsNothing().allReturns();
    }
  }

  @Test
  @Tag("rfc9293-b")
  @DisplayName("STATUS: of a connection that is there, and of none that has ended")
  void status() {
    for (State state : State.values()) {
      if (state.ordinal() < State.SYN_SENT.ordinal() || state == State.SYN_RECEIVED) {
        continue; // no handle that the application knows
      }
      var tcp = fresh().in(state);
      boolean lives = state != State.TIME_WAIT;
      assertEquals(lives, tcp.context.isOpen(tcp.connection), state::toString);
      if (lives) {
        assertEquals(tcp.own(), tcp.context.local(tcp.connection).address());
        assertEquals(tcp.peer(), tcp.context.remote(tcp.connection).address());
        assertEquals(ipv6, Context.isIpv6(tcp.connection));
      } else {
        assertNull(tcp.context.local(tcp.connection));
        assertNull(tcp.context.remote(tcp.connection));
      }
      tcp.sendsNothing().isIn(state).allReturns();
    }
  }

  // ---- Time-outs -------------------------------------------------------------------------------

  @ParameterizedTest(name = "{0}: {1}")
  @Tag("rfc9293-b")
  @CsvSource({
    "SYN_SENT/active, SYN",
    "SYN_RECEIVED, SYN|ACK",
    "SYN_RECEIVED/active, SYN|ACK",
    "ESTABLISHED, ACK",
    "FIN_WAIT_1, FIN|ACK",
    "CLOSE_WAIT, ACK",
    "CLOSING, FIN|ACK",
    "LAST_ACK, FIN|ACK"
  })
  @DisplayName("RETRANSMISSION TIME-OUT: what is at the front goes again")
  void retransmission(String place, String flags) {
    var tcp = at(place);
    int seq = 0;
    if (tcp.state() == State.ESTABLISHED || tcp.state() == State.CLOSE_WAIT) {
      tcp.send(10);
    }
    if (tcp.state().ordinal() >= State.ESTABLISHED.ordinal()) {
      seq = 1;
    }
    tcp.sent();
    double millis = tcp.untilSends(1_100);
    assertTrue(millis > 800, () -> millis + " ms");
    Sent again = tcp.out.remove();
    assertEquals(flags, Seg.name(again.flags & (FIN | SYN | RST | ACK)));
    again.seq(seq);
    tcp.sendsNothing().allReturns();
  }

  @ParameterizedTest(name = "{0}: {1}")
  @Tag("rfc9293-b")
  @CsvSource({
    "SYN_SENT/active, closed TimedOut",
    "SYN_RECEIVED, ''",
    "SYN_RECEIVED/active, closed TimedOut",
    "ESTABLISHED, closed TimedOut",
    "FIN_WAIT_1, closed TimedOut",
    "FIN_WAIT_2/close, closed TimedOut",
    "CLOSE_WAIT, closed TimedOut",
    "CLOSING, closed TimedOut",
    "LAST_ACK, closed TimedOut",
    "TIME_WAIT, ''"
  })
  @DisplayName("USER TIME-OUT and TIME-WAIT TIME-OUT: it is over, and the application hears why")
  void userTimeOut(String place, String heard) {
    var tcp = at(place);
    if (tcp.state() == State.ESTABLISHED || tcp.state() == State.CLOSE_WAIT) {
      tcp.send(10);
    }
    tcp.advance(3_600_000).isGone();
    tcp.events.removeIf(e -> !e.startsWith("closed"));
    assertEquals(heard, String.join(",", tcp.events));
    assertEquals(0, tcp.context.connections() + tcp.context.timeWaits());
    tcp.allReturns();
  }

  @ParameterizedTest
  @Tag("rfc9293-b")
  @ValueSource(
      strings = {
        "CLOSED",
        "LISTEN",
        "ESTABLISHED",
        "ESTABLISHED/active",
        "FIN_WAIT_2",
        "CLOSE_WAIT"
      })
  @DisplayName("no time-out where nothing is awaited")
  void noTimeOut(String place) {
    var tcp = at(place);
    State state = tcp.state();
    tcp.host.now += 86_400_000L * MS;
    tcp.host.poll();
    tcp.advance(86_400_000).sendsNothing().heardNothing().isIn(state);
    assertFalse(tcp.context.nextDeadlineNanos() <= tcp.host.now);
    tcp.allReturns();
  }
}
