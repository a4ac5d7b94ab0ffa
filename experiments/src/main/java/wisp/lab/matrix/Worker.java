package wisp.lab.matrix;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import wisp.lab.FailedException;
import wisp.lab.kernel.KernelHost;
import wisp.lab.run.ChildJvm;

/**
 * Tries cells in a JVM of its own, one after the other and all in the same, so that it is warm. A
 * cell that hangs there, wherever and in whatever state, costs that JVM: it is killed, and the next
 * cell gets a new one.
 */
final class Worker implements AutoCloseable {
  /** Far more than any cell needs; each transfer has a limit of its own within. */
  static final Duration LIMIT = Duration.ofSeconds(120);

  private static final String END = "";
  private final Duration limit;
  private final double seconds;
  private final Class<?> main;
  private @Nullable ChildJvm jvm;
  private LinkedBlockingQueue<String> answers = new LinkedBlockingQueue<>();

  /** With transfers of the usual length. */
  Worker() {
    this(Conditions.SECONDS);
  }

  /** With transfers that are meant to take so many seconds each. */
  Worker(double seconds) {
    this(WorkerMain.class, LIMIT.plusMillis((long) (20_000 * seconds)), seconds);
  }

  /** With another program, which hears and says the same, and another limit. */
  Worker(Class<?> main, Duration limit, double seconds) {
    this.main = main;
    this.limit = limit;
    this.seconds = seconds;
  }

  /** Tries it. Whatever goes wrong, also that it never ends, is in the result. */
  Trial run(Cell cell, long seed) {
    long start = System.nanoTime();
    String trouble;
    try {
      ChildJvm child = started();
      child.say(seed + " " + seconds + " " + cell.text());
      String answer = answers.poll(limit.toMillis(), TimeUnit.MILLISECONDS);
      if (answer != null && !answer.equals(END)) {
        return Trial.parse(cell, answer);
      }
      trouble =
          answer == null ? "killed: not done within " + limit.toSeconds() + " s" : child.failure();
    } catch (FailedException e) {
      trouble = String.valueOf(e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      trouble = "interrupted";
    }
    close();
    return Trial.failed(cell, trouble, (System.nanoTime() - start) / 1e9);
  }

  private ChildJvm started() {
    ChildJvm child = jvm;
    if (child == null) {
      child = ChildJvm.start("the matrix's worker", List.of(), List.of(), main, List.of());
      jvm = child;
      var lines = new LinkedBlockingQueue<String>();
      answers = lines;
      InputStream output = child.output();
      Thread.ofPlatform().daemon().name("answers").start(() -> pass(output, lines));
    }
    return child;
  }

  private static void pass(InputStream output, LinkedBlockingQueue<String> lines) {
    try (var reader = new BufferedReader(new InputStreamReader(output, StandardCharsets.UTF_8))) {
      reader.lines().filter(line -> line.startsWith("{")).forEach(lines::add);
    } catch (IOException | UncheckedIOException e) {
      // It was killed.
    }
    lines.add(END);
  }

  /** Its process id; 0: there is none at the moment. */
  long pid() {
    ChildJvm child = jvm;
    return child == null ? 0 : child.pid();
  }

  /** Ends the JVM, by force when it does not go by itself, and removes what it left. */
  @Override
  public void close() {
    ChildJvm child = jvm;
    if (child != null) {
      child.close();
      KernelHost.removeAllOf(child.pid());
      jvm = null;
    }
  }
}
