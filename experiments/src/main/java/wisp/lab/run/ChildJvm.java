package wisp.lab.run;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import wisp.lab.FailedException;

/**
 * A JVM of its own for one measurement: with the class path and flags of this one, except those of
 * heap, collector and agents. It reads its standard input to the end and exits then ({@link
 * ParentWatch}), so that it never outlives us.
 */
public final class ChildJvm implements AutoCloseable {
  private static final int LINES_KEPT = 20;
  private final String what;
  private final Process process;
  private final ArrayDeque<String> lastErrors = new ArrayDeque<>();
  private final Thread errorReader;

  private ChildJvm(String what, Process process) {
    this.what = what;
    this.process = process;
    errorReader = Thread.ofPlatform().daemon().start(this::readErrors);
  }

  /**
   * Starts it.
   *
   * @param what for error messages
   * @param prefix a command before the JVM's, such as {@code ip netns exec …}; usually empty
   */
  public static ChildJvm start(
      String what, List<String> prefix, List<String> flags, Class<?> main, List<String> arguments) {
    var command = new ArrayList<String>(prefix);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(inheritedFlags());
    command.addAll(flags);
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add(main.getName());
    command.addAll(arguments);
    try {
      return new ChildJvm(what, new ProcessBuilder(command).start());
    } catch (IOException e) {
      throw new FailedException(what + ": can't start a JVM: " + e.getMessage(), e);
    }
  }

  /** This JVM's flags that a child shall have too. */
  public static List<String> inheritedFlags() {
    return ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(flag -> !flag.matches("-X(m[sxn]|ss|log|int|comp).*"))
        .filter(flag -> !flag.matches("-XX:[+-]Use\\w+GC"))
        .filter(flag -> !flag.startsWith("-javaagent:") && !flag.startsWith("-agent"))
        .toList();
  }

  /**
   * Hands each line of its output to {@code line} until it ends.
   *
   * @throws FailedException in one line when it takes too long or exits with another code than 0
   */
  public void await(Consumer<String> line, Duration timeout) {
    Thread timer = Thread.ofPlatform().daemon().start(() -> killAfter(timeout));
    try (var lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      lines.lines().forEach(line);
    } catch (IOException | UncheckedIOException e) {
      // The stream breaks when the process is killed; what happened is said below.
    }
    boolean timedOut = !timer.isAlive();
    timer.interrupt();
    int code = exitCode();
    if (timedOut) {
      throw new FailedException(
          what + ": not done within " + timeout.toSeconds() + " s (--timeout gives it more)");
    }
    if (code != 0) {
      throw new FailedException(what + ": " + reason(code));
    }
  }

  private void killAfter(Duration timeout) {
    try {
      Thread.sleep(timeout);
      process.destroyForcibly();
    } catch (InterruptedException e) {
      // It ended in time.
    }
  }

  private int exitCode() {
    try {
      int code = process.waitFor();
      errorReader.join(1000);
      return code;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      process.destroyForcibly();
      return -1;
    }
  }

  private String reason(int code) {
    synchronized (lastErrors) {
      String error =
          lastErrors.stream()
              .filter(line -> line.contains("Error") || line.contains("Exception"))
              .findFirst()
              .orElse(lastErrors.isEmpty() ? "" : lastErrors.getLast());
      String killed = code == 137 ? "killed, probably for want of memory" : "exit code " + code;
      return error.isEmpty() ? killed : error.strip();
    }
  }

  private void readErrors() {
    try (var lines =
        new BufferedReader(
            new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8))) {
      String line = lines.readLine();
      while (line != null) {
        synchronized (lastErrors) {
          // The first lines tell the exception, the last ones where: keep the first.
          if (lastErrors.size() < LINES_KEPT) {
            lastErrors.add(line);
          }
        }
        line = lines.readLine();
      }
    } catch (IOException e) {
      // The process is gone.
    }
  }

  /** What it prints. */
  public InputStream output() {
    return process.getInputStream();
  }

  /** Its process id. */
  public long pid() {
    return process.pid();
  }

  /** Says a line to it. */
  public void say(String line) {
    try {
      process.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
      process.getOutputStream().flush();
    } catch (IOException e) {
      throw new FailedException(what + ": " + reason(exitCode()), e);
    }
  }

  /** Whether it runs. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /** Why it ended. */
  public String failure() {
    return what + ": " + reason(exitCode());
  }

  /** Ends it and waits until it is gone. */
  @Override
  public void close() {
    try {
      process.getOutputStream().close();
    } catch (IOException e) {
      // It is gone already.
    }
    process.destroy();
    try {
      if (!process.waitFor(5, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        process.waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
