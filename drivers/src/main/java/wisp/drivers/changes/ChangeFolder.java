package wisp.drivers.changes;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.LinkException;
import wisp.drivers.linux.NetworkNamespace;

/**
 * Where processes note what they change: {@code /run/wisp}, or the folder that the system property
 * {@code wisp.run} names. Nobody else may write there, for what its files say is done.
 *
 * @param path need not exist
 */
public record ChangeFolder(Path path) {
  private static final String PROPERTY = "wisp.run";
  private static final Set<PosixFilePermission> PRIVATE =
      PosixFilePermissions.fromString("rwx------");

  /**
   * What a process that has ended left behind.
   *
   * @param owner the link and the process's number
   * @param remedy the command that undoes it
   * @param problem why it could not be undone; {@code null}: nobody has tried
   */
  public record Leftover(String owner, String remedy, @Nullable String problem) {
    @Override
    public String toString() {
      return "left behind by "
          + owner
          + ", which was killed; undo it with: "
          + remedy
          + (problem == null ? "" : " (" + problem + ")");
    }
  }

  /**
   * That of this machine; where {@code /run} is not ours, a folder of our own among the temporary
   * ones.
   */
  public static ChangeFolder standard() {
    String named = System.getProperty(PROPERTY);
    if (named != null) {
      return new ChangeFolder(Path.of(named));
    }
    Path run = Path.of("/run");
    return new ChangeFolder(
        Files.isWritable(run)
            ? run.resolve("wisp")
            : Path.of(
                System.getProperty("java.io.tmpdir"), "wisp-" + System.getProperty("user.name")));
  }

  /** Undoes what processes that have ended left behind, and tells what could not be undone. */
  public List<Leftover> cleanUp() {
    var rest = new ArrayList<Leftover>();
    forTheDead(
        file -> {
          for (ChangeFile.Entry entry : file.entries().reversed()) {
            try {
              undo(entry, file);
              file.remove(entry);
            } catch (LinkException | IOException e) {
              rest.add(new Leftover(file.owner(), remedy(entry), e.getMessage()));
            }
          }
        });
    return rest;
  }

  /** What processes that have ended left behind; touches nothing. */
  public List<Leftover> leftovers() {
    var rest = new ArrayList<Leftover>();
    forTheDead(
        file -> {
          for (ChangeFile.Entry entry : file.entries().reversed()) {
            if (!isPast(entry)) {
              rest.add(new Leftover(file.owner(), remedy(entry), null));
            }
          }
        });
    return rest;
  }

  private interface Visitor {
    void visit(ChangeFile file) throws IOException;
  }

  private void forTheDead(Visitor visitor) {
    if (!isOurs()) {
      return;
    }
    try (Stream<Path> paths = Files.list(path)) {
      for (Path each : paths.sorted().toList()) {
        try (ChangeFile file = ChangeFile.ofTheDead(each)) {
          if (file != null) {
            visitor.visit(file);
          }
        }
      }
    } catch (IOException e) {
      // Gone, or not for us to read: then there is nothing that we could do.
    }
  }

  /** A file for this process's changes. */
  ChangeFile create(String owner) throws LinkException {
    try {
      if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
        Files.createDirectories(path.toAbsolutePath().getParent());
        Files.createDirectory(path, PosixFilePermissions.asFileAttribute(PRIVATE));
      }
    } catch (java.nio.file.FileAlreadyExistsException e) {
      // by another process, just now
    } catch (IOException e) {
      throw unusable(String.valueOf(e.getMessage()));
    }
    if (!isOurs()) {
      throw unusable("it is another user's, or others may write to it");
    }
    try {
      return ChangeFile.create(path, owner);
    } catch (IOException e) {
      throw unusable(String.valueOf(e.getMessage()));
    }
  }

  private LinkException unusable(String reason) {
    return new LinkException(
        "what is changed on this machine can't be noted in "
            + path
            + ": "
            + reason
            + "; name another folder with -D"
            + PROPERTY
            + "=PATH");
  }

  private boolean isOurs() {
    try {
      return Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)
          && Files.getOwner(path).equals(Files.getOwner(Path.of("/proc/self")))
          && !Files.getPosixFilePermissions(path).contains(PosixFilePermission.GROUP_WRITE)
          && !Files.getPosixFilePermissions(path).contains(PosixFilePermission.OTHERS_WRITE);
    } catch (IOException e) {
      return false;
    }
  }

  /** What others have noted. */
  List<ChangeFile.Entry> notedBeside(ChangeFile own) throws IOException {
    var all = new ArrayList<ChangeFile.Entry>();
    try (Stream<Path> paths = Files.list(path)) {
      for (Path each : paths.filter(other -> !other.equals(own.path())).toList()) {
        all.addAll(ChangeFile.notes(each));
      }
    }
    return all;
  }

  private boolean isNotedBeside(ChangeFile.Entry entry, ChangeFile own) throws LinkException {
    try {
      return notedBeside(own).stream()
          .anyMatch(
              other ->
                  other.namespace().equals(entry.namespace())
                      && other.change().subject().equals(entry.change().subject()));
    } catch (IOException e) {
      throw new LinkException(path + " can't be read: " + e.getMessage());
    }
  }

  /**
   * Undoes a change where it was made. Nothing is left to do where that namespace is no more, or as
   * long as somebody else has noted it too, who will undo it.
   */
  void undo(ChangeFile.Entry entry, ChangeFile own) throws LinkException {
    if (isNotedBeside(entry, own)) {
      return;
    }
    String namespace = NetworkNamespace.find(entry.namespace());
    if (namespace != null) {
      NetworkNamespace.inside(
          namespace,
          () -> {
            entry.change().undo();
            return entry;
          });
    }
  }

  private static boolean isPast(ChangeFile.Entry entry) {
    try {
      return NetworkNamespace.find(entry.namespace()) == null;
    } catch (LinkException e) {
      return false;
    }
  }

  /** The command, to be given in the caller's namespace. */
  private static String remedy(ChangeFile.Entry entry) {
    String remedy = entry.change().remedy();
    try {
      String namespace = NetworkNamespace.find(entry.namespace());
      return namespace == null || namespace.isEmpty()
          ? remedy
          : "nsenter --net=" + namespace + " sh -c '" + remedy + "'";
    } catch (LinkException e) {
      return remedy;
    }
  }
}
