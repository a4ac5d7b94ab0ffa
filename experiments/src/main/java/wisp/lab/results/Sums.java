package wisp.lab.results;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What several contexts have counted, as if one had: number by number, also in maps of maps. */
public final class Sums {
  private final Set<String> largestOf;

  /**
   * Adds up.
   *
   * @param largestOf names of numbers of which the largest counts, not the sum: times, and what is
   *     the whole process's
   */
  public Sums(Set<String> largestOf) {
    this.largestOf = Set.copyOf(largestOf);
  }

  /** One map of several of the same kind; what is no number is as in the first that has it. */
  public Map<String, @Nullable Object> of(List<Map<String, @Nullable Object>> all) {
    var sums = new LinkedHashMap<String, @Nullable Object>();
    for (Map<String, @Nullable Object> one : all) {
      one.forEach((name, value) -> sums.put(name, sum(name, sums.get(name), value)));
    }
    return sums;
  }

  @SuppressWarnings("unchecked")
  private @Nullable Object sum(String name, @Nullable Object a, @Nullable Object b) {
    if (a == null || b == null) {
      return a == null ? b : a;
    }
    if (a instanceof Map<?, ?> mapA && b instanceof Map<?, ?> mapB) {
      return of(
          List.of((Map<String, @Nullable Object>) mapA, (Map<String, @Nullable Object>) mapB));
    }
    if (!(a instanceof Number x && b instanceof Number y)) {
      return a;
    }
    boolean largest = largestOf.contains(name);
    if (x instanceof Double || y instanceof Double) {
      return largest
          ? Math.max(x.doubleValue(), y.doubleValue())
          : x.doubleValue() + y.doubleValue();
    }
    return largest ? Math.max(x.longValue(), y.longValue()) : x.longValue() + y.longValue();
  }
}
