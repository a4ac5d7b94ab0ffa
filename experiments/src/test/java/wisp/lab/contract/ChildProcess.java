package wisp.lab.contract;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import wisp.lab.run.ChildJvm;

/**
 * A JVM whose lines one waits for. When it ends instead, the test fails with what it said last and,
 * after a crash, with the first lines of the JVM's report. Killed by {@link #close}.
 */
final class ChildProcess implements AutoCloseable {
  private static final int LINES_KEPT = 30;
  private static final int REPORT_LINES = 30;
  private static final String END = "";
  private final Process process;
  private final Path folder;
  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
  private final ArrayDeque<String> said = new ArrayDeque<>();

  /**
   * Starts it with this JVM's class path and flags.
   *
   * @param folder for the report of a crash
   */
  ChildProcess(Path folder, List<String> flags, Class<?> main, List<String> arguments) {
    this.folder = folder;
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ChildJvm.inheritedFlags());
    command.add("-XX:ErrorFile=" + folder.resolve("hs_err_%p.log"));
    command.add("-XX:-CreateCoredumpOnCrash");
    command.addAll(flags);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(arguments);
    try {
      process = new ProcessBuilder(command).redirectErrorStream(true).start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread.ofPlatform().daemon().start(this::read);
  }

  private void read() {
    try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        if (!line.isEmpty()) {
          lines.add(line);
        }
      }
    } catch (IOException e) {
      // it is gone
    }
    lines.add(END);
  }

  /** The next line that begins so; what comes before it is only remembered. */
  String await(String beginning, int seconds) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    try {
      while (true) {
        String line = lines.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        if (line == null) {
          throw new AssertionError("waited in vain for '" + beginning + "'; it said " + said);
        }
        if (line.equals(END)) {
          lines.add(END);
          throw new AssertionError("the process ended; " + ending());
        }
        if (line.startsWith(beginning)) {
          return line;
        }
        said.add(line);
        if (said.size() > LINES_KEPT) {
          said.remove();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  /** Says a line to it. */
  void say(String line) {
    try {
      process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
      process.getOutputStream().flush();
    } catch (IOException e) {
      throw new AssertionError(line + ": it is gone; " + ending(), e);
    }
  }

  long pid() {
    return process.pid();
  }

  /** SIGTERM. */
  void terminate() {
    process.toHandle().destroy(); // Process.destroy would close its output
  }

  /** Waits for its end; the exit code. */
  int exitCode(int seconds) throws InterruptedException {
    if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
      throw new AssertionError("does not end within " + seconds + " s; it said " + said);
    }
    return process.exitValue();
  }

  private String ending() {
    try {
      process.waitFor(5, TimeUnit.SECONDS);
      var report = new StringBuilder();
      try (var files = Files.newDirectoryStream(folder, "hs_err_" + process.pid() + ".log")) {
        for (Path file : files) {
          Files.readAllLines(file).stream()
              .limit(REPORT_LINES)
              .forEach(line -> report.append(line).append('\n'));
        }
      }
      String code = process.isAlive() ? "none yet" : String.valueOf(process.exitValue());
      return "exit code " + code + "; it said " + String.join("\n", said) + "\n" + report;
    } catch (IOException e) {
      return e.toString();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return e.toString();
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
