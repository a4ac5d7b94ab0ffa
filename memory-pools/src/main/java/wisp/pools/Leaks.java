package wisp.pools;

/** What was still in use when a strategy was closed, said in one exception. */
public final class Leaks {
  private final String strategy;
  private final StringBuilder found = new StringBuilder();

  /** None found yet. */
  public Leaks(String strategy) {
    this.strategy = strategy;
  }

  /**
   * Notes how many of a kind had not come back.
   *
   * @param kind in the plural, such as {@code records}
   */
  public Leaks add(String kind, int count) {
    if (count != 0) {
      found.append(found.isEmpty() ? "" : ", ").append(count).append(' ').append(kind);
    }
    return this;
  }

  /**
   * The end: to be called when memory has been freed.
   *
   * @throws IllegalStateException when something was in use
   */
  public void report() {
    if (!found.isEmpty()) {
      throw new IllegalStateException(strategy + " closed with " + found + " still in use");
    }
  }
}
