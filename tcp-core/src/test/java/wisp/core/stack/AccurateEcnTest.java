package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.AE;
import static wisp.core.stack.Seg.CWR;
import static wisp.core.stack.Seg.ECE;
import static wisp.core.stack.Seg.RST;
import static wisp.core.stack.Seg.SYN;
import static wisp.core.stack.Seg.mss;
import static wisp.core.stack.TcpFixture.with;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;
import wisp.core.spi.BlockPool;
import wisp.core.spi.EcnMode;

@DisplayName("RFC 9768: every mark is told")
@Tag("D39")
@ParameterizedClass(name = "IPv6: {0}")
@ValueSource(booleans = {false, true})
class AccurateEcnTest {
  private static final int NOT_ECT = 0;
  private static final int ECT_0 = 2;
  private static final int CE = 3;
  private static final int ASK = SYN | AE | CWR | ECE;

  private static final ConnectionProfile ACCURATE =
      ConnectionProfile.DEFAULT.with(b -> b.ecn = EcnMode.ACCURATE);

  private final boolean ipv6;
  private final int full;

  AccurateEcnTest(boolean ipv6) {
    this.ipv6 = ipv6;
    this.full = ipv6 ? 1_440 : 1_460;
  }

  private TcpFixture.Setup fresh() {
    return with().ipv6(ipv6);
  }

  /** The flags of an ACE field. */
  private static int ace(int count) {
    return (count & 7) << 6;
  }

  private int at(int segment) {
    return 1 + full * segment;
  }

  /** From LISTEN; both sides' counters stand at 5. */
  private TcpFixture accepted() {
    var tcp = fresh().profile(ACCURATE).listening();
    tcp.receives(Seg.flags(ASK).seq(0).options(mss(full)));
    tcp.sends(SYN | ACK | ace(2)).ecn(NOT_ECT);
    tcp.receives(Seg.flags(ACK | ace(2)));
    tcp.events.clear();
    return tcp.isEstablished();
  }

  // ---- Opening ---------------------------------------------------------------------------------

  @ParameterizedTest
  @Tag("rfc9768-a")
  @CsvSource({"0,2", "1,3", "2,4", "3,6"})
  @DisplayName(
      "§3.1.2: the SYN-ACK tells the ECN field of the SYN, the third ACK that of the SYN-ACK")
  void tellsTheFieldOfTheHandshake(int ecn, int code) {
    var server = fresh().profile(ACCURATE).listening();
    server.receives(Seg.flags(ASK).seq(0).options(mss(full)).ecn(ecn));
    server.sends(SYN | ACK | ace(code)).ecn(NOT_ECT);

    var client = fresh().profile(ACCURATE).closed().connect();
    client.sends(ASK).ecn(NOT_ECT);
    client.receives(Seg.flags(SYN | ACK | ace(2)).seq(0).options(mss(full)).ecn(ecn));
    client.sends(ACK | ace(code)).ecn(NOT_ECT);
    client.send(100).sends(ACK | ace(ecn == CE ? 6 : 5)).ecn(ECT_0);
  }

  @ParameterizedTest
  @Tag("rfc9768-a")
  @ValueSource(ints = {1, 2, 4, 5, 6})
  @DisplayName("§3.1.3: codes that mean nothing yet ask for it too")
  void futureCodesAsk(int code) {
    var tcp = fresh().profile(ACCURATE).listening();
    tcp.receives(Seg.flags(SYN | ace(code)).seq(0).options(mss(full)));
    tcp.sends(SYN | ACK | ace(2));
  }

  @Test
  @Tag("rfc9768-d")
  void givenAPeerThatAsksForClassicEcn_thenItGetsThat() {
    var tcp = fresh().profile(ACCURATE).listening();
    tcp.receives(Seg.flags(SYN | ECE | CWR).seq(0).options(mss(full)));
    tcp.sends(SYN | ACK | ECE);
    tcp.receives(Seg.ack());
    tcp.receives(Seg.data(10).ecn(CE));
    tcp.sends(ACK | ECE);
  }

  @Test
  @Tag("rfc9768-d")
  void givenAClassicServer_whenItIsAskedAccurately_thenItGrantsClassicEcn() {
    var tcp = fresh().listening();
    tcp.receives(Seg.flags(ASK).seq(0).options(mss(full)));
    tcp.sends(SYN | ACK | ECE);
  }

