package wisp.lab.matrix;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Few cells in which every combination of levels of any {@code strength} factors occurs, one cell
 * after the other. Greedy: a cell begins with the first combination that is still missing, takes
 * its other factors in random order, each at the level that adds most, and is the best of several
 * drafts. One seed, one sequence.
 *
 * <p>A cell is an array of levels, one a factor, each {@code 0 … sizes[factor] − 1}.
 */
final class Cover {
  private static final int DRAFTS = 40;
  private static final int FREE = -1;
  private final int[] sizes;
  private final Random random;

  /** All sets of {@code strength} factors, ascending. */
  private final List<int[]> groups = new ArrayList<>();

  /** For each factor, the numbers of the groups that it is in. */
  private final List<List<Integer>> groupsOf = new ArrayList<>();

  /** For each group, the number of its first combination. */
  private final List<Integer> firstOf = new ArrayList<>();

  private final BitSet missing = new BitSet();
  private final int combinations;

  /**
   * With all combinations still missing.
   *
   * @param sizes levels of each factor, ≥ 1
   * @param strength at most so many as there are factors
   */
  Cover(int[] sizes, int strength, long seed) {
    this.sizes = sizes.clone();
    random = new Random(seed);
    Arrays.stream(sizes).forEach(size -> groupsOf.add(new ArrayList<>()));
    choose(new int[strength], 0, 0);
    int count = 0;
    for (int group = 0; group < groups.size(); group++) {
      firstOf.add(count);
      int product = 1;
      for (int factor : groups.get(group)) {
        groupsOf.get(factor).add(group);
        product *= sizes[factor];
      }
      count += product;
    }
    combinations = count;
    missing.set(0, count);
  }

  private void choose(int[] chosen, int count, int from) {
    if (count == chosen.length) {
      groups.add(chosen.clone());
      return;
    }
    for (int factor = from; factor < sizes.length; factor++) {
      chosen[count] = factor;
      choose(chosen, count + 1, factor + 1);
    }
  }

  /** Combinations in all. */
  int combinations() {
    return combinations;
  }

  /** Of these, how many no cell has had so far. */
  int missing() {
    return missing.cardinality();
  }

  /** Counts a cell that came from elsewhere. */
  void take(int[] cell) {
    for (int group = 0; group < groups.size(); group++) {
      missing.clear(combination(group, cell));
    }
  }

  /** The next cell; {@code null}: nothing is missing. */
  int @Nullable [] next() {
    if (missing.isEmpty()) {
      return null;
    }
    int[] best = draft();
    int most = added(best);
    for (int i = 1; i < DRAFTS; i++) {
      int[] draft = draft();
      int added = added(draft);
      if (added > most) {
        best = draft;
        most = added;
      }
    }
    take(best);
    return best;
  }

  private int[] draft() {
    int[] cell = new int[sizes.length];
    Arrays.fill(cell, FREE);
    begin(cell);
    for (int factor : shuffled()) {
      if (cell[factor] == FREE) {
        cell[factor] = best(cell, factor);
      }
    }
    return cell;
  }

  /** With the first combination that is missing. */
  private void begin(int[] cell) {
    int combination = missing.nextSetBit(0);
    int group = groups.size() - 1;
    while (firstOf.get(group) > combination) {
      group--;
    }
    int rest = combination - firstOf.get(group);
    int[] factors = groups.get(group);
    for (int i = factors.length - 1; i >= 0; i--) {
      cell[factors[i]] = rest % sizes[factors[i]];
      rest /= sizes[factors[i]];
    }
  }

  private int[] shuffled() {
    int[] order = new int[sizes.length];
    for (int i = 0; i < order.length; i++) {
      int other = random.nextInt(i + 1);
      order[i] = order[other];
      order[other] = i;
    }
    return order;
  }

  private int best(int[] cell, int factor) {
    int best = 0;
    int most = -1;
    int ties = 0;
    for (int level = 0; level < sizes[factor]; level++) {
      cell[factor] = level;
      int added = 0;
      for (int group : groupsOf.get(factor)) {
        added += isWhole(group, cell) && missing.get(combination(group, cell)) ? 1 : 0;
      }
      ties = added == most ? ties + 1 : added > most ? 1 : ties;
      if (added > most || added == most && random.nextInt(ties) == 0) {
        best = level;
        most = added;
      }
    }
    cell[factor] = FREE;
    return best;
  }

  private int added(int[] cell) {
    int added = 0;
    for (int group = 0; group < groups.size(); group++) {
      added += missing.get(combination(group, cell)) ? 1 : 0;
    }
    return added;
  }

  private boolean isWhole(int group, int[] cell) {
    for (int factor : groups.get(group)) {
      if (cell[factor] == FREE) {
        return false;
      }
    }
    return true;
  }

  private int combination(int group, int[] cell) {
    int number = 0;
    for (int factor : groups.get(group)) {
      number = number * sizes[factor] + cell[factor];
    }
    return firstOf.get(group) + number;
  }
}
