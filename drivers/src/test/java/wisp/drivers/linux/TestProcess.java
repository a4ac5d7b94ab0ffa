package wisp.drivers.linux;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A JVM with the test's class path, to be ended in more than one way. Killed by {@link #close}. */
public final class TestProcess implements AutoCloseable {
  private final Process process;

  /** Starts it, and waits until it has written this line. */
  public TestProcess(Class<?> main, String ready, String... arguments) throws IOException {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(flag -> !flag.startsWith("-javaagent:") && !flag.startsWith("-agent"))
        .forEach(command::add);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(List.of(arguments));
    process = new ProcessBuilder(command).redirectErrorStream(true).start();
    var said = new StringBuilder();
    BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
    for (String line = output.readLine(); ; line = output.readLine()) {
      if (line == null) {
        throw new AssertionError(main.getName() + " ended: " + said);
      }
      if (line.equals(ready)) {
        return;
      }
      said.append(line).append('\n');
    }
  }

  /** SIGTERM; returns once it has ended. */
  public void terminate() throws InterruptedException {
    process.destroy();
    assertTrue(process.waitFor(20, TimeUnit.SECONDS), "does not end");
  }

  /** SIGKILL; returns once it has ended. */
  public void kill() throws InterruptedException {
    process.destroyForcibly();
    assertTrue(process.waitFor(20, TimeUnit.SECONDS), "does not end");
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
