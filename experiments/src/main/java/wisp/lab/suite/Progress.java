package wisp.lab.suite;

import java.io.PrintStream;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** Where long work stands: a bar on a terminal, plain lines elsewhere. */
public final class Progress implements AutoCloseable {
  private static final int BAR_COLUMNS = 100;
  private final PrintStream out;
  private final boolean terminal;
  private @Nullable ProgressBar bar;

  /** On standard output and, for the bar, standard error. */
  public Progress() {
    this(System.out, isTerminal());
  }

  @SuppressWarnings("SystemConsoleNull") // from JDK 25 on it is null again without a terminal
  private static boolean isTerminal() {
    var console = System.console();
    return console != null && console.isTerminal();
  }

  /** For tests. */
  public Progress(PrintStream out, boolean terminal) {
    this.out = out;
    this.terminal = terminal;
  }

  /** Begins a stretch of work of so many units. */
  public void begin(String task, long units) {
    close();
    if (terminal) {
      bar =
          new ProgressBarBuilder()
              .setTaskName(task)
              .setInitialMax(units)
              .setUpdateIntervalMillis(200)
              .setMaxRenderedLength(BAR_COLUMNS)
              .setStyle(ProgressBarStyle.ASCII)
              .build();
    }
  }

  /** So many units are done, of all. */
  public void at(long units, String what) {
    if (bar != null) {
      bar.stepTo(units);
      bar.setExtraMessage(' ' + what);
    }
  }

  /** A line that stays. */
  public void line(String text) {
    if (bar != null) {
      // Over the bar, which draws itself again below.
      out.print("\r\u001b[K");
    }
    out.println(text);
    out.flush();
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
      bar = null;
    }
  }
}
