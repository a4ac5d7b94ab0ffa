package wisp.core.spi;

import java.util.Map;

/**
 * What a strategy is made for.
 *
 * @param recordWords state words beside the key: {@link RecordStore#STATE_WORDS}, or one more for
 *     the application; or {@link RecordStore#STATE_WORDS_WITHOUT_TIMESTAMPS}: then the context
 *     neither offers timestamps nor accepts them, whatever the profiles say
 * @param connections how many connections over IPv4 are expected: a bounded strategy sizes itself
 *     by it, others may ignore it
 * @param ipv6Connections the same over IPv6; 0: a bounded strategy has no room for any
 * @param hashKey0 secret for the index, first half: from a real random source in production, from
 *     the seed in a simulation
 * @param hashKey1 second half
 * @param parameters the user's {@code name=value} pairs, unchecked
 */
public record StrategyConfig(
    int recordWords,
    int connections,
    int ipv6Connections,
    long hashKey0,
    long hashKey1,
    Map<String, String> parameters) {
  /**
   * Defaults for tests and examples: room for {@code connections} over IPv4 and none over IPv6, no
   * application word, keys from {@code seed}.
   */
  public static StrategyConfig forConnections(int connections, long seed) {
    return forBoth(connections, 0, seed);
  }

  /** This with records that have no word for TS.Recent: connections without timestamps. */
  public StrategyConfig withoutTimestamps() {
    return new StrategyConfig(
        RecordStore.STATE_WORDS_WITHOUT_TIMESTAMPS,
        connections,
        ipv6Connections,
        hashKey0,
        hashKey1,
        parameters);
  }

  /** As {@link #forConnections}, with room for so many connections over IPv4 and over IPv6. */
  public static StrategyConfig forBoth(int connections, int ipv6Connections, long seed) {
    return new StrategyConfig(
        RecordStore.STATE_WORDS,
        connections,
        ipv6Connections,
        seed * 0x9E3779B97F4A7C15L + 1,
        ~seed * 0xC2B2AE3D27D4EB4FL,
        Map.of());
  }
}
