package wisp.lab.broadcast;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import wisp.core.spi.Footprint;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.MemoryStrategyProvider;
import wisp.core.spi.StrategyConfig;
import wisp.lab.measure.Peak;
import wisp.lab.serve.BroadcastSettings;
import wisp.lab.serve.Lines;
import wisp.lab.suite.Catalog;

@DisplayName("A message to all connections exists once, and everybody has all of it")
class SpeechTest {
  private static final int LISTENERS = 300;

  static Stream<String> strategies() {
    return Catalog.strategies().stream().map(MemoryStrategyProvider::name);
  }

  private static MemoryStrategy memory(String name, int seed) {
    return Catalog.strategy(name).create(StrategyConfig.forConnections(LISTENERS, seed));
  }

  private static byte[] message(int bytes) {
    byte[] message = new byte[bytes];
    new SplittableRandom(3).nextBytes(message);
    return message;
  }

  private static long inUse(Speech speech, Footprint.Kind kind) {
    var footprint = new Footprint();
    speech.context().footprint(footprint);
    return footprint.inUseBytes(kind);
  }

  @ParameterizedTest
  @MethodSource("strategies")
  void givenPhantomsWithARoundTrip_whenToldALongLine_thenItsFramesExistOnce(String strategy) {
    byte[] message = message(300_001);
    var audience = new PhantomAudience(LISTENERS, message, 5, 1);
    try (var speech =
        new Speech(audience, memory(strategy, 1), LISTENERS, BroadcastSettings.DEFAULT, 1)) {
      speech.assemble();
      Peak peak = speech.tell(message);
      // Powers of two, headers, sums; however many there are that it was sent to.
      assertTrue(peak.inUse(Footprint.Kind.FRAMES) >= message.length);
      assertTrue(peak.inUse(Footprint.Kind.FRAMES) < 1.3 * message.length);
      speech.rest();
      assertEquals(LISTENERS, audience.complete());
      assertEquals(0, audience.wrong());
      assertEquals((long) LISTENERS * Lines.of(message).count(), speech.service().delivered());
      assertEquals(0, inUse(speech, Footprint.Kind.FRAMES));
      assertEquals(0, inUse(speech, Footprint.Kind.BLOCKS));
    }
  }

  @ParameterizedTest
  @MethodSource("strategies")
  void givenListenersOfOurs_whenToldALine_thenNothingIsLeft(String strategy) {
    byte[] message = message(70_000);
    var audience = new RealAudience(LISTENERS, message, memory(strategy, 2), 1);
    try (var speech =
        new Speech(audience, memory(strategy, 1), LISTENERS, BroadcastSettings.DEFAULT, 1)) {
      speech.assemble();
      speech.tell(message);
      speech.rest();
      assertEquals(LISTENERS, audience.complete());
      assertEquals(0, inUse(speech, Footprint.Kind.FRAMES));
    }
  }

  @Test
  void givenASmallWave_thenFewerBlocksAreUsedAtOnce() {
    byte[] message = message(1_000);
    long[] blocks = new long[2];
    for (int i = 0; i < 2; i++) {
      var settings = new BroadcastSettings(4 << 20, false, i == 0 ? LISTENERS : 20);
      var audience = new PhantomAudience(LISTENERS, message, 5, 1);
      try (var speech = new Speech(audience, memory("slab", 1), LISTENERS, settings, 1)) {
        speech.assemble();
        blocks[i] = speech.tell(message).inUse(Footprint.Kind.BLOCKS);
      }
    }
    assertTrue(blocks[1] * 3 < blocks[0], blocks[1] + " against " + blocks[0]);
  }

  @Test
  void givenAWaveThatKeepsUsBusy_whenNobodyIsDoneWithinASecond_thenTheOthersWait() {
    byte[] message = new byte[16 << 20];
    message[message.length - 1] = '\n';
    int wave = LISTENERS / 5;
    var settings = new BroadcastSettings(4 << 20, false, wave);
    // At most 64 KiB every 10 ms for each of them: well over 128 MiB a second in all, for two
    // seconds and more.
    var audience = new PhantomAudience(LISTENERS, message, 10, 1);
    try (var speech = new Speech(audience, memory("slab", 1), LISTENERS, settings, 1)) {
      speech.assemble();
      long begun = speech.now();
      speech.tellTheFirst(message);
      assertTrue(speech.now() - begun > 2_000_000_000L);
      long told = (Long) speech.service().statistics().get("deliveries_sent");
      long underWay = told - speech.service().delivered();
      assertTrue(underWay <= wave, "" + underWay);
      speech.abortAll();
    }
  }

  @Test
  void givenAWaveThatGetsNowhere_thenTheOthersHearTheLineAllTheSame() {
    byte[] message = message(1_000);
    var settings = new BroadcastSettings(4 << 20, false, 20);
    var audience = new PhantomAudience(LISTENERS, message, 9_000, 1);
    try (var speech = new Speech(audience, memory("slab", 1), LISTENERS, settings, 1)) {
      speech.assemble();
      Peak peak = speech.tell(message);
      assertEquals(LISTENERS, audience.complete());
      // Nine seconds for an answer, one for each wave: most of them are on their way at once.
      assertTrue(
          peak.inUse(Footprint.Kind.BLOCKS) > 8 * 20 * 256, "" + peak.inUse(Footprint.Kind.BLOCKS));
    }
  }

  @Test
  void givenListenersThatNeverAnswer_whenAborted_thenTheFramesComeBack() {
    byte[] message = message(200_000);
    var audience = new PhantomAudience(LISTENERS, message, 9_999, 1);
    var memory = memory("slab", 1);
    try (var speech = new Speech(audience, memory, LISTENERS, BroadcastSettings.DEFAULT, 1)) {
      speech.assemble();
      speech.begin(message, 200);
      assertTrue(inUse(speech, Footprint.Kind.FRAMES) >= message.length);
      speech.abortAll();
      assertEquals(0, inUse(speech, Footprint.Kind.FRAMES));
      assertTrue(speech.service().isIdle());
    }
  }
}
