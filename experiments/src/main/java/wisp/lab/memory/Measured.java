package wisp.lab.memory;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import wisp.lab.chart.SiFormat;

/** What was measured of one strategy, and what follows from it about counts not yet measured. */
final class Measured {
  /** From here on the slope is the figure, where there is one. */
  static final long SLOPE_FROM = 1_000_000;

  /** So many connections more outweigh what else changes the resident set of a JVM. */
  static final long FAR_APART = 5_000_000;

  private static final List<String> PER_CONNECTION =
      List.of(
          "bytes_per_connection",
          "in_use_bytes_per_connection",
          "rss_bytes_per_connection",
          "heap_bytes_per_connection");

  /** A metric of a point. */
  record Value(String metric, String unit, double value, String note) {}

  private final Variant variant;
  private final NavigableMap<Long, Map<String, Value>> points = new TreeMap<>();

  Measured(Variant variant) {
    this.variant = variant;
  }

  Variant variant() {
    return variant;
  }

  /** As data and charts call it. */
  String label() {
    return variant.label();
  }

  NavigableSet<Long> counts() {
    return points.navigableKeySet();
  }

  void put(long count, String metric, String unit, double value) {
    points
        .computeIfAbsent(count, n -> new LinkedHashMap<>())
        .put(metric, new Value(metric, unit, value, ""));
  }

  void forget(long count) {
    points.remove(count);
  }

  double get(long count, String metric) {
    Value value = points.getOrDefault(count, Map.of()).get(metric);
    return value == null ? Double.NaN : value.value();
  }

  /**
   * Why {@code count} connections would not fit into so many bytes; {@code null} when they do, or
   * nothing is known yet.
   */
  @Nullable String misfit(long count, long bytes) {
    if (points.isEmpty()) {
      return null;
    }
    long last = points.lastKey();
    double expected = held(last) * count / last;
    Long earlier = points.lowerKey(last);
    if (earlier != null) {
      double slope = (held(last) - held(earlier)) / (last - earlier);
      expected = Math.max(held(last), held(last) + slope * (count - last));
    }
    return expected <= bytes
        ? null
        : "needs about "
            + SiFormat.bytes(expected)
            + ", "
            + SiFormat.bytes((double) Math.max(0, bytes))
            + " are free";
  }

  private double held(long count) {
    return Math.max(get(count, "reserved_bytes"), get(count, "rss_growth_bytes"));
  }

  /**
   * All values of a point; per connection, the slope between it and one of twice or half as many
   * connections where that is the better figure.
   *
   * @param ends counted of each connection
   */
  List<Value> at(long count, int ends) {
    var values = new ArrayList<Value>();
    Long other = count >= SLOPE_FROM ? partner(count) : null;
    for (Value value : points.getOrDefault(count, Map.of()).values()) {
      if (other == null) {
        values.add(
            PER_CONNECTION.contains(value.metric())
                ? new Value(value.metric(), value.unit(), value.value(), "quotient")
                : value);
      } else if (PER_CONNECTION.contains(value.metric())) {
        String note = "slope " + (other > count ? "to " : "from ") + other;
        double slope = slope(value.metric(), count, other);
        values.add(new Value(value.metric(), value.unit(), slope, note));
      } else {
        values.add(value.metric().equals("fixed_bytes") ? fixed(value, count, other, ends) : value);
      }
    }
    return values;
  }

  /**
   * The next count that is twice as large at least, else the last that is half as large at most.
   */
  private @Nullable Long partner(long count) {
    Long larger = points.ceilingKey(2 * count);
    if (larger != null) {
      return larger;
    }
    Long smaller = points.floorKey(count / 2);
    return smaller == null || smaller < SLOPE_FROM ? null : smaller;
  }

  /**
   * From a million connections on, for each count and the next that is larger by {@link
   * #FAR_APART}: what the resident set grew by, as a ratio to what the strategy says that it
   * reserved in between. Near 1 the account is true. Between counts that lie closer the difference
   * would tell of what else moves in a JVM, some megabytes.
   */
  Map<Long, Value> residentSlopes() {
    var slopes = new TreeMap<Long, Value>();
    for (long count : points.tailMap(SLOPE_FROM).keySet()) {
      Long next = points.ceilingKey(count + FAR_APART);
      if (next != null) {
        double resident = get(next, "rss_growth_bytes") - get(count, "rss_growth_bytes");
        double reserved = get(next, "reserved_bytes") - get(count, "reserved_bytes");
        slopes.put(
            count, new Value("rss_slope_ratio", "ratio", resident / reserved, "slope to " + next));
      }
    }
    return slopes;
  }

  private double slope(String metric, long count, long other) {
    return (get(other, metric) * other - get(count, metric) * count) / (other - count);
  }

  private Value fixed(Value value, long count, long other, int ends) {
    double perEnd = slope("bytes_per_connection", count, other);
    return new Value(
        value.metric(),
        value.unit(),
        get(count, "reserved_bytes") - perEnd * count * ends,
        "what the slope leaves");
  }
}
