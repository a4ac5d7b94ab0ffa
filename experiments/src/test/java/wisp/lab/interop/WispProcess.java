package wisp.lab.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import wisp.lab.Main;
import wisp.lab.run.ChildJvm;

/** The command {@code wisp} in a process of its own; closing it kills what has not ended. */
final class WispProcess implements AutoCloseable {
  private static final int SECONDS_TO_END = 20;
  private final Process process;
  private final BufferedReader output;

  private WispProcess(Process process) {
    this.process = process;
    output = process.inputReader();
  }

  /**
   * The command line, for whoever starts it himself.
   *
   * @param flags for the JVM, after ours
   */
  static String[] command(List<String> flags, String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ChildJvm.inheritedFlags());
    command.addAll(flags);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(Arrays.asList(arguments));
    return command.toArray(String[]::new);
  }

  /** Starts it in our own namespace, both outputs in one. */
  static WispProcess start(List<String> flags, String... arguments) throws IOException {
    var builder = new ProcessBuilder(command(flags, arguments));
    return new WispProcess(builder.redirectErrorStream(true).start());
  }

  /** Starts it in a namespace, both outputs in one. */
  static WispProcess start(Namespace namespace, List<String> flags, String... arguments)
      throws IOException {
    return new WispProcess(namespace.start(command(flags, arguments)));
  }

  /** Reads until it serves and returns that line; fails with what it said instead. */
  String awaitReady() throws IOException {
    var said = new StringBuilder();
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      if (line.startsWith("ready")) {
        return line;
      }
      said.append(line).append('\n');
    }
    throw new AssertionError("not ready: " + said);
  }

  /** Has it end by SIGTERM, demands that it does in good order, returns its line of statistics. */
  String end() throws Exception {
    process.toHandle().destroy(); // which leaves the output open, unlike Process.destroy
    String statistics = "";
    for (String line = output.readLine(); line != null; line = output.readLine()) {
      statistics = line.startsWith("{") ? line : statistics; // a library may speak as well
    }
    assertTrue(process.waitFor(SECONDS_TO_END, TimeUnit.SECONDS), "does not end");
    assertEquals(0, process.exitValue(), statistics);
    return statistics;
  }

  /** Waits until it ends by itself with that code, returns what it said. */
  String fail(int code) throws Exception {
    String said = String.join("\n", output.readAllLines());
    assertTrue(process.waitFor(SECONDS_TO_END, TimeUnit.SECONDS), "does not end");
    assertEquals(code, process.exitValue(), said);
    return said;
  }

  /** Waits until it ends by itself, demands that it was in good order, returns what it said. */
  String complete() throws Exception {
    return fail(0);
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
