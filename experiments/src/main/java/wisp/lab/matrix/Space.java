package wisp.lab.matrix;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import wisp.lab.UsageException;
import wisp.lab.suite.Catalog;

/** The levels that are tried: all of them, or those that were asked for and can be had here. */
final class Space {
  private final Map<Factor, List<String>> levels = new EnumMap<>(Factor.class);

  /** All levels of all factors. */
  Space() {
    Arrays.stream(Factor.values()).forEach(factor -> levels.put(factor, factor.levels()));
  }

  private Space(Space from, Factor factor, List<String> left) {
    levels.putAll(from.levels);
    levels.put(factor, List.copyOf(left));
  }

  /**
   * Only some levels of some factors: {@code loss=1%|10%,delay=0}.
   *
   * @throws UsageException when there is no such factor or level
   */
  Space only(String text) {
    Space space = this;
    for (String item : text.split(",")) {
      String[] sides = item.split("=", 2);
      var factors = List.of(Factor.values());
      Factor factor = Catalog.find("factor", sides[0], factors, Factor::text);
      var chosen = new ArrayList<String>();
      for (String level : (sides.length < 2 ? "" : sides[1]).split("\\|")) {
        chosen.add(Catalog.find("level of " + factor.text(), level, factor.levels(), l -> l));
      }
      space = new Space(space, factor, chosen);
    }
    return space;
  }

  /** All but one level; unchanged when that is the last one. */
  Space without(Factor factor, String level) {
    var left = new ArrayList<>(levels(factor));
    left.remove(level);
    return left.isEmpty() ? this : new Space(this, factor, left);
  }

  List<String> levels(Factor factor) {
    return levels.getOrDefault(factor, List.of());
  }

  boolean contains(Cell cell) {
    return Arrays.stream(Factor.values()).allMatch(f -> levels(f).contains(cell.at(f)));
  }

  /** How many levels each factor has. */
  int[] sizes() {
    return Arrays.stream(Factor.values()).mapToInt(f -> levels(f).size()).toArray();
  }

  /** Cells in all. */
  long product() {
    return Arrays.stream(sizes()).asLongStream().reduce(1, Math::multiplyExact);
  }

  /** From numbers of levels, one a factor. */
  Cell cell(int[] numbers) {
    var chosen = new ArrayList<String>();
    for (Factor factor : Factor.values()) {
      chosen.add(levels(factor).get(numbers[factor.ordinal()]));
    }
    return new Cell(chosen);
  }

  /** The numbers of its levels. */
  int[] numbers(Cell cell) {
    return Arrays.stream(Factor.values()).mapToInt(f -> levels(f).indexOf(cell.at(f))).toArray();
  }

  /** The cell of a number below {@link #product}. */
  int[] numbers(long cell) {
    int[] sizes = sizes();
    int[] numbers = new int[sizes.length];
    long rest = cell;
    for (int i = sizes.length - 1; i >= 0; i--) {
      numbers[i] = (int) (rest % sizes[i]);
      rest /= sizes[i];
    }
    return numbers;
  }
}
