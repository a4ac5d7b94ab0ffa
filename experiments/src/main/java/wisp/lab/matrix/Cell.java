package wisp.lab.matrix;

import java.util.ArrayList;
import java.util.List;

/**
 * One level of each factor.
 *
 * @param levels in the order of {@link Factor}
 */
record Cell(List<String> levels) {
  Cell {
    levels = List.copyOf(levels);
    if (levels.size() != Factor.values().length) {
      throw new IllegalArgumentException("a cell has a level of each factor, not " + levels);
    }
  }

  String at(Factor factor) {
    return levels.get(factor.ordinal());
  }

  boolean is(Factor factor, String level) {
    return at(factor).equals(level);
  }

  /** As the column {@code scenario} has it: {@code open=ours,data=both,…}. */
  String text() {
    var items = new ArrayList<String>();
    for (Factor factor : Factor.values()) {
      items.add(factor.text() + "=" + at(factor));
    }
    return String.join(",", items);
  }

  /** From {@link #text}. */
  static Cell parse(String text) {
    var levels = new ArrayList<String>();
    String[] items = text.split(",");
    for (Factor factor : Factor.values()) {
      String begin = factor.text() + "=";
      int at = factor.ordinal();
      if (at >= items.length || !items[at].startsWith(begin)) {
        throw new IllegalArgumentException(text + " is not a cell: " + factor.text());
      }
      levels.add(items[at].substring(begin.length()));
    }
    return new Cell(levels);
  }
}
