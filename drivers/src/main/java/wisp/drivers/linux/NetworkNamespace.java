package wisp.drivers.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.LinkException;

/**
 * Does something inside another network namespace. Namespaces belong to threads, and a socket or
 * TUN device stays in the one where it was opened, so one JVM can hold links in many.
 */
public final class NetworkNamespace {
  private static final Path OWN = Path.of("/proc/thread-self/ns/net");
  private static final Path NAMED = Path.of("/run/netns");

  private NetworkNamespace() {}

  /** What is to be done inside. */
  @FunctionalInterface
  public interface Action<T> {
    /** Does it. */
    T run() throws LinkException;
  }

  /**
   * Runs an action inside a namespace, on a short-lived thread of its own: however it ends, the
   * caller's thread stays where it was.
   *
   * @param namespace a name as {@code ip netns} knows it, or a path such as {@code /proc/1/ns/net};
   *     empty: the caller's own, on the caller's thread
   * @throws LinkException when there is no such namespace or it may not be entered, or by the
   *     action
   */
  public static <T> T inside(String namespace, Action<T> action) throws LinkException {
    if (namespace.isEmpty()) {
      return action.run();
    }
    var run = new Run<>(namespace, action);
    Thread thread = Thread.ofPlatform().name("netns-" + namespace).start(run);
    boolean interrupted = false;
    while (true) {
      try {
        thread.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true; // it takes microseconds
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return run.result();
  }

  /**
   * What tells the calling thread's namespace from all others while it exists, such as {@code
   * net:[4026531840]}.
   *
   * @throws LinkException when the kernel does not tell
   */
  public static String identity() throws LinkException {
    try {
      return Files.readSymbolicLink(OWN).toString();
    } catch (IOException e) {
      throw new LinkException("this thread's network namespace is unknown: " + e.getMessage());
    }
  }

  /**
   * A path by which the namespace of that {@link #identity} can be entered; empty: the caller is
   * inside; {@code null}: nobody who could be seen here has it, neither a process nor {@code ip
   * netns}.
   */
  public static @Nullable String find(String identity) throws LinkException {
    if (identity().equals(identity)) {
      return "";
    }
    try {
      return Stream.concat(
              list(NAMED).stream().filter(path -> identity.equals(identityOfFile(path))),
              list(Path.of("/proc")).stream()
                  .map(process -> process.resolve("ns/net"))
                  .filter(path -> identity.equals(target(path))))
          .map(Path::toString)
          .findFirst()
          .orElse(null);
    } catch (IOException e) {
      throw new LinkException("network namespaces can't be listed: " + e.getMessage());
    }
  }

  private static List<Path> list(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.toList();
    }
  }

  private static @Nullable String identityOfFile(Path path) {
    try {
      return "net:[" + Files.getAttribute(path, "unix:ino") + "]";
    } catch (IOException e) {
      return null; // deleted meanwhile
    }
  }

  private static @Nullable String target(Path link) {
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (IOException e) {
      return null; // no process, or gone, or none of our business
    }
  }

  /**
   * What an action inside a namespace complains of, as {@link #inside} throws it; {@code null}: it
   * was done.
   */
  public static @Nullable String complaint(String namespace, Action<?> action) {
    try {
      inside(namespace, action);
      return null;
    } catch (LinkException e) {
      return e.getMessage();
    }
  }

  private static final class Run<T> implements Runnable {
    private final String namespace;
    private final Action<T> action;
    private @Nullable T result;
    private @Nullable Throwable thrown;

    Run(String namespace, Action<T> action) {
      this.namespace = namespace;
      this.action = action;
    }

    @Override
    public void run() {
      try {
        enter(namespace);
        result = action.run();
      } catch (Throwable e) {
        thrown = e;
      }
    }

    T result() throws LinkException {
      switch (thrown) {
        case LinkException e -> throw e;
        case RuntimeException e -> throw e;
        case Error e -> throw e;
        case null, default -> {}
      }
      if (result == null) {
        throw new IllegalStateException("no result from " + namespace, thrown);
      }
      return result;
    }
  }

  private static void enter(String namespace) throws LinkException {
    String path = namespace.indexOf('/') >= 0 ? namespace : NAMED + "/" + namespace;
    try (Arena arena = Arena.ofConfined()) {
      var libc = new Libc(arena);
      int descriptor = libc.open(path, Libc.O_RDONLY);
      if (descriptor < 0) {
        throw new LinkException(
            "network namespace '"
                + namespace
                + "' can't be opened: "
                + libc.describe(descriptor)
                + " ("
                + path
                + "); make it with: ip netns add "
                + namespace);
      }
      int entered = libc.setns(descriptor);
      libc.close(descriptor);
      if (entered < 0) {
        throw new LinkException(
            "network namespace '"
                + namespace
                + "' can't be entered: "
                + libc.describe(entered)
                + (entered == -Errno.EPERM
                    ? "; needs root (CAP_SYS_ADMIN)"
                    : "; is it a network namespace?"));
      }
    }
  }
}
