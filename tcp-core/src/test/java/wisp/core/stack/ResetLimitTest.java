package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.TcpFixture.with;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;

@DisplayName("Segments of no connection draw no more RSTs in a second than the limit")
class ResetLimitTest {
  private static final int LIMIT = 100;

  @ParameterizedTest(name = "IPv6: {0}")
  @ValueSource(booleans = {false, true})
  void givenAFlood_whenAnswered_thenRstsAreLimitedAndTheRestIsCounted(boolean ipv6) {
    var setup = with().ipv6(ipv6);
    var tcp = setup.config(setup.config.with(b -> b.strayResetLimit = LIMIT)).closed();
    for (int second = 0; second < 3; second++) {
      for (int i = 0; i < 5 * LIMIT; i++) {
        tcp.receives(Seg.ack().seq(i).ack(i));
      }
      int resets = tcp.sent().size();
      assertTrue(resets >= LIMIT / 2 && resets <= LIMIT, () -> resets + " RSTs in a second");
      tcp.advance(1_000);
    }
    long answered = tcp.counted(Event.RESETS_SENT);
    assertEquals(3 * 5 * LIMIT, answered + tcp.counted(Event.RESETS_WITHHELD));
  }
}
