package wisp.drivers.changes;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.LinkException;
import wisp.drivers.linux.NetworkNamespace;

/**
 * The changes of one link. Each is noted before it is made; {@link #close} undoes them, the last
 * one first. A JVM that ends without having closed it (SIGTERM) undoes them as well; what a killed
 * one left, {@link ChangeFolder#cleanUp} undoes.
 */
public final class SystemChanges implements AutoCloseable {
  /**
   * How long the end of the JVM waits for whoever is closing in order: connections say good-bye by
   * way of what we would undo.
   */
  private static final long PATIENCE_MILLIS = 3000;

  private static final Set<SystemChanges> OPEN = new HashSet<>();
  private static @Nullable Thread atExit;

  private final ChangeFolder folder;
  private final ChangeFile file;
  private boolean closed;

  private SystemChanges(ChangeFolder folder, ChangeFile file) {
    this.folder = folder;
    this.file = file;
  }

  /**
   * None so far.
   *
   * @param folder where they are noted
   * @param owner a word for people: the link
   * @throws LinkException when they can't be noted, in one line for the user
   */
  public static SystemChanges open(ChangeFolder folder, String owner) throws LinkException {
    synchronized (OPEN) {
      if (atExit == null) {
        var thread = new Thread(SystemChanges::undoAll, "wisp-undo");
        try {
          Runtime.getRuntime().addShutdownHook(thread);
        } catch (IllegalStateException e) {
          throw new LinkException("this JVM is about to end");
        }
        atExit = thread;
      }
      var changes = new SystemChanges(folder, folder.create(owner));
      OPEN.add(changes);
      return changes;
    }
  }

  /**
   * Notes and makes a change, in the calling thread's network namespace.
   *
   * @throws LinkException when it can't be made; then nothing is noted
   */
  public synchronized void make(SystemChange change) throws LinkException {
    if (closed) {
      throw new IllegalStateException("closed");
    }
    var entry = new ChangeFile.Entry(NetworkNamespace.identity(), change);
    try {
      file.add(entry);
    } catch (IOException e) {
      throw new LinkException("can't be noted: " + e.getMessage());
    }
    try {
      change.make();
    } catch (LinkException e) {
      forget(entry);
      throw e;
    }
  }

  /**
   * Notes what other links have changed in the calling thread's network namespace and this one
   * relies on as well: it stays until the last of them has been closed.
   */
  public synchronized void join(Predicate<SystemChange> wanted) throws LinkException {
    String namespace = NetworkNamespace.identity();
    try {
      for (ChangeFile.Entry entry : folder.notedBeside(file)) {
        boolean isNew =
            file.entries().stream()
                .noneMatch(ours -> ours.change().subject().equals(entry.change().subject()));
        if (isNew && entry.namespace().equals(namespace) && wanted.test(entry.change())) {
          file.add(entry);
        }
      }
    } catch (IOException e) {
      throw new LinkException("changes of others can't be read: " + e.getMessage());
    }
  }

  /** Undoes all of them. What can't be undone stays noted, for the next start. Idempotent. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    for (ChangeFile.Entry entry : file.entries().reversed()) {
      try {
        folder.undo(entry, file);
        forget(entry);
      } catch (LinkException e) {
        // It stays noted: the next start tries again, and says so.
      }
    }
    file.close();
    synchronized (OPEN) {
      OPEN.remove(this);
      OPEN.notifyAll();
    }
  }

  private void forget(ChangeFile.Entry entry) {
    try {
      file.remove(entry);
    } catch (IOException e) {
      // Then it is undone once more, which does no harm.
    }
  }

  private static void undoAll() {
    List<SystemChanges> rest;
    synchronized (OPEN) {
      long limit = System.nanoTime() + PATIENCE_MILLIS * 1_000_000L;
      long left = PATIENCE_MILLIS;
      while (!OPEN.isEmpty() && left > 0) {
        try {
          OPEN.wait(left);
        } catch (InterruptedException e) {
          break;
        }
        left = (limit - System.nanoTime()) / 1_000_000L;
      }
      rest = new ArrayList<>(OPEN);
    }
    rest.forEach(SystemChanges::close);
  }
}
