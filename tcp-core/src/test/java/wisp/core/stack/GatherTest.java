package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.spi.GatheringLink;

@DisplayName("Payload that the link takes from where it lies")
class GatherTest {
  private static final int BYTES = 600_000;

  /** The receiver checks every checksum and every byte; what is given back is poisoned. */
  @ParameterizedTest
  @CsvSource({"false,0", "false,3", "true,0", "true,3"})
  void givenLossAndDuplication_whenTheLinkReadsLate_thenAllArrivesAsItWas(boolean ipv6, int lag) {
    var link = new GatheringLink(1_500, lag);
    var path = new SimulatedPath(ipv6, link);
    var random = new SplittableRandom(lag);
    path.mischief =
        (forward, packet, usual) ->
            switch (random.nextInt(40)) {
              case 0 -> new long[] {};
              case 1 -> new long[] {usual, usual + random.nextInt(50_000_000)};
              default -> new long[] {usual + random.nextInt(10) * 300_000L};
            };
    path.open();
    path.transfer(BYTES, 600_000);
    assertTrue(link.gathered > BYTES / 1_460 / 2, link.gathered + " packets had pieces");
    path.run(5_000);
    assertEquals(0, path.client.memory.frames().inUse());
    path.end();
  }

  @Test
  void givenPacketsThatTheLinkStillReads_whenTheConnectionIsAborted_thenTheirFramesStayUntilThen() {
    var link = new GatheringLink(1_500, 0);
    var path = new SimulatedPath(false, link).open();
    link.lag = 1_000_000;
    path.give(10_000);
    path.run(20);
    path.abort();
    path.run(20);
    assertEquals(1, path.client.memory.frames().inUse());
    assertEquals(0, path.received());
    link.lag = 0;
    path.run(20);
    assertEquals(0, path.client.memory.frames().inUse());
    assertEquals(10_000, path.received());
    path.end();
  }

  @Test
  void givenPacketsThatTheLinkStillReads_whenTheContextIsClosed_thenTheirFramesAreGivenBack() {
    var link = new GatheringLink(1_500, 0);
    var path = new SimulatedPath(false, link).open();
    link.lag = 1_000_000;
    path.give(10_000);
    path.run(20);
    path.end();
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 256, 1_000})
  void givenLessPayloadThanTheLinkSays_whenSent_thenItIsCopied(int least) {
    var link = new GatheringLink(1_500, 0);
    link.least = least;
    var path = new SimulatedPath(false, link).open();
    path.transfer(least - 1, 1_000);
    assertEquals(0, link.gathered);
    path.transfer(least, 1_000);
    assertEquals(1, link.gathered);
    path.end();
  }
}
