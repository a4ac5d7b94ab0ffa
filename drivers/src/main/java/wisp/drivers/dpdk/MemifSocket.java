package wisp.drivers.dpdk;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.LinkException;
import wisp.drivers.linux.Errno;
import wisp.drivers.linux.Libc;
import wisp.drivers.linux.SocketCalls;

/**
 * The place in the file system where two ends of a memif meet.
 *
 * <pre>
 *   struct sockaddr_un      family 2 │ path 108, ended by a zero
 * </pre>
 */
final class MemifSocket {
  private static final int ADDRESS_BYTES = 110;
  private static final int LONGEST_PATH = 107;
  private static final int AF_UNIX = 1;
  private static final int SOCK_STREAM = 1;

  private final Path path;

  /**
   * Somewhere in the file system.
   *
   * @throws IllegalArgumentException when a socket can't be there, in one line for the user
   */
  MemifSocket(String text) {
    if (text.isEmpty() || text.indexOf(',') >= 0) {
      throw new IllegalArgumentException(
          "memif needs the path of a socket, without commas: memif:/tmp/wisp.sock");
    }
    path = Path.of(text).toAbsolutePath();
    if (toString().getBytes(StandardCharsets.UTF_8).length > LONGEST_PATH) {
      throw new IllegalArgumentException(
          "memif:" + text + ": a socket's path has at most " + LONGEST_PATH + " bytes");
    }
  }

  /**
   * Whether a server is there. It does not notice: a memif server's socket is of another type than
   * the one that asks, and the kernel says so only where somebody has the socket open.
   */
  boolean isListenedAt() throws LinkException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = arena.allocate(ADDRESS_BYTES, 8);
      address.set(ValueLayout.JAVA_SHORT, 0, (short) AF_UNIX);
      address.setString(2, toString());
      var libc = new Libc(arena);
      int socket = libc.socket(AF_UNIX, SOCK_STREAM, 0);
      if (socket < 0) {
        throw new LinkException("memif: no socket: " + libc.describe(socket));
      }
      int result = new SocketCalls(arena).connect(socket, address);
      libc.close(socket);
      return switch (-result) {
        case Errno.EPROTOTYPE -> true;
        case Errno.ENOENT, Errno.ECONNREFUSED -> false;
        case 0 -> throw new LinkException("memif: " + this + " is another program's socket");
        default ->
            throw new LinkException("memif: " + this + " can't be used: " + libc.describe(result));
      };
    }
  }

  /**
   * Makes room for a server: deletes the socket of one that was killed.
   *
   * @throws LinkException when something else is there, or the directory is not
   */
  void clear() throws LinkException {
    String reason = unavailable();
    if (reason != null) {
      throw new LinkException(reason);
    }
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      throw new LinkException("memif: " + this + " can't be replaced: " + e.getMessage());
    }
  }

  /** Why there can be no socket; null when there can, or is. */
  @Nullable String unavailable() {
    Path directory = path.getParent();
    if (directory == null || !Files.isDirectory(directory)) {
      return "memif: there is no directory for " + this + "; mkdir -p " + directory + " first";
    }
    try {
      return !Files.exists(path, LinkOption.NOFOLLOW_LINKS)
              || Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                  .isOther()
          ? null
          : "memif: " + this + " is a file or directory; choose another path";
    } catch (IOException e) {
      return "memif: " + this + " can't be looked at: " + e.getMessage();
    }
  }

  @Override
  public String toString() {
    return path.toString();
  }
}
