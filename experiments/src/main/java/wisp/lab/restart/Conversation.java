package wisp.lab.restart;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import wisp.lab.FailedException;
import wisp.lab.run.ChildJvm;

/** A child process that answers lines with lines. */
final class Conversation implements AutoCloseable {
  private final ChildJvm jvm;
  private final BufferedReader output;

  Conversation(
      String what, List<String> prefix, List<String> flags, Class<?> main, List<String> arguments) {
    jvm = ChildJvm.start(what, prefix, flags, main, arguments);
    output = new BufferedReader(new InputStreamReader(jvm.output(), StandardCharsets.UTF_8));
  }

  /** The next line that begins so; others are passed over. */
  String expect(String beginning) {
    try {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        if (line.startsWith(beginning)) {
          return line;
        }
      }
    } catch (IOException e) {
      // It is gone.
    }
    throw new FailedException(jvm.failure());
  }

  void say(String line) {
    jvm.say(line);
  }

  /** SIGKILL, and waits until it is gone. */
  void kill() {
    ProcessHandle.of(jvm.pid())
        .ifPresent(
            process -> {
              process.destroyForcibly();
              process.onExit().join();
            });
  }

  @Override
  public void close() {
    jvm.close();
  }
}
