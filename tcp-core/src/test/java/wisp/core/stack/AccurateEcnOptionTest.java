package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.AE;
import static wisp.core.stack.Seg.CWR;
import static wisp.core.stack.Seg.ECE;
import static wisp.core.stack.Seg.SYN;
import static wisp.core.stack.Seg.markedBytes;
import static wisp.core.stack.Seg.mss;
import static wisp.core.stack.Seg.sackPermitted;
import static wisp.core.stack.Seg.timestamp;
import static wisp.core.stack.TcpFixture.with;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wisp.core.Counters.Event;
import wisp.core.spi.BlockPool;
import wisp.core.spi.EcnMode;
import wisp.core.tcp.MarkedBytes;

@DisplayName("RFC 9768 §3.2.3: the option tells bytes by ECN field")
class AccurateEcnOptionTest {
  private static final int NOT_ECT = 0;
  private static final int ECT_1 = 1;
  private static final int ECT_0 = 2;
  private static final int CE = 3;
  private static final int ASK = SYN | AE | CWR | ECE;

  /** The kind that begins with ECT(0), and the one that begins with ECT(1). */
  private static final int ORDER_0 = 172;

  private static final int ORDER_1 = 174;

  private static final ConnectionProfile ACCURATE =
      ConnectionProfile.DEFAULT.with(b -> b.ecn = EcnMode.ACCURATE);

  private static int ace(int count) {
    return (count & 7) << 6;
  }

  private static int at(int segment) {
    return 1 + 1_460 * segment;
  }

  private static TcpFixture.Setup accurate() {
    return with().profile(ACCURATE);
  }

  private static Seg asking() {
    return Seg.flags(ASK).seq(0).options(mss(1_460));
  }

  private static Seg data(int bytes) {
    return Seg.flags(ACK | ace(5)).length(bytes);
  }

  /** From LISTEN; the third ACK has the option as well. */
  private static TcpFixture accepted() {
    return accepted(markedBytes(ORDER_0, 1, 0, 1));
  }

  private static TcpFixture accepted(byte[] option) {
    var tcp = accurate().listening();
    tcp.receives(asking());
    tcp.sends(SYN | ACK | ace(2)).markedBytes(ORDER_0, 1, 0, 1);
    tcp.receives(Seg.flags(ACK | ace(2)).options(option));
    tcp.receives(data(1)).sends(ACK | ace(5)).ack(2).markedBytes();
    tcp.events.clear();
    return tcp.isEstablished();
  }

  private static TcpFixture connected() {
    var tcp = accurate().closed().connect();
    tcp.sends(ASK).markedBytes();
    tcp.receives(
        Seg.flags(SYN | ACK | ace(2)).seq(0).options(mss(1_460), markedBytes(ORDER_0, 1, 0, 1)));
    tcp.sends(ACK | ace(2)).markedBytes(ORDER_0, 1, 0, 1);
    return tcp.isEstablished();
  }

  // ---- Telling ---------------------------------------------------------------------------------

  @Test
  @Tag("rfc9768-c")
  @DisplayName("on SYN-ACK, third ACK and a client's first text, never on a SYN; then with news")
  void triesThePathThenTellsNews() {
    var server = accepted();
    server.send(10).sends(ACK | ace(5)).markedBytes();

    var client = connected();
    client.send(10).sends(ACK | ace(5)).length(10).markedBytes(ORDER_0, 1, 0, 1);
    client.receives(Seg.ack().ack(11));
    client.send(10).sends(ACK | ace(5)).markedBytes();
  }

  @Test
  @Tag("rfc9768-c")
  @DisplayName("§3.2.3.3: on each ACK that has news, and of the counters those that ever moved")
  void tellsWhatHasMoved() {
    var tcp = accepted();
    tcp.receives(data(100).ecn(ECT_0)).advance(100);
    tcp.sends(ACK | ace(5)).markedBytes(ORDER_0, 101, 0);
    tcp.receives(data(10).ecn(CE));
    tcp.sends(ACK | ace(6)).markedBytes(ORDER_0, 101, 10);
    tcp.receives(data(7).ecn(ECT_1)).advance(100);
    tcp.sends(ACK | ace(6)).markedBytes(ORDER_0, 101, 10, 8);
    tcp.receives(data(5).ecn(NOT_ECT)).advance(100);
    tcp.sends(ACK | ace(6)).markedBytes();
    tcp.receives(Seg.flags(ACK | ace(5)).ecn(CE)).advance(100); // no text: no byte
    tcp.receives(data(5).ecn(ECT_0)).advance(100);
    tcp.sends(ACK | ace(7)).markedBytes(ORDER_0, 106, 10, 8);
  }

