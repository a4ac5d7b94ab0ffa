package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.RST;
import static wisp.core.stack.Seg.SYN;
import static wisp.core.stack.Seg.mss;
import static wisp.core.stack.Seg.sackPermitted;
import static wisp.core.stack.Seg.scale;
import static wisp.core.stack.Seg.timestamp;
import static wisp.core.stack.TcpFixture.with;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;
import wisp.core.stack.ListenConfig.Cookies;

@DisplayName("RFC 4987 §3.6: SYN cookies")
class SynCookiesTest {
  private static final int PERIOD_MS = 64_000;

  private static TcpFixture.Setup always() {
    return with().listen(b -> b.cookies = Cookies.ALWAYS);
  }

  private static Seg syn(byte[]... options) {
    return Seg.flags(SYN).seq(0).options(options);
  }

  @Test
  void givenCookiesAlways_whenTheSynComes_thenNothingIsKept() {
    var tcp = always().listening().receives(Seg.syn());
    tcp.sends(SYN | ACK).seq(0).ack(1);
    assertEquals(0, tcp.context.connections());
    assertEquals(0, tcp.blocksInUse());
    tcp.receives(Seg.ack()).isEstablished().heard("open");
    assertEquals(1, tcp.counted(Event.SYN_COOKIES_ACCEPTED));
    tcp.receives(Seg.data(10)).delivered(10).sends(ACK).ack(11);
    tcp.send(20).sends(ACK).seq(1).length(20);
    tcp.allReturns();
  }

  @ParameterizedTest(name = "MSS {0} comes back as {1}")
  @CsvSource({
    "65535, 8960", "9000, 8960", "8960, 8960", "1460, 1460", "1459, 1440", "1400, 1360",
    "1300, 1220", "1000, 536", "536, 536", "300, 256", "100, 48", "48, 48"
  })
  @Tag("rfc4987-b")
  void theMssComesBackRoundedDown(int announced, int expected) {
    var tcp = always().mtu(65_535).listening().receives(syn(mss(announced)));
    tcp.sends(SYN | ACK);
    tcp.receives(Seg.ack()).isEstablished();
    assertEquals(expected, tcp.number(t -> t.peerMss));
  }

  @Test
  void givenNoMssOption_thenTheDefaultIsKept() {
    var tcp = always().listening().receives(syn());
    tcp.sends(SYN | ACK);
    tcp.receives(Seg.ack()).isEstablished();
    assertEquals(536, tcp.number(t -> t.peerMss));
  }

  @Test
  void givenAWindowOfTheProfile_thenItsScaleIsKept() {
    var profile = ConnectionProfile.DEFAULT.with(b -> b.receiveWindowBytes = 1 << 18);
    var tcp =
        always()
            .profile(profile)
            .listening()
            .receives(syn(mss(1_460), timestamp(5_000, 0), scale(7)));
    assertEquals(3, tcp.sends(SYN | ACK).scale);
    tcp.receives(Seg.ack()).isEstablished();
    assertEquals(3, tcp.number(t -> t.rcvScale));
    assertEquals(1 << 18, tcp.context.info(tcp.connection).receiveWindowBytes());
  }

  @ParameterizedTest(name = "scale {0}, SACK {1}")
  @CsvSource({"0,true", "7,true", "14,true", "7,false", "-1,true", "-1,false", "15,true"})
  @Tag("rfc4987-b")
  void givenTimestamps_thenScaleAndSackComeBack(int shift, boolean sack) {
    var tcp =
        always()
            .window(1_000)
            .listening()
            .receives(
                syn(
                    mss(1_460),
                    timestamp(5_000, 0),
                    shift < 0 ? new byte[0] : scale(shift),
                    sack ? sackPermitted() : new byte[0]));
    Sent synAck = tcp.sends(SYN | ACK);
    assertTrue(synAck.hasTimestamp);
    assertEquals(sack, synAck.sackPermitted);
    assertEquals(shift >= 0, synAck.scale >= 0);
    tcp.receives(Seg.ack()).isEstablished();
    assertEquals(sack, tcp.is(t -> t.sackPermitted));
    assertEquals(shift >= 0, tcp.is(t -> t.windowScaling));
    int expected = Math.max(0, Math.min(shift, 14));
    assertEquals(expected, tcp.number(t -> t.sndScale));
    tcp.receives(Seg.ack().window(1_000));
    assertEquals(Math.min(1_000 << expected, 1 << 30), tcp.number(t -> t.sndWnd), 1 << 20);
  }

