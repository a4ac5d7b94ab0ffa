package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.FIN;
import static wisp.core.stack.Seg.RST;
import static wisp.core.stack.Seg.SYN;
import static wisp.core.stack.TcpFixture.HOST_IPV6;
import static wisp.core.stack.TcpFixture.with;
import static wisp.core.tcp.State.LISTEN;
import static wisp.core.tcp.State.SYN_RECEIVED;
import static wisp.core.tcp.State.SYN_SENT;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;
import wisp.core.ip.IpAddress;
import wisp.core.ip.IpPrefix;
import wisp.core.tcp.State;

@ParameterizedClass(name = "IPv6: {0}")
@ValueSource(booleans = {false, true})
@DisplayName("D06 to D10, D19: opening a connection, seen from the wire")
class OpeningBehaviourTest {
  private static final IpAddress HOST_IPV4 = IpAddress.ofIpv4(TcpFixture.HOST);
  private final boolean ipv6;

  OpeningBehaviourTest(boolean ipv6) {
    this.ipv6 = ipv6;
  }

  private TcpFixture.Setup fresh() {
    return with().ipv6(ipv6);
  }

  @Test
  @Tag("D06")
  void givenSynReceived_whenTheWrongNumberIsAcknowledged_thenResetWithItAndTheRightOneCompletes() {
    var tcp = fresh().in(SYN_RECEIVED);
    for (int wrong : new int[] {0, 2, 0, 2}) {
      tcp.receives(Seg.ack().seq(1).ack(wrong)).sends(RST).seq(wrong);
      tcp.sendsNothing().isIn(SYN_RECEIVED);
    }
    tcp.receives(Seg.ack().seq(1).ack(1)).sendsNothing().isEstablished().heard("open");
  }

  @Test
  @Tag("D07")
  void givenListen_whenAnythingButASynComes_thenNoStateStaysBehind() {
    for (int flags : new int[] {ACK, RST, FIN, SYN | ACK, 0, RST | ACK, FIN | ACK}) {
      for (int length : new int[] {0, 10}) {
        var tcp = fresh().listening();
        tcp.receives(Seg.flags(flags).seq(5).ack(77).length(length));
        if ((flags & ACK) != 0 && (flags & RST) == 0) {
          tcp.sends(RST).absolute(77, 0);
        }
        tcp.sendsNothing().isIn(LISTEN);
        assertEquals(0, tcp.context.connections(), Seg.name(flags));
        tcp.receives(Seg.syn()).sends(SYN | ACK).ack(1);
      }
    }
  }

  @Test
  @Tag("D09")
  void givenSynSent_whenWrongAnswersCome_thenTheRightOneStillCompletes() {
    var tcp = fresh().actively().synSent();
    tcp.receives(Seg.flags(RST).seq(0)).sendsNothing();
    tcp.receives(Seg.flags(RST | ACK).seq(0).ack(0)).sendsNothing();
    tcp.receives(Seg.flags(RST | ACK).seq(0).ack(2)).sendsNothing();
    tcp.receives(Seg.flags(ACK).seq(0).ack(77)).sends(RST).seq(77);
    tcp.receives(Seg.flags(SYN | ACK).seq(0).ack(0)).sends(RST).seq(0);
    tcp.receives(Seg.flags(FIN).seq(0)).sendsNothing();
    tcp.receives(Seg.flags(FIN | ACK).seq(0).ack(1)).sendsNothing();
    tcp.isIn(SYN_SENT).heardNothing();
    tcp.receives(Seg.synAck()).sends(ACK).seq(1).ack(1);
    tcp.isEstablished().heard("open");
    var refused = fresh().actively().synSent();
    refused.receives(Seg.flags(RST | ACK).seq(0).ack(1)).sendsNothing().isGone();
    refused.heard("closed Refused").allReturns();
  }

  @Test
  @Tag("D10")
  void givenCrossingSyns_whenEachIsAnswered_thenEstablished() {
    var tcp = fresh().actively().synSent();
    tcp.receives(Seg.syn()).sends(SYN | ACK).seq(0).ack(1);
    tcp.receives(Seg.synAck().ack(1)).isEstablished();
    tcp.sends(ACK).seq(1).ack(1);
    tcp.receives(Seg.data(10)).delivered(10);
  }

