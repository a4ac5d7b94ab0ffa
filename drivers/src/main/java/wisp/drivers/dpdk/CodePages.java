package wisp.drivers.dpdk;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Which of this process's memory is code, and of which library. */
final class CodePages {
  private final List<String> mappings;

  private CodePages(List<String> mappings) {
    this.mappings = mappings;
  }

  /** As it is now. */
  static CodePages look() {
    try {
      return new CodePages(Files.readAllLines(Path.of("/proc/self/maps")));
    } catch (IOException e) {
      return new CodePages(List.of());
    }
  }

  /**
   * Whether code of a library lies there.
   *
   * @param library how its file's name begins
   */
  boolean contains(long address, String library) {
    for (String mapping : mappings) {
      int dash = mapping.indexOf('-');
      int space = mapping.indexOf(' ');
      if (Long.compareUnsigned(address, Long.parseUnsignedLong(mapping.substring(0, dash), 16)) >= 0
          && Long.compareUnsigned(
                  address, Long.parseUnsignedLong(mapping.substring(dash + 1, space), 16))
              < 0) {
        return mapping.startsWith("r-x", space + 1) && mapping.contains("/" + library);
      }
    }
    return false;
  }
}
