package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.TcpFixture.with;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;

/**
 * Left − 1, left, right − 1 and right of each window, wherever it lies: the edges themselves are
 * put on and around 2^31 and 2^32. What a segment did is seen by what is delivered and answered.
 */
@ParameterizedClass(name = "IPv6: {0}")
@ValueSource(booleans = {false, true})
@DisplayName("RFC 9293 §3.4, §3.10.7.4: every edge of a sequence space")
class SequenceEdgesTest {
  private static final int WINDOW = 100;
  private static final int HALF = Integer.MIN_VALUE;

  private final boolean ipv6;

  SequenceEdgesTest(boolean ipv6) {
    this.ipv6 = ipv6;
  }

  /** RCV.NXT lies there. */
  private TcpFixture receivingAt(int left) {
    return with().ipv6(ipv6).receiveWindow(WINDOW).irs(left - 1).established();
  }

  @ParameterizedTest
  @Tag("rfc9293-c")
  @ValueSource(
      ints = {
        1_000_000,
        HALF - WINDOW,
        HALF - WINDOW + 1,
        HALF - 50,
        HALF - 1,
        HALF,
        HALF + 1,
        -WINDOW,
        1 - WINDOW,
        -50,
        -1,
        0,
        1
      })
  @DisplayName("SEG.SEQ: acceptable when its first or last octet lies in the window")
  void segSeq(int left) {
    for (int first : new int[] {-3, -2, -1, 0, 1, WINDOW - 2, WINDOW - 1, WINDOW, WINDOW + 1}) {
      for (int length = 0; length <= 3; length++) {
        var tcp = receivingAt(left);
        tcp.receives(Seg.data(length).seq(1 + first));
        int last = first + length - 1;
        boolean acceptable = isIn(first) || (length > 0 && isIn(last));
        String what = "offset " + first + ", length " + length;
        assertEquals(acceptable ? 0 : 1, tcp.counted(Event.DROP_WINDOW), what);
        int inOrder = acceptable && first <= 0 ? first + length : 0;
        tcp.delivered(inOrder);
        if (!acceptable) {
          tcp.sends(ACK).absolute(tcp.iss + 1, left).length(0);
        }
        tcp.sent();
        // What was beyond a hole was held, up to the right edge and not further.
        int fill = Math.clamp(first, 0, WINDOW);
        int end = acceptable ? Math.max(fill, Math.min(first + length, WINDOW)) : fill;
        if (fill > 0) {
          tcp.receives(Seg.data(fill).seq(1)).delivered(end);
        }
        tcp.isEstablished().allReturns();
      }
    }
  }

  private static boolean isIn(int offset) {
    return offset >= 0 && offset < WINDOW;
  }

  @ParameterizedTest
  @Tag("rfc9293-c")
  @ValueSource(ints = {1_000_000, HALF - WINDOW, HALF - 1, HALF, -WINDOW, -1, 0})
  @DisplayName("SEG.SEQ at zero window: RCV.NXT alone, and its text does not count")
  void segSeqAtZeroWindow(int left) {
    for (int offset = -2; offset <= 2; offset++) {
      for (int length = 0; length <= 1; length++) {
        var tcp = receivingAt(left - WINDOW).pause();
        tcp.receives(Seg.data(WINDOW)).advance(100).send(50);
        tcp.sent();
        tcp.events.clear();
        tcp.receives(Seg.data(length).seq(1 + WINDOW + offset).ack(51)).delivered(WINDOW);
        boolean counts = offset == 0;
        assertEquals(
            counts ? "[acked 50, released 50/50]" : "[]",
            tcp.events.toString(),
            "offset " + offset + ", length " + length);
        if (!counts || length > 0) {
          tcp.sends(ACK).absolute(tcp.iss + 51, left).window(0);
        }
        tcp.sendsNothing().allReturns();
      }
    }
  }

  @ParameterizedTest
  @Tag("rfc9293-c")
  @Tag("MAY-12")
  @ValueSource(
      ints = {
        1_000_000,
        HALF - 1_001,
        HALF - 1_000,
        HALF - 500,
        HALF - 1,
        HALF,
        HALF + 65_535,
        -1_001,
        -1_000,
        -500,
        -1,
        0,
        65_535
      })
  @DisplayName("SEG.ACK: from SND.UNA − MAX.SND.WND to SND.NXT, and what is beyond gets an ACK")
  void segAck(int una) {
    int sent = 1_000;
    int most = 65_535;
    for (int offset :
        new int[] {-most - 1, -most, -most + 1, -1, 0, 1, sent - 1, sent, sent + 1, 70_000}) {
      var tcp = with().ipv6(ipv6).iss(una - 1).established().send(sent);
      assertEquals(una, tcp.sends(ACK).seqAbsolute);
      tcp.receives(Seg.data(10).seq(1).ack(1 + offset));
      boolean acceptable = offset >= -most && offset <= sent;
      String what = "offset " + offset;
      assertEquals(acceptable ? 10 : 0, tcp.delivered, what);
      boolean news = offset > 0 && acceptable;
      assertEquals(news, tcp.events.contains("acked " + offset), what);
      if (acceptable) {
        tcp.advance(40).sends(ACK).ack(11);
      } else {
        tcp.sends(ACK).absolute(una + sent, tcp.irs + 1).length(0);
      }
      tcp.isEstablished().allReturns();
    }
  }
}
