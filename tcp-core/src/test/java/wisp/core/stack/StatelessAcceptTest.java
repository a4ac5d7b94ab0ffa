package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.FIN;
import static wisp.core.stack.Seg.PSH;
import static wisp.core.stack.Seg.RST;
import static wisp.core.stack.Seg.SYN;
import static wisp.core.stack.Seg.mss;
import static wisp.core.stack.Seg.sackPermitted;
import static wisp.core.stack.Seg.scale;
import static wisp.core.stack.Seg.timestamp;
import static wisp.core.stack.TcpFixture.with;
import static wisp.core.tcp.State.CLOSE_WAIT;
import static wisp.core.tcp.State.SYN_RECEIVED;
import static wisp.core.tcp.State.TIME_WAIT;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;
import wisp.core.ip.IpAddress;
import wisp.core.spi.TestMemory;
import wisp.core.stack.ListenConfig.Cookies;

@DisplayName("Stateless accept: 0 bytes until the first one comes")
class StatelessAcceptTest {
  private static final long MINUTE = 60_000;

  private static TcpFixture.Setup stateless() {
    return with().listen(b -> b.cookies = Cookies.STATELESS);
  }

  /** A peer that has done its handshake and said nothing. */
  private static TcpFixture silent(TcpFixture.Setup setup) {
    var tcp = setup.listening().receives(Seg.flags(SYN).seq(0).options(setup.options));
    tcp.sends(SYN | ACK).seq(0).ack(1);
    tcp.receives(Seg.ack()).sendsNothing().heardNothing();
    return tcp.keepsNothing();
  }

  // ---- The first byte --------------------------------------------------------------------------

  @ParameterizedTest(name = "IPv6: {0}")
  @ValueSource(booleans = {false, true})
  void givenAHandshake_whenTextComes_thenThereIsAConnection(boolean ipv6) {
    var tcp = silent(stateless().ipv6(ipv6));
    assertEquals(1, tcp.counted(Event.STATELESS_ACKS));
    tcp.advance(3 * MINUTE).sendsNothing().keepsNothing();
    tcp.receives(Seg.data(10)).isEstablished().delivered(10).heard("open", "data 10");
    tcp.sends(ACK).seq(1).ack(11);
    tcp.send(20).sends(ACK).seq(1).length(20);
    tcp.receives(Seg.ack());
    assertEquals(1, tcp.counted(Event.ACCEPTED));
    tcp.receives(Seg.fin()).isIn(CLOSE_WAIT).close();
    tcp.receives(Seg.ack()).isGone().allReturns();
  }

  @ParameterizedTest(name = "scale {0}, SACK {1}, MSS {2}")
  @CsvSource({"7,true,1460", "0,false,536", "-1,true,1440", "14,true,8960"})
  void givenTimestamps_thenWhatWasAgreedOnComesBackWithTheFirstText(
      int shift, boolean sack, int mss) {
    byte[] scale = shift < 0 ? new byte[0] : scale(shift);
    byte[] permitted = sack ? sackPermitted() : new byte[0];
    var tcp =
        silent(stateless().mtu(9_000).options(mss(mss), timestamp(5_000, 0), scale, permitted));
    tcp.advance(MINUTE).receives(Seg.data(10)).isEstablished();
    assertEquals(sack, tcp.is(t -> t.sackPermitted));
    assertEquals(shift >= 0, tcp.is(t -> t.windowScaling));
    assertEquals(Math.max(0, shift), tcp.number(t -> t.sndScale));
    assertEquals(mss, tcp.number(t -> t.peerMss));
  }

  @Test
  void givenNoBareAckAtAll_whenTextComes_thenItOpens() {
    var tcp = stateless().listening().receives(Seg.syn());
    tcp.sends(SYN | ACK);
    tcp.receives(Seg.data(100), Seg.data(50)).isEstablished().delivered(150);
  }

  @Test
  void givenAHandlerThatAnswersInOnOpen_thenTheTextIsThereByThen() {
    var tcp = silent(stateless());
    tcp.on("open", c -> tcp.context.send(c, tcp.frame(5)));
    tcp.receives(Seg.data(10)).delivered(10);
    tcp.sends(ACK).seq(1).ack(11).length(5);
  }

  @Test
  @DisplayName("window updates and copies of the ACK make nothing")
  void givenBareAcks_thenNothingIsMade() {
    var tcp = silent(stateless().options(mss(1_460), timestamp(5_000, 0), scale(7)));
    for (int i = 1; i <= 50; i++) {
      tcp.receives(Seg.ack().window(1_000 * i)).sendsNothing().keepsNothing();
    }
    assertEquals(51, tcp.counted(Event.STATELESS_ACKS));
    tcp.receives(Seg.data(10).window(5)).isEstablished();
    assertEquals(5 << 7, tcp.number(t -> t.sndWnd));
  }

