package wisp.lab.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import wisp.lab.Main;
import wisp.lab.run.ChildJvm;

@DisplayName("wisp serve by raw sockets: curl is answered, and after SIGTERM all is as before")
@Tag("interop")
@Timeout(120)
class RawIpServeTest {
  @Test
  void serves(@TempDir Path folder) throws Exception {
    assumeTrue(Namespace.isInstalled("curl"), "curl is not installed");
    try (var peer = new Namespace();
        var ours = new Namespace()) {
      peer.vethTo(ours, "wisp0", "10.9.0.1/16", "ours", "10.9.0.2/16");
      String before = changes(ours);
      Process server = start(folder, ours);
      try (BufferedReader output = server.inputReader()) {
        String ready = output.readLine();
        assertEquals("ready http=80 link=rawip:ours", ready);
        assertFalse(before.equals(changes(ours)));
        assertEquals(
            "10485760",
            peer.run(
                "curl",
                "-s",
                "-o",
                "/dev/null",
                "-w",
                "%{size_download}",
                "http://10.9.1.77/bytes/10485760"));
        server.destroy();
        assertTrue(server.waitFor(20, TimeUnit.SECONDS), "does not end");
        assertEquals(0, server.exitValue());
        assertEquals(before, changes(ours));
        try (var left = Files.list(folder)) {
          assertEquals(0, left.count());
        }
      } finally {
        server.destroyForcibly();
      }
    }
  }

  private static Process start(Path folder, Namespace ours) throws IOException {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ChildJvm.inheritedFlags());
    command.addAll(
        List.of(
            "-Dwisp.run=" + folder,
            "-cp",
            System.getProperty("java.class.path"),
            Main.class.getName(),
            "serve",
            "http",
            "--port",
            "80",
            "--own",
            "10.9.1.0/24",
            "--link",
            "rawip:ours,netns=" + ours.name()));
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }

  private static String changes(Namespace ours) {
    return ours.run("ip", "rule") + ours.run("ip", "route", "show", "table", "local");
  }
}
