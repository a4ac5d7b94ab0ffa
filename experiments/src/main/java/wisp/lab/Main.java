package wisp.lab;

import java.io.PrintWriter;
import java.util.Objects;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;
import wisp.drivers.LinkDownException;
import wisp.lab.cli.BenchCommand;
import wisp.lab.cli.DoctorCommand;
import wisp.lab.cli.ListCommand;
import wisp.lab.cli.LoadCommand;
import wisp.lab.cli.ReportCommand;
import wisp.lab.cli.RunCommand;
import wisp.lab.cli.ScriptCommand;
import wisp.lab.cli.ServeCommand;
import wisp.lab.cli.WireCommand;
import wisp.lab.suite.Catalog;

/** The {@code wisp} command. Exit codes: 0 done, 1 failed, 2 wrong usage. */
@Command(
    name = "wisp",
    mixinStandardHelpOptions = true,
    version = "wisp 0.1.0-SNAPSHOT",
    description = "A user-space TCP/IP stack, and the laboratory that proves it.",
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "Begin with:  wisp run          bytes per connection, with a chart, in a few minutes",
      "             wisp doctor       what this machine can run",
      "Help with one command:  wisp COMMAND --help",
      "Exit codes:  0 done, 1 failed, 2 wrong usage, 3 no JDK 25"
    },
    subcommands = {
      RunCommand.class,
      ListCommand.class,
      DoctorCommand.class,
      ServeCommand.class,
      LoadCommand.class,
      WireCommand.class,
      ScriptCommand.class,
      ReportCommand.class,
      CommandLine.HelpCommand.class
    })
public final class Main implements Runnable {
  private static final int FAILED = 1;
  private static final int USAGE = 2;

  private Main() {}

  @Override
  public void run() {
    CommandLine.usage(this, System.out);
  }

  /** See the class comment. */
  public static void main(String[] args) {
    System.exit(commandLine().execute(args));
  }

  /** The command, ready to be executed: also what the tests run. */
  public static CommandLine commandLine() {
    var bench =
        new CommandLine(new BenchCommand())
            .setUnmatchedOptionsArePositionalParams(true); // they are JMH's to judge
    var wisp = new CommandLine(new Main()).addSubcommand(bench);
    return wisp.setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpAutoWidth(true)
        .setParameterExceptionHandler(Main::wrongUsage)
        .setExecutionExceptionHandler((e, command, parsed) -> failed(e, command));
  }

  private static int wrongUsage(ParameterException e, String[] args) {
    return error(e.getCommandLine(), oneLine(e.getMessage()) + suggestion(e), USAGE);
  }

  private static String suggestion(ParameterException e) {
    var command = e.getCommandLine();
    String help = "; see " + command.getCommandSpec().qualifiedName() + " --help";
    if (e instanceof UnmatchedArgumentException unmatched && !unmatched.getUnmatched().isEmpty()) {
      String wrong = unmatched.getUnmatched().getFirst();
      var known = new java.util.ArrayList<>(command.getSubcommands().keySet());
      command.getCommandSpec().options().forEach(o -> known.addAll(java.util.List.of(o.names())));
      String nearest = Catalog.nearest(wrong.replaceFirst("=.*", ""), known);
      return nearest == null ? help : "; did you mean " + nearest + "?";
    }
    return help;
  }

  private static int failed(Exception e, CommandLine command) {
    return switch (e) {
      case UsageException usage -> error(command, oneLine(usage.getMessage()), USAGE);
      case IllegalArgumentException usage -> error(command, oneLine(usage.getMessage()), USAGE);
      case FailedException failure -> error(command, oneLine(failure.getMessage()), FAILED);
      case java.io.UncheckedIOException io ->
          error(command, oneLine(Objects.requireNonNull(io.getCause()).getMessage()), FAILED);
      case java.io.IOException io -> error(command, oneLine(io.getMessage()), FAILED);
      case wisp.core.spi.LinkException link -> error(command, oneLine(link.getMessage()), FAILED);
      case LinkDownException gone -> error(command, oneLine(gone.getMessage()), FAILED);
      case UnsupportedOperationException missing ->
          error(command, "the stack can't do this yet: " + missing.getMessage(), FAILED);
      default -> {
        // A fault of ours: then the stack trace is what helps.
        e.printStackTrace(command.getErr());
        yield error(command, "internal error: " + e, FAILED);
      }
    };
  }

  private static int error(CommandLine command, String message, int code) {
    PrintWriter err = command.getErr();
    err.println("wisp: " + message);
    err.flush();
    return code;
  }

  private static String oneLine(@org.jspecify.annotations.Nullable String message) {
    return message == null ? "unknown error" : message.strip().replaceAll("\\s*\\R\\s*", " ");
  }
}
