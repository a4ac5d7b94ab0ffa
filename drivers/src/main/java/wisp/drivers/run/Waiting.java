package wisp.drivers.run;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** What a {@link Runner} does while there is nothing to do. */
public enum Waiting {
  /** Looks again at once, for ever: the fastest answer, for a core of its own. */
  BUSY(Long.MAX_VALUE),
  /** Looks again for 50 µs, then sleeps until a packet comes: a wake-up costs about as much. */
  ADAPTIVE(50_000),
  /** Sleeps at once: no time is spent on nothing. */
  BLOCKING(0);

  private final long spinNanos;

  Waiting(long spinNanos) {
    this.spinNanos = spinNanos;
  }

  /** How long to look for packets before sleeping. */
  public long spinNanos() {
    return spinNanos;
  }

  /**
   * Reads {@code busy}, {@code adaptive} or {@code blocking}.
   *
   * @throws IllegalArgumentException in one line for the user
   */
  public static Waiting parse(String text) {
    for (Waiting waiting : values()) {
      if (waiting.word().equals(text)) {
        return waiting;
      }
    }
    String all = Arrays.stream(values()).map(Waiting::word).collect(Collectors.joining(", "));
    throw new IllegalArgumentException("'" + text + "' is none of " + all);
  }

  private String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
