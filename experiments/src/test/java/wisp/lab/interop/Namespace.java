package wisp.lab.interop;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.List;
import wisp.lab.kernel.KernelHost;
import wisp.lab.measure.Machine;

/** A kernel for one test; where none can be had the test is skipped with the reason. */
final class Namespace extends KernelHost {
  Namespace() {
    assumed();
    super();
  }

  private static void assumed() {
    String reason = unavailable();
    assumeTrue(reason == null, reason);
  }

  /** Whether there is such a program on the path. */
  static boolean isInstalled(String program) {
    return Machine.hasProgram(program);
  }

  /** Runs a Python program inside, arguments in {@code sys.argv[1:]}. */
  String python(String program, String... arguments) {
    assumeTrue(isInstalled("python3"), "python3 is not installed");
    var command = new ArrayList<>(List.of("python3", "-c", program));
    command.addAll(List.of(arguments));
    return run(command.toArray(String[]::new));
  }
}