  @Test
  @Tag("D10")
  void givenCrossingSyns_whenOurSynAckIsLost_thenItGoesAgain() {
    var tcp = fresh().actively().synSent();
    tcp.receives(Seg.syn()).sends(SYN | ACK);
    tcp.untilSends(1_100);
    tcp.sends(SYN | ACK).seq(0).ack(1);
    tcp.receives(Seg.ack().seq(1).ack(1)).isEstablished().heard("open");
  }

  @Test
  @Tag("D10")
  void givenCrossingSyns_whenAResetFollows_thenRefused() {
    var tcp = fresh().actively().synSent();
    tcp.receives(Seg.syn()).sends(SYN | ACK);
    tcp.receives(Seg.rst().seq(1)).sendsNothing().isGone().heard("closed Refused");
  }

  @Test
  @Tag("D19")
  void givenSynSent_whenNobodyAnswers_thenItIsResentForThreeMinutesAtLeastAndThenOver() {
    var tcp = fresh().actively().synSent();
    long begin = tcp.host.now;
    List<Long> gaps = new ArrayList<>();
    long last = 0;
    while (tcp.reason == null) {
      double millis = tcp.untilSendsOrEnds();
      for (Sent s : tcp.sent()) {
        assertTrue(s.has(SYN) && !s.has(ACK));
        gaps.add(Math.round(millis / 1_000));
        last = (tcp.host.now - begin) / TcpFixture.MS;
      }
    }
    assertEquals(List.of(1L, 2L, 4L, 8L, 16L, 32L), gaps.subList(0, 6));
    assertTrue(last >= 120_000, () -> "the last copy went after " + gaps);
    assertTrue((tcp.host.now - begin) / TcpFixture.MS >= 180_000);
    assertEquals("closed TimedOut", tcp.events.getLast());
    tcp.allReturns();
  }

  @Test
  @Tag("MUST-42")
  void givenAnOpenUnderWay_whenItsPortIsListenedOn_thenBothAreServed() {
    for (State state : new State[] {State.SYN_SENT, State.SYN_RECEIVED}) {
      var tcp = with().ipv6(ipv6).actively().in(state);
      Endpoint here = Endpoint.any(tcp.context.local(tcp.connection).port());
      tcp.context.listen(here, ConnectionProfile.DEFAULT, (c, h, m, o, l) -> {});
      tcp.isIn(state);
      tcp.receives(state == State.SYN_SENT ? Seg.synAck() : Seg.ack().seq(1).ack(1));
      tcp.isEstablished().peerNxt = 1;
      tcp.receives(Seg.data(10)).delivered(10);
    }
  }

  @Test
  @Tag("MUST-44")
  @Tag("MUST-45")
  void givenTwoAddresses_whenNoneIsNamed_thenIpChoosesAndTheConnectionKeepsIt() {
    IpAddress near = IpAddress.parse(ipv6 ? "2001:db9::1" : "10.9.0.1");
    IpAddress to = IpAddress.parse(ipv6 ? "2001:db9::7" : "10.9.0.7");
    var tcp =
        with()
            .ipv6(ipv6)
            .config(ContextConfig.of(IpPrefix.of(ipv6 ? HOST_IPV6 : HOST_IPV4), IpPrefix.of(near)))
            .closed();
    long handle =
        tcp.context.connect(
            null, new Endpoint(to, 80), ConnectionProfile.DEFAULT, (c, h, m, o, l) -> {});
    assertEquals(near, tcp.context.local(handle).address());
    tcp.host.collect();
    for (int i = 0; i < 3; i++) {
      var syn = new Sent(tcp.host.others.removeLast(), 0);
      assertEquals(near, syn.source);
      assertEquals(to, syn.destination);
      tcp.advance(8_000);
    }
  }

  @Test
  @Tag("MUST-46")
  void givenAnAddressThatIsNoHosts_whenConnecting_thenRefused() {
    var tcp = with().ipv6(ipv6).closed();
    for (String address :
        ipv6
            ? List.of("ff02::1", "ff05::2", "::")
            : List.of("255.255.255.255", "224.0.0.1", "239.1.2.3", "0.0.0.0")) {
      assertEquals(
          Context.NO_ROUTE,
          tcp.context.connect(
              null, Endpoint.of(address, 80), ConnectionProfile.DEFAULT, (c, h, m, o, l) -> {}),
          address);
    }
    tcp.sendsNothing().allReturns();
  }

