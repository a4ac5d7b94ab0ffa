package wisp.lab.memory;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import wisp.lab.results.Json;

/**
 * One point of the suite, as it is handed to the JVM that measures it.
 *
 * @param timestamps whether records have a word for TS.Recent, and connections timestamps
 * @param peers {@code phantom} or {@code real}
 * @param capture where packets of the first phantoms are written, or {@code null}
 */
record PointSpec(
    String strategy,
    boolean timestamps,
    long connections,
    String peers,
    long seed,
    Map<String, String> parameters,
    @Nullable String capture) {
  String toJson() {
    return Json.line(
        Json.object(
            "strategy", strategy,
            "timestamps", timestamps,
            "connections", connections,
            "peers", peers,
            "seed", seed,
            "parameters", parameters,
            "capture", capture));
  }

  static PointSpec of(String json) {
    var map = Json.parseObject(json);
    var parameters = new LinkedHashMap<String, String>();
    if (map.get("parameters") instanceof Map<?, ?> given) {
      given.forEach((name, value) -> parameters.put(String.valueOf(name), String.valueOf(value)));
    }
    return new PointSpec(
        String.valueOf(map.get("strategy")),
        !Boolean.FALSE.equals(map.get("timestamps")),
        number(map.get("connections")),
        String.valueOf(map.get("peers")),
        number(map.get("seed")),
        parameters,
        map.get("capture") instanceof String path ? path : null);
  }

  private static long number(@Nullable Object value) {
    if (value instanceof Long number) {
      return number;
    }
    throw new IllegalArgumentException(value + " is not a whole number");
  }

  /** The same, smaller and without a capture: what makes the code warm. */
  PointSpec warmUp(long connections) {
    return new PointSpec(strategy, timestamps, connections, peers, seed, parameters, null);
  }
}
