package wisp.drivers.linux;

import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Whether the system calls of {@link Libc} can be used here. Touches no native code itself. */
public final class Linux {
  /** Capability number of CAP_NET_ADMIN. */
  public static final int CAP_NET_ADMIN = 12;

  private Linux() {}

  /** Why {@link Libc} can't be used here and what to do, in one line; null when it can. */
  public static @Nullable String unavailable() {
    return Probe.REASON;
  }

  /** Asked once: a class whose initialization failed does not tell why a second time. */
  private static final class Probe {
    static final @Nullable String REASON = probe();
  }

  private static @Nullable String probe() {
    String system = System.getProperty("os.name", "");
    if (!system.equals("Linux")) {
      return "needs Linux, this is " + system + "; use the inmemory link";
    }
    String architecture = System.getProperty("os.arch", "");
    // Structures and request numbers are written down for these two, whose ABIs agree in all of
    // them.
    if ((!architecture.equals("amd64") && !architecture.equals("aarch64"))
        || ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
      return "needs x86-64 or little-endian aarch64, this is "
          + architecture
          + "; use the inmemory link";
    }
    try {
      Libc.load();
      return null;
    } catch (LinkageError e) {
      Throwable root = e;
      while (root.getCause() != null) {
        root = root.getCause();
      }
      return root instanceof IllegalCallerException
          ? "needs native access; start java with --enable-native-access=ALL-UNNAMED"
          : "can't call the C library (" + root.getMessage() + "); needs glibc";
    }
  }

  /**
   * Whether this process has a capability, such as {@link #CAP_NET_ADMIN}; true when the kernel
   * does not say.
   */
  public static boolean hasCapability(int number) {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/thread-self/status"))) {
        if (line.startsWith("CapEff:")) {
          return (Long.parseUnsignedLong(line.substring(7).strip(), 16) >>> number & 1) == 1;
        }
      }
    } catch (IOException | NumberFormatException e) {
      // Trying will tell.
    }
    return true;
  }
}
