package wisp.drivers.linux;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.drivers.Links;

/** Opens a link in a JVM of its own that lacks a privilege. */
public final class WithoutCapability {
  private WithoutCapability() {}

  /**
   * What became of it: the link's name, or what was said instead.
   *
   * @param capability as setpriv calls it, such as {@code net_raw}
   */
  public static String open(String capability, String spec) throws Exception {
    assumeTrue(Files.exists(Path.of("/usr/bin/setpriv")), "setpriv is not installed");
    Process process =
        new ProcessBuilder(
                "/usr/bin/setpriv",
                "--bounding-set=-" + capability,
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                WithoutCapability.class.getName(),
                spec)
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes()).strip();
    assertTrue(process.waitFor(30, TimeUnit.SECONDS), "it does not end");
    return output;
  }

  /** In that JVM. */
  public static void main(String[] arguments) {
    try (Link link = Links.open(arguments[0])) {
      System.out.println(link.name());
    } catch (LinkException e) {
      System.out.println(e.getMessage());
    }
  }
}