  @Test
  @Tag("rfc9768-c")
  void givenEct1Alone_thenTheOtherOrder() {
    var tcp = accepted();
    tcp.receives(data(100).ecn(ECT_1)).advance(100);
    tcp.sends(ACK | ace(5)).markedBytes(ORDER_1, 101, 0);
    tcp.receives(data(10).ecn(CE));
    tcp.sends(ACK | ace(6)).markedBytes(ORDER_1, 101, 10);
  }

  @Test
  @Tag("rfc9768-c")
  @DisplayName("§3.2.3.1: counters have 24 bits")
  void countersGoRound() {
    var tcp = accepted();
    for (int i = 0; i < 1_200; i++) {
      tcp.receives(data(14_000).ecn(CE));
    }
    var sent = tcp.sent();
    sent.get(sent.size() - 1).markedBytes(ORDER_0, 1, 1_200 * 14_000 - (1 << 24));
  }

  @Test
  @Tag("rfc9768-c")
  @DisplayName(
      "what a repeated or an overtaken segment brings counts, what is not acceptable does not")
  void countsAcceptableText() {
    var tcp = accepted();
    tcp.receives(data(10).ecn(CE)).sends(ACK | ace(6)).markedBytes(ORDER_0, 1, 10);
    tcp.receives(Seg.flags(ACK | ace(5)).seq(-20_000).length(10).ecn(CE));
    tcp.sends(ACK | ace(6)).markedBytes();
    tcp.receives(Seg.flags(ACK | ace(5)).seq(1_000).length(10).ecn(CE));
    tcp.sends(ACK | ace(7)).ack(12).markedBytes(ORDER_0, 1, 20);
  }

  // ---- Room ------------------------------------------------------------------------------------

  @Test
  @Tag("rfc9768-c")
  @DisplayName("§3.2.3.3: two SACK blocks go before the option, a third does not")
  void givesWayToTwoSackBlocks() {
    var tcp = accurate().listening();
    tcp.receives(Seg.flags(ASK).seq(0).options(mss(1_460), sackPermitted(), timestamp(1_000, 0)));
    tcp.sends(SYN | ACK | ace(2)).markedBytes(ORDER_0, 1, 0, 1);
    tcp.receives(Seg.flags(ACK | ace(2)));
    for (int i = 1; i <= 3; i++) {
      tcp.receives(Seg.flags(ACK | ace(5)).seq(100 * i).length(10).ecn(ECT_0));
      Sent sent = tcp.sends(ACK | ace(5)).markedBytes(ORDER_0, 1 + 10 * i, 0);
      assertEquals(2 * Math.min(i, 2), sent.sack.length);
    }
    tcp.receives(Seg.flags(ACK | ace(5)).seq(400).length(10).ecn(NOT_ECT));
    assertEquals(6, tcp.sends(ACK | ace(5)).markedBytes().sack.length, "no news: three blocks");
    tcp.receives(
        Seg.flags(ACK | ace(5)).seq(500).length(10).ecn(ECT_0),
        Seg.flags(ACK | ace(5)).seq(600).length(10).ecn(ECT_1));
    Sent both = tcp.sends(ACK | ace(5)).markedBytes(); // both are news, and need twelve bytes
    assertEquals(6, both.sack.length);
    tcp.sends(ACK | ace(5)).markedBytes();
    tcp.receives(Seg.flags(ACK | ace(5)).seq(1).length(2_000).ecn(NOT_ECT));
    tcp.sends(ACK | ace(5)).markedBytes(ORDER_0, 41, 0, 11);
  }

