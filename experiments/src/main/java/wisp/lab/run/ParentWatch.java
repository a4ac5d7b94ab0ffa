package wisp.lab.run;

import java.io.IOException;

/** Ends a child process when its parent is gone: then its standard input ends. */
public final class ParentWatch {
  private static final int ORPHANED = 3;

  private ParentWatch() {}

  /** Watches from now on. Nobody else may read standard input. */
  public static void start() {
    Thread.ofPlatform().daemon().name("parent watch").start(ParentWatch::watch);
  }

  private static void watch() {
    try {
      while (System.in.read() >= 0) {
        // whatever is said, only the end matters
      }
    } catch (IOException e) {
      // as good as the end
    }
    Runtime.getRuntime().halt(ORPHANED);
  }
}