  @Test
  @Tag("rfc4987-b")
  void givenNoTimestamps_thenNeitherScaleNorSackIsOffered() {
    var tcp = always().listening().receives(syn(mss(1_460), scale(7), sackPermitted()));
    Sent synAck = tcp.sends(SYN | ACK);
    assertEquals(-1, synAck.scale);
    assertFalse(synAck.sackPermitted);
    assertEquals(1_460, synAck.mss);
    tcp.receives(Seg.ack()).isEstablished();
    assertFalse(tcp.is(t -> t.windowScaling || t.sackPermitted || t.timestamps));
  }

  @Test
  @DisplayName("the timestamp that carries options is never ahead of the clock, and little behind")
  void theTimestampNeverGoesBack() {
    for (int start = 0; start < 130; start++) {
      var tcp =
          always().listening().advance(start).receives(syn(mss(1_460), timestamp(1, 0), scale(9)));
      int cookie = tcp.sends(SYN | ACK).tsVal;
      tcp.receives(Seg.data(10)).isEstablished();
      tcp.send(10);
      int behind = tcp.sends(ACK).tsVal - cookie;
      assertTrue(behind >= 0 && behind <= 64, "behind by " + behind);
      tcp.allReturns();
    }
  }

  @Test
  void givenTheBareAckWasLost_whenDataComes_thenItOpensAndCounts() {
    var tcp = always().listening().receives(Seg.syn());
    tcp.sends(SYN | ACK);
    tcp.receives(Seg.flags(ACK | Seg.FIN).length(100)).delivered(100);
    tcp.heard("open", "data 100", "peerClosed");
    tcp.sends(ACK).ack(102);
  }

  @Test
  void givenTheSynComesAgain_thenAnyOfTheCookiesOpens() {
    var tcp = always().listening().receives(Seg.syn());
    tcp.sends(SYN | ACK);
    tcp.receives(Seg.syn());
    tcp.sends(SYN | ACK);
    tcp.receives(Seg.ack()).isEstablished();
    tcp.receives(Seg.syn());
    tcp.sends(ACK); // a challenge, as for any connection
    tcp.isEstablished();
  }

  @ParameterizedTest(name = "wrong: {0}")
  @ValueSource(strings = {"ACK", "SEQ", "port", "cookie's MSS"})
  @Tag("rfc4987-c")
  void givenAForgedAck_thenResetAndCounted(String wrong) {
    var tcp = always().listening().receives(Seg.syn());
    tcp.sends(SYN | ACK);
    TcpFixture from = tcp;
    Seg forged = Seg.ack();
    switch (wrong) {
      case "ACK" -> forged.ack(2);
      case "SEQ" -> forged.seq(2);
      case "cookie's MSS" -> forged.ack(1 + (1 << 27));
      default -> {
        from = tcp.another(5_001);
        from.iss = tcp.iss;
        forged.ack(1);
      }
    }
    from.receives(forged);
    from.sends(RST);
    assertEquals(1, tcp.counted(Event.SYN_COOKIES_REFUSED));
    assertEquals(0, tcp.context.connections());
    tcp.receives(Seg.ack().seq(1)).isEstablished();
  }

  @Test
  @Tag("rfc4987-c")
  void givenARandomFlood_thenNoneIsBelieved() {
    var tcp = always().listening().receives(Seg.syn());
    tcp.sends(SYN | ACK);
    var random = new java.util.SplittableRandom(7);
    for (int i = 0; i < 100_000; i++) {
      tcp.receives(Seg.ack().seq(1).ack(random.nextInt()));
    }
    assertEquals(0, tcp.context.connections());
    assertEquals(100_000, tcp.counted(Event.SYN_COOKIES_REFUSED));
  }

  @Test
  @DisplayName("without a recent overflow an ACK out of nowhere is not looked at")
  void givenNoPressure_thenNoCookieIsBelieved() {
    var tcp = always().listening().receives(Seg.syn());
    tcp.sends(SYN | ACK);
    tcp.advance(2 * PERIOD_MS + 1_000);
    tcp.receives(Seg.ack());
    tcp.sends(RST);
    assertEquals(0, tcp.counted(Event.SYN_COOKIES_REFUSED));
  }

  @Test
  void givenAnOldCookie_whenOthersAreSentMeanwhile_thenItIsOldAllTheSame() {
    for (int seconds : new int[] {1, 60, 63, 127, 129, 192, 255, 256, 257, 300, 1_024}) {
      var tcp = always().listening().receives(Seg.syn());
      tcp.sends(SYN | ACK);
      tcp.advance(seconds * 1_000L);
      tcp.another(5_001).receives(Seg.syn());
      tcp.receives(Seg.ack());
      if (seconds < 64) {
        tcp.isEstablished();
      } else if (seconds > 128) {
        tcp.sends(RST);
        assertEquals(1, tcp.counted(Event.SYN_COOKIES_REFUSED));
      }
      tcp.allReturns();
    }
  }