  @Test
  @DisplayName("text makes room for it in its first segment")
  void givenFullSegments_thenTheFirstIsShorter() {
    var tcp = accepted();
    tcp.receives(data(10).ecn(CE));
    tcp.sends(ACK | ace(6)).markedBytes(ORDER_0, 1, 10);
    tcp.on("data", c -> tcp.send(4_380));
    tcp.receives(data(10).ecn(CE));
    tcp.sends(ACK | ace(7)).length(1_448).markedBytes(ORDER_0, 1, 20);
    tcp.sends(ACK | ace(7)).length(1_460).markedBytes();
    tcp.sends(ACK | ace(7)).length(1_460).markedBytes();
    tcp.sendsNothing(); // Nagle: twelve bytes are left
  }

  // ---- When it may be lost for it --------------------------------------------------------------

  @Test
  @Tag("rfc9768-d")
  @DisplayName("§3.2.3.2.2: the SYN-ACK goes again without the option, then without the flags")
  void givenASynAckThatIsLost_thenItFallsBack() {
    var tcp = accurate().listening();
    tcp.receives(asking().ecn(ECT_0));
    tcp.sends(SYN | ACK | ace(4)).markedBytes(ORDER_0, 1, 0, 1);
    tcp.untilSends(1_100);
    tcp.sends(SYN | ACK | ace(4)).markedBytes();
    tcp.untilSends(2_100);
    tcp.sends(SYN | ACK).markedBytes();
    tcp.receives(Seg.flags(ACK | ace(2)));
    tcp.receives(data(10).ecn(CE)); // what we tell goes on, by the flags
    tcp.sends(ACK | ace(6)).markedBytes();
    tcp.send(10).sends(ACK | ace(6)).ecn(ECT_0);
  }

  @Test
  @Tag("rfc9768-d")
  @DisplayName("§3.2.3.2.2, §3.1.5: for a SYN that comes again too, with what that one came with")
  void givenASynThatComesAgain_thenTheAnswerHasNoOption() {
    var tcp = accurate().listening();
    tcp.receives(asking());
    tcp.sends(SYN | ACK | ace(2)).markedBytes(ORDER_0, 1, 0, 1);
    tcp.another(9_999).receives(Seg.flags(SYN).seq(0).options(mss(1_460)));
    tcp.receives(asking().ecn(CE));
    tcp.sends(SYN | ACK | ace(6)).markedBytes();
    tcp.receives(Seg.flags(ACK | ace(2)));
    tcp.receives(data(10).ecn(CE));
    tcp.sends(ACK | ace(6)).markedBytes();
  }

  @Test
  @Tag("rfc9768-d")
  @DisplayName("§3.2.3.2.2: a client whose first text is lost with it says it no more")
  void givenFirstTextThatIsLost_thenTheCopyAndAllElseGoWithout() {
    var tcp = connected();
    tcp.send(10).sends(ACK | ace(5)).markedBytes(ORDER_0, 1, 0, 1);
    tcp.untilSends(1_100);
    tcp.sends(ACK | ace(5)).seq(1).markedBytes();
    tcp.receives(Seg.flags(ACK | ace(5)).ack(11));
    tcp.receives(data(10).ecn(CE));
    tcp.sends(ACK | ace(6)).markedBytes();
  }

  @Test
  void givenFirstTextThatArrives_whenLaterTextIsLost_thenTheOptionStays() {
    var tcp = connected();
    tcp.send(10).sends(ACK | ace(5)).markedBytes(ORDER_0, 1, 0, 1);
    tcp.receives(Seg.flags(ACK | ace(5)).ack(11));
    tcp.send(10).sends(ACK | ace(5));
    tcp.untilSends(1_100);
    tcp.sends(ACK | ace(5)).seq(11).markedBytes();
    tcp.receives(Seg.flags(ACK | ace(5)).ack(21));
    tcp.receives(data(10).ecn(CE));
    tcp.sends(ACK | ace(6)).markedBytes(ORDER_0, 1, 10);
  }

  // ---- Hearing ---------------------------------------------------------------------------------

  private static int cuts(TcpFixture tcp) {
    return (int) tcp.counted(Event.ECN_REDUCTIONS);
  }

