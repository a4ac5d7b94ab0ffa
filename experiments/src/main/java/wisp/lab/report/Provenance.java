package wisp.lab.report;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Where a chart comes from, so that it says so even when it is torn from its page. */
public final class Provenance {
  private static final int COMMIT_DIGITS = 10;

  private Provenance() {}

  /**
   * {@code Linux 6.1; JDK 25; commit 0123456789+; 2026-11-29}: with {@code +} not quite that
   * commit.
   *
   * @param info what {@code run.json} says
   */
  public static String line(Map<String, @Nullable Object> info) {
    var machine = info.get("machine") instanceof Map<?, ?> map ? map : Map.of();
    String commit = String.valueOf(machine.get("commit"));
    return machine.get("kernel")
        + "; JDK "
        + machine.get("jdk")
        + "; commit "
        + commit.substring(0, Math.min(COMMIT_DIGITS, commit.length()))
        + (Boolean.TRUE.equals(machine.get("dirty")) ? "+" : "")
        + "; "
        + String.valueOf(info.get("start")).replaceFirst("T.*", "");
  }
}