  @Test
  void givenFinFirst_thenItOpensAndClosesTogether() {
    var tcp = silent(stateless());
    tcp.receives(Seg.fin()).heard("open", "peerClosed").isIn(CLOSE_WAIT);
    tcp.sends(ACK).seq(1).ack(2);
    tcp.close().sends(FIN | ACK).seq(1);
    tcp.receives(Seg.ack()).isGone().allReturns();
  }

  @Test
  void givenTextAndFinTogether_thenBothAreHeard() {
    var tcp = silent(stateless());
    tcp.receives(Seg.flags(ACK | FIN | PSH).length(30)).heard("open", "data 30", "peerClosed");
    tcp.sends(ACK).ack(32);
  }

  @Test
  void givenUrgentText_thenItIsTold() {
    var tcp = silent(stateless());
    tcp.receives(Seg.flags(ACK | Seg.URG).length(10).urgent(10)).delivered(10);
    tcp.heard("open", "urgent 10", "data 10");
  }

  @Test
  void givenSynAgain_thenAnyOfTheCookiesOpens() {
    var tcp = silent(stateless());
    tcp.receives(Seg.syn().seq(0)).sends(SYN | ACK);
    tcp.keepsNothing().receives(Seg.data(10)).isEstablished();
  }

  // ---- What else may come ----------------------------------------------------------------------

  @Test
  void givenAReset_thenItIsIgnoredSilently() {
    var tcp = silent(stateless());
    tcp.receives(Seg.rst().seq(1)).sendsNothing().keepsNothing();
    tcp.receives(Seg.flags(RST | ACK).seq(1)).sendsNothing().keepsNothing();
  }

  @ParameterizedTest(name = "with a garbage octet: {0}")
  @ValueSource(booleans = {false, true})
  @DisplayName("keep-alive probes are answered; the options live on in our timestamp")
  void givenAProbe_thenAnAckAndNothingKept(boolean garbage) {
    var tcp =
        silent(
            stateless()
                .options(mss(1_460), timestamp(5_000, 0), scale(9), sackPermitted())
                .window(1_000));
    int tsVal = tcp.lastTsVal;
    for (int i = 0; i < 3; i++) {
      tcp.advance(MINUTE).receives(garbage ? Seg.data(1).seq(0) : Seg.ack().seq(0));
      Sent answer = tcp.sends(ACK).seq(1).ack(1);
      assertEquals(0, answer.payload.length);
      assertTrue(answer.hasTimestamp && answer.window > 0);
      assertEquals(60_000, answer.tsVal - tsVal, 64);
      tsVal = answer.tsVal;
      tcp.keepsNothing();
    }
    assertEquals(3, tcp.counted(Event.STATELESS_PROBES));
    tcp.receives(Seg.data(10).seq(1)).isEstablished().delivered(10).sends(ACK);
    assertEquals(9, tcp.number(t -> t.sndScale));
    assertTrue(tcp.is(t -> t.sackPermitted));
    tcp.send(10);
    int ahead = tcp.sends(ACK).tsVal - tsVal;
    assertTrue(ahead >= 0 && ahead <= 64, "what follows is " + ahead + " ms later");
  }

  @Test
  @DisplayName("the second segment of a flight whose first is late is dropped, and comes again")
  void givenTextBeyondTheFirst_thenItIsDroppedNotReset() {
    var tcp = silent(stateless());
    tcp.receives(Seg.data(100).seq(101)).sendsNothing().keepsNothing();
    tcp.receives(Seg.fin().seq(201)).sendsNothing().keepsNothing();
    assertEquals(2, tcp.counted(Event.DROP_UNCONFIRMED));
    tcp.receives(Seg.data(100).seq(1), Seg.data(100).seq(101)).delivered(200);
    tcp.sends(ACK).ack(201);
    assertEquals(0, tcp.counted(Event.RESETS_SENT));
  }

  @ParameterizedTest(name = "wrong: {0}")
  @ValueSource(strings = {"ACK", "SEQ", "port", "cookie's MSS"})
  void givenAForgedSegment_whenCookiesAreAbout_thenItIsDropped(String wrong) {
    var tcp = silent(stateless());
    TcpFixture from = tcp;
    Seg forged = Seg.data(10).seq(1);
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
    from.receives(forged).sendsNothing();
    assertEquals(1, tcp.counted(Event.DROP_UNCONFIRMED));
    tcp.keepsNothing().receives(Seg.data(10).seq(1)).isEstablished();
  }

