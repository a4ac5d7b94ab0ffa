package wisp.lab;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The {@code wisp} command. */
@Command(
    name = "wisp",
    mixinStandardHelpOptions = true,
    description = "A user-space TCP/IP stack, and the laboratory that proves it.")
public final class Main implements Runnable {
  private final CommandLine commandLine = new CommandLine(this);

  private Main() {}

  @Override
  public void run() {
    commandLine.usage(System.out);
  }

  /** Exit codes: 0 done, 1 failed, 2 wrong usage. */
  public static void main(String[] args) {
    System.exit(new Main().commandLine.execute(args));
  }
}
