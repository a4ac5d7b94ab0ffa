package wisp.lab.growth;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import wisp.lab.results.Json;

/**
 * What the JVM that grows is told.
 *
 * @param counts where it stops to look, ascending
 * @param questions connections that are asked at the end of growing, at most
 * @param leaving connections of the crowds that leave, at most; 0: nobody does
 */
record GrowthSpec(
    String strategy,
    List<Long> counts,
    long questions,
    long leaving,
    long seed,
    Map<String, String> parameters) {
  String toJson() {
    return Json.line(
        Json.object(
            "strategy", strategy,
            "counts", counts,
            "questions", questions,
            "leaving", leaving,
            "seed", seed,
            "parameters", parameters));
  }

  static GrowthSpec of(String json) {
    var map = Json.parseObject(json);
    var parameters = new LinkedHashMap<String, String>();
    if (map.get("parameters") instanceof Map<?, ?> given) {
      given.forEach((name, value) -> parameters.put(String.valueOf(name), String.valueOf(value)));
    }
    var counts =
        map.get("counts") instanceof List<?> list
            ? list.stream().map(count -> ((Number) count).longValue()).toList()
            : List.<Long>of();
    return new GrowthSpec(
        String.valueOf(map.get("strategy")),
        counts,
        number(map, "questions"),
        number(map, "leaving"),
        number(map, "seed"),
        parameters);
  }

  private static long number(Map<String, ?> map, String name) {
    return map.get(name) instanceof Number number ? number.longValue() : 0;
  }

  long most() {
    return counts.getLast();
  }

  /** The same, smaller: what makes the code warm. */
  GrowthSpec warmUp(long connections) {
    return new GrowthSpec(strategy, List.of(connections), 1_000, connections, seed, parameters);
  }
}