  @Test
  @Tag("rfc9040-a")
  @Tag("rfc9040-c")
  void givenAPathThatIsKnown_whenTheNextConnectionBegins_thenWithItsRoundTripAndNoBiggerWindow() {
    var tcp = with().ipv6(ipv6).established();
    for (int i = 0; i < 3; i++) {
      tcp.send(1_000).advance(950).receives(Seg.ack());
    }
    tcp.advance(10_000).sent();
    var next = tcp.another(6_000).handshake();
    next.send(14_000).send(14_000);
    assertTrue(next.sent().size() <= 10, "the initial window");
    double millis = next.untilSends(60_000);
    assertTrue(millis > 1_500, () -> millis + " ms; an unknown path has 1 s");
  }

  @Test
  @DisplayName("what seems a very slow path does not keep the next SYN waiting")
  void givenAPathThatSeemsVerySlow_whenAHandshakeIsLost_thenItGoesAgainAfterThreeSeconds() {
    var tcp = with().ipv6(ipv6).established();
    for (int millis : new int[] {950, 1_890, 2_100, 2_300}) {
      tcp.send(1_000).advance(millis).receives(Seg.ack());
    }
    tcp.advance(10_000).sent();
    var next = tcp.another(6_000).connect();
    next.sent();
    double millis = next.untilSends(60_000);
    assertTrue(millis > 2_999 && millis < 3_001, () -> millis + " ms; RFC 6298 §5.7");
  }

  @ParameterizedTest(name = "after {0} s")
  @CsvSource({"550, false", "620, true"})
  @Tag("rfc9040-b")
  @DisplayName("what is known of a path counts for ten minutes")
  void givenAPathThatWasKnown_whenTheNextConnectionBegins_thenOnlyWhatIsFreshCounts(
      int seconds, boolean forgotten) {
    var tcp = with().ipv6(ipv6).established();
    for (int i = 0; i < 3; i++) {
      tcp.send(1_000).advance(950).receives(Seg.ack());
    }
    tcp.advance(seconds * 1_000L).sent();
    var next = tcp.another(6_000).handshake().send(1_000);
    next.sent();
    assertEquals(forgotten, next.untilSends(60_000) <= 1_002, "an unknown path has 1 s");
  }

  @Test
  @Tag("D17")
  void givenNoRoomToAccept_whenTheHandshakeIsOver_thenItIsOnceThereIsRoomAndItsDataCount() {
    boolean[] room = {false};
    var tcp = fresh().listen(b -> b.mayOpen = () -> room[0]).in(SYN_RECEIVED);
    tcp.receives(Seg.ack(), Seg.data(100)).sendsNothing().isIn(SYN_RECEIVED).heard();
    assertEquals(2, tcp.counted(Event.DROP_NOT_ACCEPTED));
    tcp.untilSends(2_000);
    tcp.sends(SYN | ACK).seq(0).ack(1);
    tcp.receives(Seg.ack()).sendsNothing().isIn(SYN_RECEIVED).heard();
    room[0] = true;
    tcp.receives(Seg.data(100).seq(1)).isEstablished().heard("open", "data 100");
    tcp.advance(1_000).sends(ACK).ack(101);
  }

  @Test
  @Tag("D17")
  void givenNoRoomToAccept_whenItNeverComes_thenNothingStaysBehind() {
    var tcp = fresh().listen(b -> b.mayOpen = () -> false).in(SYN_RECEIVED);
    tcp.receives(Seg.ack()).advance(300_000).isIn(LISTEN).heard();
    tcp.out.clear();
    assertEquals(0, tcp.context.connections());
  }

  @Test
  void givenNoRoomToAccept_whenACookieComesBack_thenItCountsOnceThereIsRoom() {
    boolean[] room = {false};
    var tcp =
        fresh()
            .listen(
                b -> {
                  b.mayOpen = () -> room[0];
                  b.cookies = ListenConfig.Cookies.ALWAYS;
                })
            .listening();
    tcp.receives(Seg.syn()).sends(SYN | ACK).ack(1);
    tcp.receives(Seg.ack()).sendsNothing().heard();
    room[0] = true;
    tcp.receives(Seg.data(10)).heard("open", "data 10");
  }
}
