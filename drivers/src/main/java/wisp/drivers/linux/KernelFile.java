package wisp.drivers.linux;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files by which the kernel shows one value, in {@code /proc/sys} and {@code /sys}. */
public final class KernelFile {
  private static final int MOST_BYTES = 4096;

  private KernelFile() {}

  /**
   * The value, without the blanks around it. It is there for one read, which has to be large
   * enough: whoever begins with a single byte, as {@code Files.readString} does with files that say
   * that they are empty, gets no more than that.
   */
  public static String read(Path path) throws IOException {
    try (InputStream input = Files.newInputStream(path)) {
      byte[] bytes = new byte[MOST_BYTES];
      int length = Math.max(0, input.read(bytes));
      return new String(bytes, 0, length, StandardCharsets.US_ASCII).strip();
    }
  }
}