  @ParameterizedTest
  @Tag("rfc9768-d")
  @CsvSource({"0,0", "1,2", "5,2", "7,0"})
  @DisplayName("table 2: none, classic, nonce (as classic), a mirror (none)")
  void whatTheSynAckSaysDecides(int code, int dataEcn) {
    var tcp = fresh().profile(ACCURATE).closed().connect();
    tcp.sends(ASK);
    tcp.receives(Seg.flags(SYN | ACK | ace(code)).seq(0).options(mss(full)));
    tcp.sends(ACK);
    tcp.send(100).sends(ACK).ecn(dataEcn);
  }

  @Test
  @Tag("rfc9768-d")
  void givenAnAskingSynThatIsLostTwiceOrReset_thenThePlainOneFollows() {
    var tcp = fresh().profile(ACCURATE).closed().connect();
    tcp.sends(ASK);
    tcp.untilSends(1_100);
    tcp.sends(ASK);
    tcp.untilSends(2_100);
    tcp.sends(SYN);
    tcp.receives(Seg.flags(SYN | ACK | ace(2)).seq(0).options(mss(full)));
    tcp.sends(ACK);

    var other = fresh().profile(ACCURATE).closed().connect();
    other.sends(ASK);
    other.receives(Seg.flags(RST | ACK).seq(0));
    other.sends(SYN);
  }

  @Test
  @Tag("rfc9768-d")
  void givenAGrantedSyn_whenThePlainOneFollows_thenNoEcn() {
    var tcp = fresh().profile(ACCURATE).listening();
    tcp.receives(Seg.flags(ASK).seq(0).options(mss(full)));
    tcp.sends(SYN | ACK | ace(2));
    tcp.receives(Seg.flags(SYN).seq(0).options(mss(full)));
    tcp.sends(SYN | ACK);
    tcp.receives(Seg.ack());
    tcp.send(100).sends(ACK).ecn(NOT_ECT);
  }

  @Test
  void givenAHalfOpenConnection_whenAnotherSynComesBetween_thenItsAnswerIsStillTheSame() {
    var tcp = fresh().profile(ACCURATE).listening();
    tcp.receives(Seg.flags(ASK).seq(0).options(mss(full)).ecn(ECT_0));
    tcp.sends(SYN | ACK | ace(4));
    tcp.another(9_999).receives(Seg.flags(SYN).seq(0).options(mss(full)));
    tcp.untilSends(1_100);
    tcp.sends(SYN | ACK | ace(4));
    tcp.receives(Seg.flags(ACK | ace(2)));
    tcp.receives(Seg.data(10).ecn(CE));
    tcp.sends(ACK | ace(6));
  }

  // ---- The receiver ----------------------------------------------------------------------------

  @Test
  @Tag("rfc9768-b")
  void countsMarksFromFiveOnModuloEight() {
    var tcp = accepted();
    for (int i = 1; i <= 20; i++) {
      tcp.receives(Seg.data(10).ecn(CE));
      tcp.sends(ACK | ace(5 + i)).ack(1 + 10 * i).ecn(NOT_ECT);
    }
    tcp.receives(Seg.data(10).ecn(ECT_0)).advance(100);
    tcp.sends(ACK | ace(25));
    tcp.send(10).sends(ACK | ace(25)).ecn(ECT_0);
    assertEquals(20, tcp.counted(Event.ECN_CE_RECEIVED));
  }

  @Test
  @Tag("rfc9768-b")
  @DisplayName("§3.2.2.5.1: in a burst of marks none goes by unseen")
  void givenABurstOfMarks_thenAnAckEveryThirdOne() {
    var tcp = accepted();
    var burst = new Seg[20];
    for (int i = 0; i < burst.length; i++) {
      burst[i] = Seg.data(10).ecn(CE);
    }
    tcp.receives(burst);
    var sent = tcp.sent();
    assertEquals(7, sent.size());
    for (int i = 0; i < 6; i++) {
      assertEquals(ace(5 + 3 * (i + 1)), sent.get(i).flags & ace(7));
    }
    assertEquals(ace(25), sent.get(6).flags & ace(7));
    sent.get(6).ack(201);
  }