  @Test
  @Tag("rfc9768-c")
  @DisplayName("marks that went round in the ACE field are found by the option")
  void hearsOfMarksThatTheFlagsDoNotShow() {
    var tcp = accepted();
    tcp.send(14_600).sent();
    tcp.receives(Seg.flags(ACK | ace(5)).ack(at(8)).options(markedBytes(ORDER_0, 1, 8 * 1_460)));
    assertEquals(1, cuts(tcp));
    tcp.send(14_600).sent();
    tcp.receives(Seg.flags(ACK | ace(5)).ack(at(18)).options(markedBytes(ORDER_0, 1, 8 * 1_460)));
    assertEquals(1, cuts(tcp), "nothing new was told");
  }

  @ParameterizedTest(name = "kind {0}, {1} bytes")
  @CsvSource({
    "172,8,true",
    "172,9,true",
    "172,11,true",
    "172,14,true",
    "174,8,true",
    "172,5,false",
    "172,7,false",
    "172,2,false"
  })
  @Tag("rfc9768-c")
  @DisplayName("§3.2.3: whole counters count, the rest is padding")
  void readsAnyLength(int kind, int length, boolean tells) {
    var tcp = accepted();
    tcp.send(14_600).sent();
    byte[] option = new byte[length];
    option[0] = (byte) kind;
    option[1] = (byte) length;
    if (length >= 7) {
      option[6] = 0x20; // 8,192 bytes, behind whichever counter comes first
    }
    tcp.receives(Seg.flags(ACK | ace(5)).ack(at(8)).options(option));
    assertEquals(tells ? 1 : 0, cuts(tcp));
  }

  @Test
  void givenAnOptionThatWasOvertaken_thenItSaysNothing() {
    var tcp = accepted();
    tcp.send(14_600).sent();
    tcp.receives(Seg.flags(ACK | ace(6)).ack(at(2)).options(markedBytes(ORDER_0, 1, 1_460)));
    tcp.receives(Seg.flags(ACK | ace(6)).ack(at(10)).options(markedBytes(ORDER_0, 1, 1_460)));
    assertEquals(1, cuts(tcp));
    tcp.send(10).sent();
    tcp.receives(Seg.flags(ACK | ace(6)).ack(at(10) + 10).options(markedBytes(ORDER_0, 1, 0)));
    tcp.send(10).sent();
    tcp.receives(Seg.flags(ACK | ace(6)).ack(at(10) + 20).options(markedBytes(ORDER_0, 1, 1_460)));
    assertEquals(1, cuts(tcp));
  }

  @Test
  @Tag("rfc9768-d")
  @DisplayName("§3.2.3.2.4: where the first option holds zeros no later one counts")
  void givenZerosInTheBeginning_thenTheOptionIsIgnored() {
    var tcp = accepted(markedBytes(ORDER_0, 0, 0, 0));
    tcp.send(14_600).sent();
    tcp.receives(Seg.flags(ACK | ace(5)).ack(at(5)).options(markedBytes(ORDER_0, 1, 1_460)));
    assertEquals(0, cuts(tcp));
    tcp.receives(Seg.flags(ACK | ace(6)).ack(at(6)));
    assertEquals(1, cuts(tcp));
  }

  @Test
  @Tag("rfc9768-d")
  @DisplayName("§3.2.3.2.5: bytes came marked and no packet did: we mark nothing as capable")
  void givenACountThatCantBe_thenNothingIsMarkedAsCapable() {
    var tcp = accepted();
    tcp.send(5).sends(ACK | ace(5)).ecn(ECT_0);
    tcp.receives(Seg.flags(ACK | ace(5)).ack(6).options(markedBytes(ORDER_0, 1, 5)));
    tcp.send(5).sends(ACK | ace(5)).ecn(NOT_ECT);
    assertEquals(0, cuts(tcp));
  }

  @ParameterizedTest(name = "with the option: {0}")
  @CsvSource({"false,2", "true,1"})
  @Tag("rfc9768-d")
  @DisplayName("§3.2.2.5.2: without the option a large step just after marks counts as eight more")
  void givenNoOption_thenAnAceFieldThatMayHaveGoneRoundHas(boolean option, int expected) {
    var tcp = accepted(option ? markedBytes(ORDER_0, 1, 0, 1) : new byte[0]);
    tcp.send(14_600).sent();
    tcp.receives(Seg.flags(ACK | ace(6)).ack(at(10)));
    assertEquals(1, cuts(tcp));
    tcp.send(11_680).sent();
    tcp.receives(Seg.flags(ACK | ace(6)).ack(at(18)));
    tcp.send(11_680).sent();
    tcp.receives(Seg.flags(ACK | ace(6)).ack(at(26)));
    assertEquals(expected, cuts(tcp));
  }

