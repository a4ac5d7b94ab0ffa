package wisp.lab.kernel;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The congestion controls of this machine's kernel. */
public final class CongestionControls {
  private static final Path LIST = Path.of("/proc/sys/net/ipv4/tcp_available_congestion_control");

  private CongestionControls() {}

  /** Why the kernel does not have this one, in one line; {@code null} when it does. */
  public static @Nullable String unavailable(String name) {
    if (names().contains(name)) {
      return null;
    }
    String trouble = load(name);
    return names().contains(name)
        ? null
        : "this kernel has no congestion control " + name + ", and no module tcp_" + name + trouble;
  }

  private static List<String> names() {
    try {
      return List.of(Files.readString(LIST).strip().split("\\s+"));
    } catch (IOException e) {
      return List.of();
    }
  }

  /** Most kernels keep all but one of them in modules. */
  private static String load(String name) {
    try {
      var process =
          new ProcessBuilder("modprobe", "tcp_" + name)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return process.waitFor() == 0 ? "" : " can be loaded";
    } catch (IOException e) {
      return " can be loaded: there is no modprobe";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return " was loaded: interrupted";
    }
  }
}
