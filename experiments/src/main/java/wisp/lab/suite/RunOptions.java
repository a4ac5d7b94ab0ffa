package wisp.lab.suite;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import wisp.lab.results.Json;

/**
 * What to run.
 *
 * @param connections counts, ascending
 * @param peers {@code phantom} or {@code real}
 * @param parameters the user's {@code strategy.name=value} pairs
 * @param kernel whether the kernel's own cost is measured beside ours where that is possible
 * @param kernelLimit no more connections than so many for the kernel
 * @param timeout for one point
 * @param seconds how long one measurement of throughput lasts; 0: as the suite thinks fit
 * @param full everything that a suite usually takes a sample of
 */
public record RunOptions(
    List<String> strategies,
    List<String> links,
    List<Long> connections,
    int repeat,
    long seed,
    String peers,
    Map<String, String> parameters,
    boolean kernel,
    long kernelLimit,
    Duration timeout,
    double seconds,
    boolean full) {
  /** Sorts counts. */
  public RunOptions {
    strategies = List.copyOf(strategies);
    links = List.copyOf(links);
    connections = connections.stream().sorted().distinct().toList();
    parameters = Map.copyOf(parameters);
  }

  /** The parameters of one strategy or link, without its name. */
  public Map<String, String> parametersOf(String owner) {
    var own = new TreeMap<String, String>();
    parameters.forEach(
        (name, value) -> {
          if (name.startsWith(owner + ".")) {
            own.put(name.substring(owner.length() + 1), value);
          }
        });
    return own;
  }

  /** For {@code run.json}. */
  public Map<String, @Nullable Object> toJson() {
    return Json.object(
        "strategies", strategies,
        "links", links,
        "connections", connections,
        "repeat", repeat,
        "seed", seed,
        "peers", peers,
        "parameters", new TreeMap<>(parameters),
        "kernel", kernel,
        "kernel_limit", kernelLimit,
        "timeout_seconds", timeout.toSeconds(),
        "seconds", seconds,
        "full", full);
  }
}
