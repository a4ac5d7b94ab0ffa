package wisp.lab.matrix;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import wisp.core.Counters.Event;
import wisp.lab.FailedException;
import wisp.lab.path.PathLab;
import wisp.lab.path.PathLab.Left;
import wisp.lab.results.Json;

/**
 * A cell tried: its path built, a transfer of ours over it and one between the two kernels.
 *
 * @param bytes each way that has any
 * @param checksums packets that we dropped for a wrong checksum
 * @param marks that came, and reductions for those that the peer told us of: congestion experienced
 * @param seconds all of it
 */
record Trial(
    Cell cell,
    long bytes,
    Transfer ours,
    Transfer kernels,
    long checksums,
    long marks,
    double seconds) {

  /**
   * Runs it. Whatever goes wrong is in the result.
   *
   * @param transferSeconds what each transfer is meant to take
   */
  static Trial run(Cell cell, long seed, double transferSeconds) {
    long start = System.nanoTime();
    var conditions = new Conditions(cell, transferSeconds);
    var ours = Transfer.NOT_BEGUN;
    var kernels = ours;
    long checksums = 0;
    long marks = 0;
    try (var lab = new PathLab(conditions.spec(seed))) {
      conditions.leftSysctls().forEach(lab.kernel(true)::sysctl);
      conditions.rightSysctls().forEach(lab.kernel(false)::sysctl);
      lab.congestion(conditions.leftControl(), conditions.kernelControl());
      // Whoever is first meets the first faults of this seed: neither always is.
      if (seed % 2 == 0) {
        kernels = Transfer.run(lab, conditions, Left.KERNEL);
      }
      ours = Transfer.run(lab, conditions, Left.OURS);
      checksums = lab.count(Event.DROP_TCP_CHECKSUM) + lab.count(Event.DROP_IP_CHECKSUM);
      marks = lab.count(Event.ECN_CE_RECEIVED) + lab.count(Event.ECN_REDUCTIONS);
      if (seed % 2 != 0) {
        kernels = Transfer.run(lab, conditions, Left.KERNEL);
      }
    } catch (FailedException e) {
      String trouble = String.valueOf(e.getMessage());
      if (ours.bitsPerSecond() > 0 && kernels == Transfer.NOT_BEGUN) {
        kernels = new Transfer(Double.NaN, "", trouble);
      } else {
        ours = new Transfer(Double.NaN, ours.digest(), trouble);
      }
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    return new Trial(cell, conditions.bytes(), ours, kernels, checksums, marks, seconds);
  }

  /** Of which nothing is known but that it did not come to an end. */
  static Trial failed(Cell cell, String trouble, double seconds) {
    var none = new Transfer(Double.NaN, "", trouble);
    return new Trial(cell, new Conditions(cell).bytes(), none, none, 0, 0, seconds);
  }

  /** All but the cell. */
  Map<String, @Nullable Object> toJson() {
    return Json.object(
        "bytes", bytes,
        "ours", ours.toJson(),
        "kernels", kernels.toJson(),
        "checksums", checksums,
        "marks", marks,
        "seconds", seconds);
  }

  /** From {@link #toJson}, on a line. */
  static Trial parse(Cell cell, String line) {
    var map = Json.parseObject(line);
    return new Trial(
        cell,
        (long) number(map.get("bytes")),
        Transfer.of(map.get("ours")),
        Transfer.of(map.get("kernels")),
        (long) number(map.get("checksums")),
        (long) number(map.get("marks")),
        number(map.get("seconds")));
  }

  /** Not a number is {@code null} in JSON. */
  static double number(@Nullable Object value) {
    return value instanceof Number number ? number.doubleValue() : Double.NaN;
  }

  /** Ours of the kernel's. */
  double ratio() {
    return ours.bitsPerSecond() / kernels.bitsPerSecond();
  }

  boolean isGood() {
    return ours.isGood() && kernels.isGood();
  }

  /** Why it failed, in words; empty when it did not. */
  String trouble() {
    if (!ours.isGood()) {
      return ours.trouble();
    }
    return kernels.isGood() ? "" : "between the kernels: " + kernels.trouble();
  }
}
