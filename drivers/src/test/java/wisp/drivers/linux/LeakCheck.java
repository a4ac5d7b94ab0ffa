package wisp.drivers.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What a link has open in this process: descriptors, and memory shared with the kernel. Others that
 * come and go with the JVM are not counted.
 */
public record LeakCheck(long descriptors, long mappings) {
  /** As it is now. */
  public static LeakCheck now() throws IOException {
    try (var descriptors = Files.list(Path.of("/proc/self/fd"));
        var mappings = Files.lines(Path.of("/proc/self/maps"))) {
      return new LeakCheck(
          descriptors.filter(LeakCheck::isOurs).count(),
          mappings.filter(line -> line.contains(" socket:")).count());
    }
  }

  /** Demands that it is so again. */
  public void assertNothingMore() throws IOException {
    assertEquals(this, now());
  }

  private static boolean isOurs(Path descriptor) {
    try {
      String target = Files.readSymbolicLink(descriptor).toString();
      return target.matches("/dev/net/tun|anon_inode:.eventfd.*|socket:.*|net:.*|.*/netns/.*");
    } catch (IOException e) {
      return false; // closed meanwhile
    }
  }
}
