package wisp.lab.suite;

import java.util.ArrayList;
import java.util.List;
import wisp.lab.FailedException;

/** What went wrong while the rest went on, said in one exception at the end. */
public final class Failures {
  private final String kind;
  private final List<String> found = new ArrayList<>();

  /**
   * None yet.
   *
   * @param kind of what can fail, such as {@code trial(s)}
   */
  public Failures(String kind) {
    this.kind = kind;
  }

  /** One more, in words. */
  public void add(String reason) {
    found.add(reason);
  }

  /**
   * The end: to be called when all has been written.
   *
   * @throws FailedException when something went wrong, with the first reason
   */
  public void report() {
    if (!found.isEmpty()) {
      throw new FailedException(found.size() + " " + kind + " failed, first " + found.getFirst());
    }
  }
}
