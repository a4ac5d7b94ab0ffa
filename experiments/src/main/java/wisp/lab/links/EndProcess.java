package wisp.lab.links;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import wisp.lab.FailedException;
import wisp.lab.measure.ProcFile;
import wisp.lab.run.ChildJvm;

/**
 * The process of the end that is measured: it says {@code ready …} once, a {@link Tally} when it is
 * asked for one, and ends when its input does, so that it never outlives us.
 */
final class EndProcess implements AutoCloseable {
  private static final int SECONDS_TO_START = 30;
  private static final int SECONDS_TO_ANSWER = 10;
  private static final int SECONDS_TO_END = 10;
  private static final int WORDS_KEPT = 300;

  /** Fields of {@code /proc/PID/stat} after the name: times in user and kernel mode, in ticks. */
  private static final int USER_TICKS = 11;

  private static final double TICKS_PER_SECOND = 100; // USER_HZ, the same on all of Linux

  private final String what;
  private final Process process;
  private final LinkedBlockingQueue<String> lines = new LinkedBlockingQueue<>();
  private final String ready;
  private volatile String lastWords = "";
  private volatile boolean over;

  private EndProcess(String what, Process process) {
    this.what = what;
    this.process = process;
    Thread.ofPlatform().daemon().name("output of " + what).start(this::listen);
    try {
      ready = await("ready", SECONDS_TO_START);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /**
   * Starts one and waits until it is ready.
   *
   * @param what for error messages
   * @throws FailedException in one line when it does not get ready
   */
  static EndProcess start(String what, List<String> command) {
    try {
      return new EndProcess(what, new ProcessBuilder(command).redirectErrorStream(true).start());
    } catch (IOException e) {
      throw new FailedException(what + ": can't be started: " + e.getMessage(), e);
    }
  }

  /**
   * The command of a JVM with our class path and flags.
   *
   * @param prefix a command before it, such as {@code ip netns exec …}
   */
  static List<String> jvm(List<String> prefix, Class<?> main, List<String> arguments) {
    var command = new ArrayList<>(prefix);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ChildJvm.inheritedFlags());
    command.addAll(List.of("-Xmx512m", "-cp", System.getProperty("java.class.path")));
    command.add(main.getName());
    command.addAll(arguments);
    return command;
  }

  private void listen() {
    try (BufferedReader in = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (Tally.isOne(line) || line.startsWith("ready")) {
          lines.add(line);
        } else if (!lastWords.contains("Error")) { // a library may have more to say after that
          lastWords = line.length() > WORDS_KEPT ? line.substring(0, WORDS_KEPT) : line;
        }
      }
    } catch (IOException e) {
      // It is gone.
    }
    over = true;
    lines.add("");
  }

  private String await(String word, int seconds) {
    @Nullable String line;
    try {
      line = over ? lines.poll() : lines.poll(seconds, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new FailedException("interrupted", e);
    }
    if (line == null || !line.startsWith(word)) {
      String reason = lastWords.isEmpty() ? "" : ": " + lastWords.strip();
      throw new FailedException(what + (over ? " has ended" : " does not answer") + reason);
    }
    return line;
  }

  /** Its hardware address; 0: none. */
  long hardwareAddress() {
    String word = "mac=";
    int at = ready.indexOf(word);
    return at < 0 ? 0 : Long.parseLong(ready.substring(at + word.length()).split(" ", -1)[0]);
  }

  /** What it has counted up to now. */
  Tally tally() {
    try {
      process.getOutputStream().write("tally\n".getBytes(StandardCharsets.US_ASCII));
      process.getOutputStream().flush();
    } catch (IOException e) {
      throw new FailedException(what + " has ended: " + lastWords, e);
    }
    return Tally.parse(await("tally", SECONDS_TO_ANSWER));
  }

  /** Processor time that it has used, in seconds, to a hundredth. */
  double cpuSeconds() {
    String text = ProcFile.text("/proc/" + process.pid() + "/stat");
    String[] fields = text.substring(text.lastIndexOf(')') + 1).strip().split(" ", -1);
    return fields.length < USER_TICKS + 2
        ? Double.NaN
        : (Long.parseLong(fields[USER_TICKS]) + Long.parseLong(fields[USER_TICKS + 1]))
            / TICKS_PER_SECOND;
  }

  /** Ends it and waits until it is gone. */
  @Override
  public void close() {
    try {
      process.getOutputStream().close();
    } catch (IOException e) {
      // It is gone already.
    }
    try {
      if (!process.waitFor(SECONDS_TO_END, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        process.waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
