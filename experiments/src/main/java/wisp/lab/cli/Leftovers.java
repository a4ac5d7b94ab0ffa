package wisp.lab.cli;

import wisp.drivers.changes.ChangeFolder;

/** What programs that were killed have left changed on this machine. */
final class Leftovers {
  private Leftovers() {}

  /** Undoes it, before a link is opened; says in a line each what could not be undone. */
  static void undo() {
    ChangeFolder.standard().cleanUp().forEach(rest -> System.err.println("wisp: " + rest));
  }
}