  // ---- The handshake's codes -------------------------------------------------------------------

  @Test
  @Tag("rfc9768-a")
  @DisplayName("§3.2.2.1: only a bare ACK has the code; text follows with a count")
  void givenTextThatWaits_thenABareAckGoesFirst() {
    var tcp = accurate().closed().connect().send(10);
    tcp.sends(ASK);
    tcp.receives(Seg.flags(SYN | ACK | ace(2)).seq(0).options(mss(1_460)).ecn(CE));
    tcp.sends(ACK | ace(6)).length(0);
    tcp.sends(ACK | ace(6)).length(10); // five, and the SYN-ACK
  }

  @Test
  @Tag("rfc9768-a")
  @DisplayName("§3.2.2.1: a server whose third ACK brings text takes it for a count")
  void givenAThirdAckWithText_thenItsFlagsAreACount() {
    var tcp = accurate().listening();
    tcp.receives(asking());
    tcp.sends(SYN | ACK | ace(2));
    tcp.receives(Seg.flags(ACK | ace(5)).length(10)).sends(ACK | ace(5)).ack(11);
    tcp.send(14_600).sent();
    tcp.receives(Seg.flags(ACK | ace(5)).ack(at(1)));
    assertEquals(0, cuts(tcp));
    tcp.receives(Seg.flags(ACK | ace(6)).ack(at(2)));
    assertEquals(1, cuts(tcp));
  }

  @Test
  @Tag("rfc9768-a")
  @DisplayName("§3.2.2.1: a copy of the SYN-ACK is acknowledged with the code of that one")
  void givenTheSynAckAgain_thenItsAckHasTheCodeAgain() {
    var tcp = connected();
    tcp.receives(Seg.flags(SYN | ACK | ace(2)).seq(0).options(mss(1_460)).ecn(CE));
    tcp.sends(ACK | ace(6)).ack(1).length(0);
    tcp.send(10).sends(ACK | ace(6)).ecn(ECT_0);
  }

  // ---- Where it is kept ------------------------------------------------------------------------

  @Test
  @Tag("rfc9768-c")
  void givenCountersThatMoved_whenTheConnectionSleeps_thenTheyAreKept() {
    var tcp = accepted();
    tcp.receives(data(10).ecn(CE)).sends(ACK | ace(6)).markedBytes(ORDER_0, 1, 10);
    tcp.send(14_600).sent();
    tcp.receives(Seg.flags(ACK | ace(5)).ack(at(10)).options(markedBytes(ORDER_0, 1, 8 * 1_460)));
    tcp.advance(5_000);
    var other = tcp.another(9_999);
    other.receives(Seg.flags(SYN).seq(0).options(mss(1_460)));
    other.receives(Seg.rst().seq(1));
    assertTrue(tcp.is(t -> t.block == BlockPool.NONE && t.accurateEcn));
    tcp.sent();
    tcp.receives(data(7).ecn(CE)).sends(ACK | ace(7)).markedBytes(ORDER_0, 1, 17);
    other.another(9_998).receives(Seg.flags(SYN).seq(0).options(mss(1_460)));
    tcp.send(14_600).sent();
    tcp.receives(Seg.flags(ACK | ace(5)).ack(at(20)).options(markedBytes(ORDER_0, 1, 8 * 1_460)));
    assertEquals(1, cuts(tcp), "what was told before is no news");
  }

  @Test
  @DisplayName("who never sees a mark pays nothing")
  void givenNoMarks_thenNoMemory() {
    var table = new MarkedBytesTable();
    var counters = new MarkedBytes();
    counters.reset();
    long before = table.reservedBytes();
    table.keep(7, counters);
    assertEquals(before, table.reservedBytes());
    table.recall(7, counters);
    assertTrue(counters.isInitial());
  }
}
