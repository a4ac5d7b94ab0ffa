package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.URG;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("RFC 9293 §3.8.5, RFC 6093: urgent data is data in line with a pointer to it")
@Tag("rfc9293-3.8.5")
@Tag("MUST-30")
class UrgentTest {
  private static Seg urgent(int bytes, int pointer) {
    return Seg.flags(ACK | URG).length(bytes).urgent(pointer);
  }

  @Test
  @Tag("MUST-32")
  @Tag("MUST-33")
  @Tag("rfc6093-a")
  void givenUrgentData_whenAnnounced_thenTheHandlerHearsHowMuchIsAhead() {
    var tcp = TcpFixture.established().receives(urgent(10, 10));
    tcp.heard("urgent 10", "data 10").delivered(10);
    assertEquals(0, tcp.blocksInUse());
  }

  @Test
  @Tag("MUST-31")
  @Tag("MUST-32")
  @Tag("rfc6093-b")
  void givenAPointerAhead_whenItMovesForward_thenToldAgainAndOnlyThen() {
    var tcp = TcpFixture.established().receives(urgent(10, 1_000)).heard("urgent 1000", "data 10");
    tcp.receives(urgent(10, 990)).heard("data 10");
    tcp.receives(urgent(10, 990)).heard("urgent 990", "data 10");
    tcp.receives(Seg.data(1_000)).delivered(1_030);
    assertEquals(0, tcp.blocksInUse());
  }

  @Test
  void givenAPointerAhead_whenOnUrgentSends_thenItIsNotForgotten() {
    var tcp = TcpFixture.established();
    tcp.on("urgent", c -> tcp.send(5));
    tcp.receives(urgent(10, 1_000)).receives(urgent(10, 990));
    assertEquals(1, tcp.events.stream().filter(e -> e.startsWith("urgent")).count());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 5, 10, 11, 100, 32_767, 32_768, 65_535})
  @DisplayName("threats 1.13: whatever the pointer says, the stream is unaffected")
  @Tag("rfc6093-c")
  @Tag("rfc6093-d")
  void givenAnyPointer_whenItArrives_thenTheStreamIsExact(int pointer) {
    var tcp = TcpFixture.established();
    tcp.receives(urgent(0, pointer), urgent(10, pointer), Seg.data(10), urgent(5, pointer));
    tcp.receives(Seg.data(10).urgent(pointer)).delivered(35);
    tcp.receives(Seg.flags(ACK | URG | Seg.FIN).urgent(pointer));
    assertEquals("peerClosed", tcp.events.getLast());
    tcp.allReturns();
  }

  @Test
  void givenUrgBeyondAHole_whenFilled_thenTheStreamIsExact() {
    var tcp = TcpFixture.established().receives(urgent(10, 5).seq(11), Seg.data(10).seq(1));
    tcp.delivered(20);
    assertEquals(0, tcp.blocksInUse());
  }

  @Test
  @Tag("MUST-62")
  @Tag("rfc6093-a")
  void givenSendUrgent_whenItLeaves_thenThePointerIsTheOctetAfterIt() {
    var tcp = TcpFixture.established().sendUrgent(10);
    tcp.sends(ACK | URG).seq(1).length(10).urgent(10);
    tcp.receives(Seg.ack()).send(5);
    assertFalse(tcp.sends(ACK).has(URG));
  }

  @Test
  @Tag("MUST-31")
  @Tag("rfc6093-b")
  void givenMuchUrgentData_whenItLeaves_thenEverySegmentPointsToItsEnd() {
    var tcp = TcpFixture.established().sendUrgent(3_000).send(100);
    tcp.sends(ACK | URG).seq(1).urgent(3_000);
    tcp.sends(ACK | URG).seq(1_461).urgent(1_540);
    tcp.sends(ACK | URG).seq(2_921).urgent(80).length(80);
    tcp.receives(Seg.ack());
    tcp.sends(ACK).seq(3_001).length(100);
  }

  @Test
  void givenUrgentDataLost_whenResent_thenThePointerIsResentToo() {
    var tcp = TcpFixture.established().sendUrgent(10);
    tcp.sends(ACK | URG);
    tcp.untilSends(2_000);
    tcp.sends(ACK | URG).seq(1).urgent(10);
  }
}