  @Test
  @DisplayName("RFC 9293 §3.10.7.1 holds wherever no cookie can be about")
  void givenNoCookiesAbout_thenStraySegmentsAreReset() {
    var tcp = stateless().listening();
    tcp.receives(Seg.data(10).seq(1).ack(1)).sends(RST);
    tcp.receives(Seg.syn().seq(0)).sends(SYN | ACK);
    tcp.context.listen(
        Endpoint.any(8), ConnectionProfile.DEFAULT, (c, h, m, at, n) -> {}, ListenConfig.DEFAULT);
    for (int port : new int[] {8, 9}) {
      var other = tcp.another(5_001);
      other.localPort = port;
      other.receives(Seg.data(10).seq(1).ack(1)).sends(RST);
    }
    tcp.receives(Seg.data(10).seq(2)).sendsNothing();
  }

  @Test
  void givenAnIcmpErrorAboutTheSynAck_thenNothingHappens() {
    var tcp = stateless().listening();
    tcp.receives(Seg.syn());
    byte[] synAck = tcp.sends(SYN | ACK).packet;
    for (int code = 0; code < 16; code++) {
      var router = IpAddress.parse("10.0.0.99");
      tcp.host.link.incoming.add(Raw.icmp(router, tcp.own(), 3, code, 0, synAck));
      tcp.host.poll();
    }
    tcp.sendsNothing().keepsNothing();
    assertEquals(0, tcp.counted(Event.ICMP_ERRORS_RECEIVED));
    tcp.receives(Seg.ack(), Seg.data(10)).isEstablished();
  }

  @Test
  @DisplayName(
      "a limit: a copy of the first text after the end opens once more; TIME-WAIT prevents")
  void givenACopyAfterTheEnd_thenItOpensAgainUnlessWeClosedFirst() {
    var tcp = silent(stateless());
    tcp.receives(Seg.data(10)).isEstablished().receives(Seg.fin());
    tcp.close().receives(Seg.ack()).isGone();
    tcp.sent();
    tcp.exact = false; // the fixture takes a second copy for what follows
    tcp.receives(Seg.data(10).seq(1).ack(1)).isEstablished();
    tcp.sends(ACK).ack(11);
    tcp.receives(Seg.rst().seq(11)).isGone();

    var first = silent(stateless());
    first.receives(Seg.data(10)).isEstablished();
    first.shutdown().receives(Seg.fin()).isIn(TIME_WAIT);
    first.receives(Seg.data(10).seq(1).ack(1)).isIn(TIME_WAIT);
    first.delivered(10);
  }

  // ---- The cookie's lifetime -------------------------------------------------------------------

  @ParameterizedTest(name = "after {0} s, others come meanwhile: {1}")
  @CsvSource({
    "1,true",
    "200,true",
    "239,true",
    "239,false",
    "481,true",
    "481,false",
    "900,true",
    "3600,true",
    "14000,true",
    "100000,false"
  })
  void givenSilence_thenTheCookieHoldsForFourMinutesAndThenItIsReset(int seconds, boolean others) {
    var tcp = silent(stateless());
    tcp.advance(seconds * 1_000L);
    if (others) {
      tcp.another(5_001).receives(Seg.syn());
    }
    if (seconds < 240) {
      tcp.receives(Seg.data(10)).isEstablished().delivered(10);
      return;
    }
    tcp.receives(Seg.data(10).seq(1)).sends(RST).seq(1);
    tcp.receives(Seg.ack().seq(0)).sends(RST).seq(1);
    tcp.receives(Seg.ack().seq(1)).sends(RST).seq(1);
    assertEquals(others ? 3 : 0, tcp.counted(Event.SYN_COOKIES_EXPIRED));
    tcp.keepsNothing();
  }

  @Test
  @DisplayName("a lifetime of one's own; after 64 of them, while others come, it is silence")
  void givenALifetime_thenItIsThat() {
    var config = stateless().listen(b -> b.cookieLifetimeNanos = 1_000 * TcpFixture.MS);
    for (int millis : new int[] {10, 990, 2_100, 60_000, 70_000}) {
      var tcp = silent(config.memory(new TestMemory()));
      tcp.advance(millis);
      tcp.another(5_001).receives(Seg.syn());
      tcp.receives(Seg.data(10).seq(1));
      if (millis < 1_000) {
        tcp.isEstablished();
      } else if (millis < 64_000) {
        tcp.sends(RST);
      } else {
        tcp.sendsNothing().keepsNothing();
      }
    }
  }

  // ---- Whom it is for --------------------------------------------------------------------------

