package wisp.lab.scarce;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import wisp.core.spi.Parameters;
import wisp.lab.FailedException;
import wisp.lab.suite.Failures;
import wisp.lab.suite.Progress;
import wisp.lab.suite.RunOptions;
import wisp.lab.suite.Suite;

/** Trials one after the other. When one fails the others go on, and the run fails in the end. */
final class Trials {
  static final String LINK = "inmemory";
  private final Suite suite;
  private final String unit;
  private final Progress progress;
  private final Failures failures = new Failures("trial(s)");
  private long done;

  /**
   * None yet.
   *
   * @param unit of the suite's headline
   * @param work all that will be done, in a measure of the suite's own
   */
  Trials(Suite suite, String unit, long work, Progress progress) {
    this.suite = suite;
    this.unit = unit;
    this.progress = progress;
    progress.begin(suite.name(), work);
  }

  /** One trial. */
  @FunctionalInterface
  interface Trial {
    /**
     * Does it, and adds what it has found.
     *
     * @return what to tell, or empty: nothing
     * @throws FailedException when it went wrong; then it has added nothing
     */
    String run(TrialRows rows);
  }

  /**
   * Runs one and writes its rows. One that fails has a row of the headline without a value.
   *
   * @param label begins the line that tells of it
   * @param work how much of all it is
   */
  void run(TrialRows rows, String label, long work, Trial trial) throws IOException {
    String told;
    try {
      told = trial.run(rows);
    } catch (FailedException e) {
      told = "failed: " + e.getMessage();
      failures.add(rows.scenario() + ", " + e.getMessage());
      rows.add(suite.headline(), unit, Double.NaN, told);
    }
    if (!told.isEmpty()) {
      progress.line(label + told);
    }
    rows.write();
    done += work;
    progress.at(done, rows.strategy());
  }

  /**
   * The end.
   *
   * @throws FailedException when a trial failed
   */
  void end() {
    failures.report();
  }

  /** How long a measurement lasts, in virtual time. */
  static long nanos(RunOptions options, double usualSeconds) {
    double seconds = options.seconds() == 0 ? usualSeconds : options.seconds();
    return (long) (seconds * VirtualPath.SECOND);
  }

  /**
   * Values of a parameter that are taken in turns, joined by {@code +}.
   *
   * @param example for whoever writes them wrong
   * @throws IllegalArgumentException naming the parameter and what is wrong with it
   */
  static List<Long> turns(Parameters given, String name, long least, long most, String example) {
    String text = given.text(name);
    try {
      var values = Arrays.stream(text.split("\\+", -1)).map(Parameters::parse).toList();
      if (values.stream().anyMatch(value -> value < least || value > most)) {
        throw new IllegalArgumentException(
            name + "=" + text + " is outside " + least + " … " + most);
      }
      return values;
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(name + "=" + text + " is not like " + example, e);
    }
  }
}
