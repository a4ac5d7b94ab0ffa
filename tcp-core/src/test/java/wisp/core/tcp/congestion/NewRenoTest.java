package wisp.core.tcp.congestion;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.spi.AckSample;
import wisp.core.spi.CongestionState;

@DisplayName("RFC 5681: NewReno as arithmetic")
class NewRenoTest {
  private static final int MSS = 1_000;
  private static final int ROUNDS = 20;

  /** Only full segments are sent: a rest of a segment in cwnd is acknowledged by nobody. */
  @ParameterizedTest
  @ValueSource(ints = {8_000, 8_001, 8_500, 8_999})
  void givenAWindowThatIsNotWholeSegments_whenAllOfARoundIsAcknowledged_thenItGrowsByOne(int cwnd) {
    var s = new CongestionState();
    s.mss = MSS;
    s.reset();
    s.cwndBytes = cwnd;
    s.ssthreshBytes = cwnd;
    var ack = new AckSample();
    ack.limited = true;
    ack.ackedBytes = MSS;
    var newReno = new NewReno();
    for (int round = 1; round <= ROUNDS; round++) {
      int flight = s.cwndBytes / MSS;
      for (int i = 0; i < flight; i++) {
        newReno.onAck(s, ack);
      }
      assertEquals(cwnd + round * MSS, s.cwndBytes);
    }
  }
}