  @Test
  void givenAHandlerThatMaySpeakFirst_thenItIsRefusedInOneLine() {
    var tcp = with().closed();
    ConnectionHandler speaker = (c, h, m, at, n) -> {};
    var config = ListenConfig.DEFAULT.with(b -> b.cookies = Cookies.STATELESS);
    var e =
        assertThrows(
            IllegalArgumentException.class,
            () -> tcp.context.listen(Endpoint.any(7), ConnectionProfile.DEFAULT, speaker, config));
    assertTrue(e.getMessage().contains("never speaks first"), e.getMessage());
    assertFalse(e.getMessage().contains("\n"));
    assertFalse(tcp.context.unlisten(Endpoint.any(7)), "nobody listens");
  }

  @Test
  void givenOddValues_thenTheConfigurationIsRefused() {
    for (long nanos : new long[] {-1, 1, 999_999_999L, Long.MAX_VALUE}) {
      assertThrows(
          IllegalArgumentException.class,
          () -> ListenConfig.DEFAULT.with(b -> b.cookieLifetimeNanos = nanos));
    }
    assertThrows(
        IllegalArgumentException.class,
        () ->
            ListenConfig.DEFAULT.with(
                b -> {
                  b.cookies = Cookies.STATELESS;
                  b.fastOpens = 1;
                }));
  }

  @Test
  @DisplayName("a SYN that follows on TIME-WAIT takes the ordinary way")
  void givenTimeWait_whenReopened_thenItIsHalfOpen() {
    var tcp = silent(stateless());
    tcp.receives(Seg.data(10)).isEstablished();
    tcp.shutdown().receives(Seg.fin()).isIn(TIME_WAIT);
    tcp.receives(Seg.syn().seq(100_000)).isIn(SYN_RECEIVED);
  }

  @Test
  void givenNoMemoryOrNoRoom_whenTheFirstTextComes_thenTheNextCopyOpens() {
    var memory = new TestMemory();
    boolean[] hasRoom = {false};
    var tcp = silent(stateless().memory(memory).listen(b -> b.mayOpen = () -> hasRoom[0]));
    tcp.receives(Seg.data(10).seq(1)).sendsNothing().keepsNothing();
    assertEquals(1, tcp.counted(Event.DROP_NOT_ACCEPTED));
    hasRoom[0] = true;
    memory.recordRequests.most = 0;
    tcp.receives(Seg.data(10).seq(1)).sendsNothing().keepsNothing();
    assertEquals(1, tcp.counted(Event.DROP_NO_RECORD));
    memory.recordRequests.most = 1;
    tcp.receives(Seg.data(10).seq(1)).isEstablished().delivered(10);
    tcp.allReturns();
  }

  // ---- Many ------------------------------------------------------------------------------------

  @ParameterizedTest(name = "IPv6: {0}")
  @ValueSource(booleans = {false, true})
  void givenAHundredThousandSilentPeers_thenTheFootprintIsWhatItWas(boolean ipv6) {
    int peers = 100_000;
    var crowd = new Crowd(ipv6, b -> {});
    var heard = new int[1];
    crowd.context.listen(
        Endpoint.any(Crowd.SERVICE),
        ConnectionProfile.NO_DELAY,
        new ConnectionHandler() {
          @Override
          public boolean maySpeakFirst() {
            return false;
          }

          @Override
          public void onData(Context c, long connection, MemorySegment m, long at, int length) {
            heard[0] += length;
          }
        },
        ListenConfig.DEFAULT.with(b -> b.cookies = Cookies.STATELESS));
    long before = crowd.reservedBytes();
    int[] iss = new int[peers];
    int[] ts = new int[peers];
    for (int peer = 0; peer < peers; peer++) {
      crowd.receives(peer, SYN, Crowd.irs(peer), 0, 0, 0);
      iss[peer] = crowd.lastSeq;
      ts[peer] = crowd.lastTsVal;
      crowd.receives(peer, ACK, Crowd.irs(peer) + 1, iss[peer] + 1, ts[peer], 0);
      assertEquals(0, crowd.sent);
    }
    assertEquals(before, crowd.reservedBytes());
    assertEquals(0, crowd.context.connections());
    assertEquals(peers, crowd.counted(Event.STATELESS_ACKS));
    crowd.now += 200_000_000_000L;
    for (int peer = 0; peer < peers; peer++) {
      crowd.receives(peer, ACK | PSH, Crowd.irs(peer) + 1, iss[peer] + 1, ts[peer], 10);
      assertEquals(ACK, crowd.lastFlags);
      assertEquals(Crowd.irs(peer) + 11, crowd.lastAck);
    }
    assertEquals(peers, crowd.context.connections());
    assertEquals(10 * peers, heard[0]);
    crowd.context.close();
    crowd.memory.close();
  }
}