  @Test
  @Tag("rfc9768-b")
  void givenMarksCounted_whenTheConnectionSleeps_thenTheCountIsKept() {
    var tcp = accepted();
    tcp.receives(Seg.data(10).ecn(CE));
    tcp.sends(ACK | ace(6));
    assertEquals(0, tcp.blocksInUse());
    var other = tcp.another(9_999);
    other.receives(Seg.flags(SYN).seq(0).options(mss(full)));
    other.receives(Seg.rst().seq(1));
    assertTrue(tcp.is(t -> t.block == BlockPool.NONE && t.ecn && t.accurateEcn && !t.eceOwed));
    tcp.send(100).sends(ACK | ace(6)).ecn(ECT_0);
    other.another(9_998).receives(Seg.flags(SYN).seq(0).options(mss(full)));
    tcp.receives(Seg.flags(ACK | ace(5)).length(10).ecn(CE));
    tcp.sends(ACK | ace(7));
  }

  // ---- The sender ------------------------------------------------------------------------------

  @Test
  @Tag("rfc9768-b")
  void givenMarksTold_thenCwndFallsOnceAWindowWithoutCwr() {
    var tcp = accepted();
    tcp.send(10 * full).send(10 * full).send(10 * full).sent();
    tcp.receives(Seg.flags(ACK | ace(6)).ack(at(1)));
    assertEquals((int) (10 * full * 0.85), tcp.number(t -> t.congestion.cwndBytes));
    tcp.receives(Seg.flags(ACK | ace(7)).ack(at(3)));
    tcp.receives(Seg.flags(ACK | ace(9)).ack(at(10)));
    assertEquals(1, tcp.counted(Event.ECN_REDUCTIONS));
    for (Sent s : tcp.sent()) {
      assertEquals(ace(5), s.flags & ace(7), "our own count; no CWR");
      s.ecn(ECT_0);
    }
    tcp.receives(Seg.flags(ACK | ace(9)).ack(at(12)));
    assertEquals(1, tcp.counted(Event.ECN_REDUCTIONS), "nothing new was told");
    tcp.sent();
    tcp.receives(Seg.flags(ACK | ace(10)).ack(at(13)));
    assertEquals(2, tcp.counted(Event.ECN_REDUCTIONS));
  }

  @ParameterizedTest
  @Tag("rfc9768-b")
  @Tag("rfc9768-d")
  @ValueSource(ints = {0, 3, 4})
  @DisplayName("§3.2.2.3, §3.2.2.4: flags cleared or the field changed on the way")
  void givenAThirdAckThatCantBe_thenNothingIsMarkedAsCapable(int code) {
    var tcp = fresh().profile(ACCURATE).listening();
    tcp.receives(Seg.flags(ASK).seq(0).options(mss(full)));
    tcp.sends(SYN | ACK | ace(2));
    tcp.receives(Seg.flags(ACK | ace(code)));
    tcp.send(10 * full);
    for (Sent s : tcp.sent()) {
      s.ecn(NOT_ECT);
    }
    tcp.receives(Seg.flags(ACK | ace(0)).ack(at(10)));
    assertEquals(0, tcp.counted(Event.ECN_REDUCTIONS));
    tcp.receives(Seg.data(10).ecn(CE)); // what we tell goes on
    tcp.sends(ACK | ace(6));
  }

  @Test
  @Tag("rfc9768-b")
  @Tag("rfc9768-d")
  void givenAClient_whenTheFirstSegmentAfterTheSynAckShowsZero_thenNothingIsMarkedAsCapable() {
    var tcp = fresh().profile(ACCURATE).closed().connect();
    tcp.sends(ASK);
    tcp.receives(Seg.flags(SYN | ACK | ace(2)).seq(0).options(mss(full)));
    tcp.sends(ACK | ace(2));
    tcp.send(100).sends(ACK | ace(5)).ecn(ECT_0);
    tcp.receives(Seg.flags(ACK | ace(0)).ack(101));
    tcp.send(100).sends(ACK | ace(5)).ecn(NOT_ECT);
    assertEquals(0, tcp.counted(Event.ECN_REDUCTIONS));
  }

  @Test
  @Tag("rfc9768-d")
  void givenASynAckThatSaysThatOurSynWasMarkable_thenTheFieldIsMangledAndWeMarkNothing() {
    var tcp = fresh().profile(ACCURATE).closed().connect();
    tcp.sends(ASK);
    tcp.receives(Seg.flags(SYN | ACK | ace(6)).seq(0).options(mss(full)));
    tcp.sends(ACK | ace(2));
    tcp.send(100).sends(ACK | ace(5)).ecn(NOT_ECT);
  }
}
