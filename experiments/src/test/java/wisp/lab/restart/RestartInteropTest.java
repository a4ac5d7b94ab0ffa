package wisp.lab.restart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("kill -9 of wisp serve on mapped, under the Linux kernel's connections")
class RestartInteropTest {
  private static final int CONNECTIONS = 200;

  @BeforeEach
  void canRunHere() {
    String reason = new RestartSuite().unavailable();
    assumeTrue(reason == null, reason);
  }

  @Test
  void givenIdleConnections_whenKilled_thenAllAnswerAndNoneIsReset() {
    try (var lab = new RestartLab("mapped", Map.of(), 1_000)) {
      lab.start(false);
      lab.open(CONNECTIONS, 1);
      assertEquals(CONNECTIONS, lab.ask(20).whole());
      watchIfPossible(lab);
      long gaveUp = lab.kernelGaveUp(); // tshark's plug-ins try ports of the loopback at its start
      RestartLab.pause(3_000);
      lab.kill();
      var ready = lab.start(false);
      assertEquals(CONNECTIONS, ready.restored());
      assertEquals(new RestartLab.Answer(CONNECTIONS, 0, 0, 0), lab.ask(20));
      assertEquals(0, lab.kernelResets());
      assertEquals(gaveUp, lab.kernelGaveUp());
      assertCaptured(0, lab);
    }
  }

  @Test
  void givenAMemoryThatDies_whenKilled_thenAllWitnessesCountEachReset() {
    try (var lab = new RestartLab("slab", Map.of(), 1_000)) {
      lab.start(false);
      lab.open(CONNECTIONS, 4);
      assertEquals(CONNECTIONS, lab.ask(20).whole());
      watchIfPossible(lab);
      assertCaptured(0, lab);
      lab.kill();
      lab.start(false);
      assertEquals(new RestartLab.Answer(0, CONNECTIONS, 0, 0), lab.ask(20));
      assertEquals(CONNECTIONS, lab.kernelResets());
      assertCaptured(CONNECTIONS, lab);
    }
  }

  private static void watchIfPossible(RestartLab lab) {
    if (ResetWatch.unavailable() == null) {
      lab.watch();
    }
  }

  private static void assertCaptured(long connections, RestartLab lab) {
    var seen = lab.seen();
    if (seen != null) {
      assertEquals(connections, seen.connections(), "connections that tshark saw a RST on");
    }
  }

  @Test
  void givenEchoingConnections_whenKilledAgainAndAgain_thenEachGoesOnOrIsReset() {
    try (var lab = new RestartLab("mapped", Map.of(), 1_000)) {
      lab.start(false);
      lab.open(CONNECTIONS, 2);
      watchIfPossible(lab);
      long reset = 0;
      for (int kill = 0; kill < 3; kill++) {
        lab.run();
        RestartLab.pause(300 + 77 * kill);
        lab.kill();
        lab.start(false);
        var answer = lab.rest(20);
        assertEquals(0, answer.wrong(), answer::toString);
        assertEquals(0, answer.silent(), answer::toString);
        assertEquals(CONNECTIONS, answer.whole() + answer.reset(), answer::toString);
        assertTrue(answer.reset() <= 4, answer::toString); // what one thread had in hand
        reset += answer.reset();
      }
      assertCaptured(reset, lab);
    }
  }

  @Test
  void givenEchoingConnections_whenHandedOver_thenNoneIsLost() {
    try (var lab = new RestartLab("mapped", Map.of(), 1_000)) {
      lab.start(false);
      lab.open(CONNECTIONS, 3);
      lab.run();
      RestartLab.pause(300);
      var ready = lab.start(true);
      assertEquals(0, ready.reset());
      assertEquals(new RestartLab.Answer(CONNECTIONS, 0, 0, 0), lab.rest(20));
    }
  }
}
