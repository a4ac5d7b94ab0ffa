package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.mss;
import static wisp.core.stack.Seg.sackPermitted;
import static wisp.core.stack.Seg.scale;
import static wisp.core.stack.Seg.timestamp;
import static wisp.core.stack.TcpFixture.with;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;
import wisp.core.spi.AckSample;
import wisp.core.spi.CongestionControl;
import wisp.core.spi.CongestionState;

@DisplayName("RFC 7661: windows that were not used, and sending that is spread over time")
class PacingTest {
  private static final int MSS = 1_448;
  private static final int ROUND_TRIP_MS = 40;

  /** A window of fifty segments, and a rate. */
  private static final class Paced implements CongestionControl {
    private final long bytesPerSecond;

    Paced(long bytesPerSecond) {
      this.bytesPerSecond = bytesPerSecond;
    }

    @Override
    public String name() {
      return "paced";
    }

    @Override
    public void onStart(CongestionState state, long nowNanos) {
      state.cwndBytes = 50 * state.mss;
    }

    @Override
    public void onAck(CongestionState state, AckSample ack) {
      state.cwndBytes = 50 * state.mss;
    }

    @Override
    public void onLoss(CongestionState state, int flightBytes, long nowNanos) {
      state.ssthreshBytes = 50 * state.mss;
    }

    @Override
    public void onTimeout(CongestionState state, int flightBytes, boolean first, long nowNanos) {
      state.ssthreshBytes = 50 * state.mss;
      state.cwndBytes = state.mss;
    }

    @Override
    public long pacingRate(CongestionState state, int srttMicros) {
      return bytesPerSecond;
    }
  }

  private static TcpFixture fresh() {
    return with()
        .options(mss(1_460), sackPermitted(), timestamp(1, 0), scale(7))
        .receiveWindow(1 << 20)
        .established();
  }

  /** Text beyond a hole keeps it awake. */
  private static TcpFixture withAHole() {
    var tcp = fresh();
    tcp.receives(Seg.data(10).seq(100));
    return tcp;
  }

  /** Opens the window to so many segments at least, all acknowledged. */
  private static TcpFixture opened(TcpFixture tcp, int segments) {
    fill(tcp, 10 * segments * MSS);
    for (int round = 0; tcp.number(t -> t.flightBytes()) > 0; round++) {
      assertTrue(round < 100, "it does not end");
      tcp.advance(ROUND_TRIP_MS);
      for (Sent s : tcp.sent()) {
        if (s.payload.length > 0) {
          tcp.receives(answer(s));
        }
      }
    }
    assertTrue(cwnd(tcp) >= segments * MSS, () -> cwnd(tcp) + " bytes");
    return tcp;
  }

  private static Seg answer(Sent s) {
    Seg ack = Seg.ack().ack(s.seq + s.payload.length);
    ack.tsEcr = s.tsVal;
    return ack;
  }

  private static void fill(TcpFixture tcp, int bytes) {
    for (int left = bytes; left > 0; left -= 10 * MSS) {
      tcp.send(Math.min(left, 10 * MSS));
    }
  }

  private static int cwnd(TcpFixture tcp) {
    return tcp.number(t -> t.congestion.cwndBytes);
  }

  private static int bytes(List<Sent> sent) {
    return sent.stream().mapToInt(s -> s.payload.length).sum();
  }

  // ---- After a pause ---------------------------------------------------------------------------

  @Test
  @Tag("rfc7661-c")
  void givenAPauseShorterThanTheTimeOut_thenTheWindowIsKeptAndLeavesInHalfARoundTrip() {
    var tcp = opened(fresh(), 80);
    tcp.advance(500);
    int window = cwnd(tcp) / MSS * MSS; // the rest would wait, by Nagle's rule
    fill(tcp, window);
    double rate = 2.0 * window / tcp.number(t -> t.srttMicros) * 1e3; // bytes a millisecond
    double burst = Math.max(10 * MSS, 2 * rate) + MSS;
    int all = bytes(tcp.sent());
    assertTrue(all >= 10 * MSS && all <= burst, all / MSS + " segments at once");
    for (int i = 1; all < window; i++) {
      tcp.advance(1);
      int more = bytes(tcp.sent());
      assertTrue(more <= 3 * rate + MSS, () -> more + " bytes at a time");
      all += more;
      assertTrue(all <= burst + (i + 1) * rate, all + " bytes too soon");
      assertTrue(i <= ROUND_TRIP_MS * 3 / 5, "it takes half a round trip");
    }
    assertEquals(window, all);
    assertEquals(0, tcp.counted(Event.SEGMENTS_RETRANSMITTED));
  }

  @Test
  void givenAcksThatArrive_whenTheyLetMuchGo_thenItGoesAtOnce() {
    var tcp = opened(fresh(), 80);
    fill(tcp, 3 * cwnd(tcp));
    tcp.advance(ROUND_TRIP_MS).sent();
    int window = cwnd(tcp);
    tcp.receives(Seg.ack());
    assertTrue(bytes(tcp.sent()) >= window - MSS, "a stretch ACK is no pause");
  }

  @Test
  void givenAPacedFlightThatIsLost_thenTheTimeOutComes() {
    var tcp = opened(fresh(), 80);
    tcp.advance(500);
    fill(tcp, 2 * cwnd(tcp));
    tcp.advance(3_000);
    assertTrue(tcp.counted(Event.TIMEOUTS) >= 1);
  }

