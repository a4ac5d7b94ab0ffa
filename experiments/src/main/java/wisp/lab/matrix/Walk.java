package wisp.lab.matrix;

import java.math.BigInteger;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.NoSuchElementException;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The order in which a space is gone through. First what covers all pairs of levels, which is where
 * an ordinary run ends; a full one goes on until all threes and fours have occurred, then takes the
 * rest of the product as the seed shuffles it. So wherever it is broken off, what is done is the
 * best of its size, and one seed always gives the same order.
 */
final class Walk implements Iterator<Cell> {
  private static final int PAIRS = 2;
  private static final int FOURS = 4;
  private final Space space;
  private final long seed;
  private final int strongest;
  private final Set<Cell> given = new LinkedHashSet<>();
  private Cover cover;
  private int strength = PAIRS;
  private final long product;
  private final long step;
  private final long offset;
  private long taken;
  private @Nullable Cell next;

  Walk(Space space, boolean full, long seed) {
    this.space = space;
    this.seed = seed;
    strongest = full ? FOURS : PAIRS;
    cover = cover(PAIRS);
    product = space.product();
    var random = new Random(seed);
    offset = random.nextLong(product);
    step = coprime(random, product);
    next = find();
  }

  /** All pairs. */
  static Set<Cell> pairs(Space space, long seed) {
    var cells = new LinkedHashSet<Cell>();
    new Walk(space, false, seed).forEachRemaining(cells::add);
    return cells;
  }

  private Cover cover(int strength) {
    return new Cover(space.sizes(), strength, seed + strength);
  }

  /** A step that visits all before it returns. */
  private static long coprime(Random random, long product) {
    while (true) {
      long step = 1 + random.nextLong(product);
      if (BigInteger.valueOf(step).gcd(BigInteger.valueOf(product)).equals(BigInteger.ONE)) {
        return step;
      }
    }
  }

  private @Nullable Cell find() {
    while (strength <= strongest) {
      int[] numbers = cover.next();
      if (numbers != null) {
        return give(space.cell(numbers));
      }
      if (++strength <= strongest) {
        cover = cover(strength);
        given.forEach(cell -> cover.take(space.numbers(cell)));
      }
    }
    while (strongest == FOURS && taken < product) {
      BigInteger at = BigInteger.valueOf(taken++).multiply(BigInteger.valueOf(step));
      long number = at.add(BigInteger.valueOf(offset)).mod(BigInteger.valueOf(product)).longValue();
      Cell cell = space.cell(space.numbers(number));
      if (!given.contains(cell)) {
        return give(cell);
      }
    }
    return null;
  }

  private Cell give(Cell cell) {
    given.add(cell);
    return cell;
  }

  @Override
  public boolean hasNext() {
    return next != null;
  }

  @Override
  public Cell next() {
    Cell cell = next;
    if (cell == null) {
      throw new NoSuchElementException();
    }
    next = find();
    return cell;
  }

  /** Which share of all combinations of so many factors' levels these cells have. */
  static double share(Space space, Iterable<Cell> cells, int strength) {
    var cover = new Cover(space.sizes(), strength, 0);
    var seen = new HashSet<Cell>();
    for (Cell cell : cells) {
      if (space.contains(cell) && seen.add(cell)) {
        cover.take(space.numbers(cell));
      }
    }
    return 1 - (double) cover.missing() / cover.combinations();
  }
}
