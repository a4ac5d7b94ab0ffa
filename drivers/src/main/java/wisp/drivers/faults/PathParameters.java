package wisp.drivers.faults;

import java.util.List;
import java.util.Map;
import wisp.core.spi.Link;
import wisp.core.spi.Parameter;

/**
 * The parameters of a path as those of a wrapper: each holds both ways, or one way when its name
 * ends in {@code -up}, what the stack sends, or {@code -down}, what it receives.
 */
final class PathParameters {
  private static final String UP = "-up";
  private static final String DOWN = "-down";
  private static final String WAYS = "; NAME-up, NAME-down: one way only";
  private static final Parameter SEED =
      new Parameter("seed", "1", "number", "decides every draw; the same one, the same fate");

  /** What shapes: nothing is lost but by a full queue. */
  static final List<Parameter> SHAPE =
      List.of(
          new Parameter("rtt", "0", "time like 40ms", "round trip, half of it each way" + WAYS),
          new Parameter("delay", "0", "time", "each way, instead of rtt"),
          new Parameter("jitter", "0", "time", "up to so much more or less, in order"),
          new Parameter("rate", "0", "rate like 100mbit", "bottleneck; 0: none"),
          new Parameter(
              "trace",
              "",
              "file",
              "a bottleneck that varies, as mahimahi's: a millisecond a line, at which 1,500 bytes"
                  + " may leave, again and again"),
          new Parameter("queue", "1000", "packets", "what the bottleneck holds"),
          new Parameter("queue-bytes", "0", "bytes", "the same in bytes; 0: no limit"),
          SEED);

  /** All that a path knows. */
  static final List<Parameter> FAULTS =
      List.of(
          new Parameter("loss", "0", "share like 1%", "lost by chance" + WAYS),
          new Parameter("burst", "0/1", "ENTER/LEAVE[/LOSS]", "loss in bursts, like 0.1%/25%"),
          new Parameter("reorder", "0", "share", "held back so that later ones overtake"),
          new Parameter("hold", "2ms", "time", "how long those are held back"),
          new Parameter("duplicate", "0", "share", "delivered twice"),
          new Parameter("corrupt", "0", "share", "one bit flipped"),
          new Parameter("mark", "0", "share", "of ECN-capable packets: congestion experienced"),
          new Parameter("mtu", "0", "bytes", "larger IP packets are lost; 0: any pass"),
          new Parameter("pmtu", "silent", "silent|icmp", "whether their sender is told"),
          new Parameter("icmp", "pass", "pass|block", "ICMP errors are lost, or not"),
          new Parameter("router", "192.0.2.1", "address", "who tells, IPv4 or IPv6"),
          new Parameter("rtt", "0", "time like 40ms", "round trip, half of it each way"),
          new Parameter("delay", "0", "time", "as in shaped, like all that follow"),
          new Parameter("jitter", "0", "time", ""),
          new Parameter("rate", "0", "rate like 100mbit", ""),
          new Parameter("trace", "", "file", ""),
          new Parameter("queue", "1000", "packets", ""),
          new Parameter("queue-bytes", "0", "bytes", ""),
          SEED);

  private PathParameters() {}

  /** What was asked for. */
  private record Paths(PathConfig up, PathConfig down, long seed) {}

  /**
   * Puts a path around a link, by the clock of the machine.
   *
   * @param label the wrapper's name, for messages
   * @param known what it understands
   * @throws IllegalArgumentException in one line for the user
   */
  static Link wrap(String label, List<Parameter> known, Link link, Map<String, String> given) {
    Paths paths = read(label, known, given);
    return FaultyLink.inRealTime(link, paths.up, paths.down, paths.seed, label);
  }

  /**
   * Reads what {@link #wrap} would.
   *
   * @throws IllegalArgumentException in one line for the user
   */
  static void check(String label, List<Parameter> known, Map<String, String> given) {
    read(label, known, given);
  }

  private static Paths read(String label, List<Parameter> known, Map<String, String> given) {
    if (given.isEmpty()) {
      throw new IllegalArgumentException(
          label + " needs a parameter, like " + label + ":" + known.getFirst().name() + "=…");
    }
    PathConfig up = PathConfig.PERFECT;
    PathConfig down = PathConfig.PERFECT;
    long seed = 1;
    for (var entry : given.entrySet()) {
      String key = entry.getKey();
      String value = entry.getValue();
      String name = withoutWay(key);
      if (known.stream().noneMatch(parameter -> parameter.name().equals(name))) {
        throw new IllegalArgumentException(
            label
                + " has no parameter '"
                + key
                + "'; it has "
                + known.stream().map(Parameter::name).toList());
      }
      if (name.equals(SEED.name())) {
        seed = seed(key, value);
        continue;
      }
      try {
        up = key.endsWith(DOWN) ? up : up.with(name, value);
        down = key.endsWith(UP) ? down : down.with(name, value);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(label + ": " + key + ": " + e.getMessage(), e);
      }
    }
    return new Paths(up, down, seed);
  }

  private static String withoutWay(String key) {
    if (key.endsWith(UP)) {
      return key.substring(0, key.length() - UP.length());
    }
    return key.endsWith(DOWN) ? key.substring(0, key.length() - DOWN.length()) : key;
  }

  private static long seed(String key, String value) {
    try {
      if (key.equals(SEED.name())) {
        return Long.parseLong(value);
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new IllegalArgumentException(key + "=" + value + " is not a seed like seed=7");
  }
}