  @Test
  void givenCookiesNever_whenTheBacklogIsFull_thenSynsAreDroppedAndAcksReset() {
    var tcp =
        with()
            .listen(
                b -> {
                  b.backlog = 1;
                  b.cookies = Cookies.NEVER;
                })
            .listening();
    tcp.another(5_001).receives(Seg.syn()).sends(SYN | ACK);
    tcp.receives(Seg.syn()).sendsNothing();
    assertEquals(1, tcp.counted(Event.DROP_SYN_QUEUE));
    tcp.receives(Seg.ack().ack(5));
    tcp.sends(RST);
    assertEquals(0, tcp.counted(Event.SYN_COOKIES_REFUSED));
  }

  @Test
  @DisplayName("a SYN that follows on TIME-WAIT gets a number beyond the old ones, not a cookie")
  void givenTimeWait_whenReopened_thenByANumberOfOurChoice() {
    var tcp = always().options(mss(1_460), timestamp(5_000, 0)).in(wisp.core.tcp.State.TIME_WAIT);
    long cookies = tcp.counted(Event.SYN_COOKIES_SENT);
    tcp.advance(1_000);
    tcp.peerTs += 1_000;
    int before = tcp.iss;
    tcp.receives(syn(mss(1_460), timestamp(9_000, 0)).seq(100_000));
    Sent synAck = tcp.sends(SYN | ACK);
    assertTrue(synAck.seqAbsolute - before > 0);
    assertEquals(cookies, tcp.counted(Event.SYN_COOKIES_SENT));
  }

  @Test
  void givenIpv6_thenItIsTheSame() {
    var tcp = always().ipv6().listening().receives(syn(mss(1_440), timestamp(1, 0), scale(5)));
    Sent synAck = tcp.sends(SYN | ACK);
    tcp.receives(Seg.data(10)).isEstablished().delivered(10);
    assertEquals(1_440, tcp.number(t -> t.peerMss));
    assertEquals(5, tcp.number(t -> t.sndScale));
    var again = always().ipv6().listening().receives(syn(mss(1_440)).seq(77));
    assertNotEquals(synAck.seqAbsolute, again.sends(SYN | ACK).seqAbsolute);
  }

  @ParameterizedTest(name = "timestamps {0}, the listener takes ECN {1}")
  @CsvSource({"true,true", "true,false", "false,true"})
  @DisplayName("ECN comes back where there are timestamps and the listener takes it")
  void givenEcnAsked_thenItComesBackWithTimestamps(boolean timestamps, boolean taken) {
    var profile =
        ConnectionProfile.DEFAULT.with(
            b -> b.ecn = taken ? wisp.core.spi.EcnMode.ON_REQUEST : wisp.core.spi.EcnMode.OFF);
    var tcp = always().profile(profile).listening();
    byte[] ts = timestamps ? timestamp(5_000, 0) : new byte[0];
    tcp.receives(Seg.flags(SYN | 64 | 128).seq(0).options(mss(1_460), ts));
    boolean granted = timestamps && taken;
    tcp.sends(granted ? SYN | ACK | 64 : SYN | ACK);
    tcp.receives(Seg.ack()).isEstablished();
    assertEquals(granted, tcp.is(t -> t.ecn));
  }

  @Test
  void givenAHandlerThatAbortsAtOnce_thenNothingIsLeft() {
    var tcp = always().listening();
    tcp.on("open", c -> tcp.context.abort(c));
    tcp.receives(Seg.syn()).sends(SYN | ACK);
    tcp.receives(Seg.data(10));
    tcp.sends(RST | ACK);
    tcp.isGone();
    assertEquals(0, tcp.context.connections());
    tcp.allReturns();
  }

  @Test
  void givenNoMemoryForARecord_whenTheCookieComesBack_thenTheNextCopyOpens() {
    var memory = new wisp.core.spi.TestMemory();
    var tcp = always().memory(memory).listening().receives(Seg.syn());
    tcp.sends(SYN | ACK);
    memory.recordRequests.most = 0;
    tcp.receives(Seg.data(10).seq(1)).sendsNothing();
    assertEquals(1, tcp.counted(Event.DROP_NO_RECORD));
    memory.recordRequests.most = 10;
    memory.blockRequests.most = 0;
    tcp.receives(Seg.data(10).seq(1)).isEstablished().delivered(10);
    tcp.allReturns();
  }
}