  @Test
  @Tag("rfc7661-b")
  @DisplayName("RFC 5681 §4.1: after more than a time-out the restart window, asleep or awake")
  void givenALongPause_thenTheWindowStartsAnew() {
    for (boolean awake : new boolean[] {false, true}) {
      var tcp = opened(awake ? withAHole() : fresh(), 80);
      assertTrue(cwnd(tcp) >= 80 * MSS);
      tcp.advance(5_000);
      assertEquals(awake, tcp.blocksInUse() > 0);
      fill(tcp, 100 * MSS);
      assertEquals(10 * MSS, bytes(tcp.sent()));
    }
  }

  @Test
  @Tag("rfc7661-b")
  @DisplayName("RFC 7661 §4.4.3: after five minutes in which little of it was used it is halved")
  void givenAWindowThatNobodyUses_thenItIsHalvedEveryFiveMinutes() {
    var tcp = opened(fresh(), 80);
    int before = cwnd(tcp);
    trickle(tcp, 299);
    assertEquals(before, cwnd(tcp));
    trickle(tcp, 3);
    assertEquals(before / 2, cwnd(tcp));
    assertTrue(tcp.number(t -> t.congestion.ssthreshBytes) >= before / 4 * 3);
    trickle(tcp, 2_000);
    assertEquals(10 * MSS, cwnd(tcp));
  }

  private static void trickle(TcpFixture tcp, int seconds) {
    for (int i = 0; i < 2 * seconds; i++) {
      tcp.send(100).advance(ROUND_TRIP_MS).sent();
      tcp.receives(Seg.ack()).advance(500 - ROUND_TRIP_MS).sent();
    }
  }

  // ---- An algorithm that asks for a rate -------------------------------------------------------

  private static TcpFixture paced(long bytesPerSecond) {
    var tcp =
        with()
            .profile(ConnectionProfile.NO_DELAY.with(b -> b.congestionControl = "paced"))
            .options(mss(1_460), sackPermitted(), timestamp(1, 0), scale(7))
            .closed();
    tcp.host.machinery().controls.add(new Paced(bytesPerSecond));
    tcp.listen().handshake();
    tcp.sent();
    return tcp;
  }

  @ParameterizedTest(name = "{0} bytes a second")
  @ValueSource(longs = {100_000, 1_000_000, 10_000_000})
  void givenARate_whenMuchIsToBeSent_thenItIsSpreadOverTime(long bytesPerSecond) {
    var tcp = paced(bytesPerSecond);
    long begin = tcp.host.now;
    int window = 50 * MSS;
    fill(tcp, 50 * MSS);
    List<Sent> sent = new ArrayList<>(tcp.sent());
    while (bytes(sent) < window) {
      double millis = tcp.untilSends(1_000);
      assertTrue(millis <= 1e3 * 2 * MSS / bytesPerSecond + 3, millis + " ms apart");
      sent.addAll(tcp.sent());
    }
    double burst = Math.max(2.0 * MSS, bytesPerSecond / 500.0) + MSS;
    int before = 0;
    for (Sent s : sent) {
      double most = burst + bytesPerSecond * (s.atNanos - begin) / 1e9;
      before += s.payload.length;
      int soFar = before;
      assertTrue(soFar <= most + 1, () -> soFar + " bytes where " + most + " may go");
    }
    double took = (sent.getLast().atNanos - begin) / 1e9;
    double should = (window - burst) / bytesPerSecond;
    assertTrue(took <= should + 0.005, took + " s, not " + should);
    assertEquals(0, tcp.counted(Event.SEGMENTS_RETRANSMITTED));
  }

  @Test
  void givenARate_whenAcksComeMeanwhile_thenTheyReleaseNothingBeforeItsTime() {
    var tcp = paced(1_000_000);
    fill(tcp, 50 * MSS);
    int all = bytes(tcp.sent());
    for (int i = 1; i < 40; i++) {
      tcp.advance(1).receives(Seg.ack());
      all += bytes(tcp.sent());
      assertTrue(all <= 4 * MSS + 1_000 * (i + 1), all + " bytes");
    }
    assertTrue(all > 35 * 1_000, all + " bytes");
  }

  @Test
  void givenWritesInPieces_whenTheyAreFasterThanTheRate_thenTheyWaitAsWell() {
    var tcp = paced(1_000_000);
    int all = 0;
    for (int i = 0; i < 100; i++) {
      tcp.send(500);
      all += bytes(tcp.sent());
    }
    assertTrue(all <= 4 * MSS, all + " bytes at once");
    tcp.advance(60);
    assertEquals(1 + 50_000, tcp.ourNxt);
  }

  @Test
  void givenARateAndALoss_thenItIsRepairedAtThatRateWithoutATimeOut() {
    var tcp = paced(1_000_000);
    fill(tcp, 50 * MSS);
    tcp.advance(80);
    int una = tcp.sent().getFirst().seq;
    int first = tcp.iss + una;
    tcp.receives(Seg.ack().ack(una).options(Seg.sack(first + 20 * MSS, first + 50 * MSS)));
    int again = bytes(tcp.sent());
    assertTrue(again >= MSS && again <= 4 * MSS, again + " bytes at once");
    tcp.advance(10);
    again += bytes(tcp.sent());
    assertEquals(10_000 + 2 * MSS, again, 2 * MSS);
    tcp.advance(20);
    assertEquals(20 * MSS, again + bytes(tcp.sent()));
    tcp.receives(Seg.ack());
    assertEquals(0, tcp.counted(Event.TIMEOUTS));
    tcp.advance(10_000);
    assertEquals(0, tcp.blocksInUse());
    tcp.allReturns();
  }

  @Test
  void givenARateAndAPathThatIsDead_thenTheTimeOutComesAllTheSame() {
    var tcp = paced(20_000);
    fill(tcp, 50 * MSS);
    tcp.advance(2_000);
    assertTrue(tcp.counted(Event.TIMEOUTS) >= 1, "while it still had something to pace");
  }
}
