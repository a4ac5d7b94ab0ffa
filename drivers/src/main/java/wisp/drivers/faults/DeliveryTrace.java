package wisp.drivers.faults;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * When a bottleneck may send, in the format of mahimahi's {@code mm-link}: each line is a time in
 * milliseconds, at which {@link #OPPORTUNITY_BYTES} may leave. A time that is there twice is two
 * opportunities. The last time is the length of the trace: then it begins again, for ever.
 *
 * <p>Immutable.
 */
public final class DeliveryTrace {
  /** What one line lets pass: an IP packet of the usual MTU. */
  public static final int OPPORTUNITY_BYTES = 1500;

  private static final long MILLI = 1_000_000;
  private static final int MOST_LINES = 1 << 24;
  private static final long LARGEST_FILE_BYTES = 12L * MOST_LINES;
  private static final int LONGEST_LINE = 40; // what a message repeats of one

  private final String name;
  private final int[] millis;
  private final long periodNanos;

  private DeliveryTrace(String name, int[] millis) {
    this.name = name;
    this.millis = millis;
    periodNanos = millis[millis.length - 1] * MILLI;
  }

  /**
   * A trace of these times.
   *
   * @param millis in order, the last one above zero
   */
  public static DeliveryTrace of(int... millis) {
    var reading = new Reading("trace");
    for (int time : millis) {
      reading.add(String.valueOf(time));
    }
    return reading.end();
  }

  /**
   * Reads a file.
   *
   * @throws IllegalArgumentException in one line for the user, with the line's number
   */
  public static DeliveryTrace read(Path file) {
    var reading = new Reading(file.toString());
    // As Latin-1 any bytes are text, so that a file of something else is refused by its first line.
    try {
      if (!Files.isRegularFile(file) && Files.exists(file)) {
        throw new IllegalArgumentException("trace " + file + " is not a file");
      }
      if (Files.size(file) > LARGEST_FILE_BYTES) {
        throw new IllegalArgumentException(
            "trace " + file + " has more than " + LARGEST_FILE_BYTES + " bytes");
      }
    } catch (NoSuchFileException e) {
      throw new IllegalArgumentException("there is no trace " + file, e);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
    try (BufferedReader lines = Files.newBufferedReader(file, StandardCharsets.ISO_8859_1)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        reading.add(line);
      }
    } catch (IOException e) {
      throw unreadable(file, e);
    }
    return reading.end();
  }

  private static IllegalArgumentException unreadable(Path file, IOException e) {
    return new IllegalArgumentException("can't read trace " + file + ": " + e.getMessage(), e);
  }

  /** Opportunities until it begins again. */
  public int opportunities() {
    return millis.length;
  }

  /** How long it is. */
  public long periodNanos() {
    return periodNanos;
  }

  /** Bits per second, over the whole of it. */
  public double meanRate() {
    return 8e9 * OPPORTUNITY_BYTES * millis.length / periodNanos;
  }

  /**
   * When an opportunity comes.
   *
   * @param number from 0 on, over all repetitions
   */
  long timeNanos(long number) {
    return number / millis.length * periodNanos + millis[(int) (number % millis.length)] * MILLI;
  }

  /** The first opportunity that comes later than {@code nanos}, which is not negative. */
  long firstAfter(long nanos) {
    long repetition = nanos / periodNanos;
    long offset = nanos % periodNanos / MILLI;
    int low = 0;
    int high = millis.length - 1; // the last one is later than any offset
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (millis[middle] > offset) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return repetition * millis.length + low;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof DeliveryTrace trace && Arrays.equals(millis, trace.millis);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(millis);
  }

  /** The file and the mean rate. */
  @Override
  public String toString() {
    return String.format(Locale.ROOT, "%s (%.3f Mbit/s)", name, meanRate() / 1e6);
  }

  /** Checks line by line. */
  private static final class Reading {
    private final String name;
    private int[] millis = new int[1024];
    private int lines;

    Reading(String name) {
      this.name = name;
    }

    void add(String line) {
      int time = time(line.strip());
      if (lines > 0 && time < millis[lines - 1]) {
        throw refused(time + " is earlier than the line before, " + millis[lines - 1]);
      }
      if (lines == MOST_LINES) {
        throw refused("a trace has at most " + MOST_LINES + " lines");
      }
      if (lines == millis.length) {
        millis = Arrays.copyOf(millis, 2 * lines);
      }
      millis[lines++] = time;
    }

    DeliveryTrace end() {
      if (lines == 0) {
        throw new IllegalArgumentException(name + " is empty: a trace has a time in ms a line");
      }
      if (millis[lines - 1] == 0) {
        lines--; // the message is about the last line
        throw refused("a trace must last longer than 0 ms");
      }
      return new DeliveryTrace(name, Arrays.copyOf(millis, lines));
    }

    private int time(String text) {
      if (text.matches("[0-9]{1,10}")) {
        long time = Long.parseLong(text);
        if (time <= Integer.MAX_VALUE) {
          return (int) time;
        }
      }
      String shown = text.length() > LONGEST_LINE ? text.substring(0, LONGEST_LINE) + "…" : text;
      throw refused(
          "'" + shown.replaceAll("\\p{Cntrl}", "?") + "' is not a time in whole milliseconds");
    }

    private IllegalArgumentException refused(String why) {
      return new IllegalArgumentException(name + ":" + (lines + 1) + ": " + why);
    }
  }
}
