package wisp.lab.links;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import wisp.lab.measure.Machine;

/** The same reflector in C, on the same rings and calls, built when the suite begins. */
final class NativeReflector implements AutoCloseable {
  private static final String SOURCE = "reflector.c";
  private static final int SECONDS_TO_BUILD = 60;
  private final @Nullable Path folder;
  private final @Nullable String reason;

  private NativeReflector(@Nullable Path folder, @Nullable String reason) {
    this.folder = folder;
    this.reason = reason;
  }

  /** Builds it, or says why it could not. */
  static NativeReflector build() throws IOException {
    if (!Machine.hasProgram("cc")) {
      return new NativeReflector(null, "needs a C compiler: apt install gcc libc6-dev");
    }
    Path folder = Files.createTempDirectory("wisp-reflector");
    try (InputStream source = NativeReflector.class.getResourceAsStream(SOURCE)) {
      if (source == null) {
        return new NativeReflector(folder, SOURCE + " is not on the class path");
      }
      Files.copy(source, folder.resolve(SOURCE));
    }
    var command =
        List.of("cc", "-O2", "-o", folder + "/reflector", folder.resolve(SOURCE).toString());
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (process.waitFor(SECONDS_TO_BUILD, TimeUnit.SECONDS) && process.exitValue() == 0) {
        return new NativeReflector(folder, null);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    process.destroyForcibly();
    return new NativeReflector(folder, "cc failed: " + said.strip().replace('\n', ' '));
  }

  /** Why there is none; {@code null}: there is. */
  @Nullable String unavailable() {
    return reason;
  }

  /**
   * How it is started.
   *
   * @param way {@code tun}, {@code tap}, {@code afpacket}, {@code rawip}, {@code afxdp-native} or
   *     {@code afxdp-skb}
   */
  List<String> command(List<String> prefix, String way) {
    var command = new ArrayList<>(prefix);
    command.addAll(List.of(folder + "/reflector", way, String.valueOf(Core.ofOurs())));
    return command;
  }

  @Override
  public void close() {
    if (folder == null) {
      return;
    }
    for (String name : List.of(SOURCE, "reflector")) {
      try {
        Files.deleteIfExists(folder.resolve(name));
      } catch (IOException e) {
        // It stays in the folder for temporary files.
      }
    }
    try {
      Files.deleteIfExists(folder);
    } catch (IOException e) {
      // As above.
    }
  }
}
