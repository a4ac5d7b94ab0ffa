package wisp.lab.interop;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import wisp.drivers.dpdk.MemifProvider;

@DisplayName("wisp serve and wisp load, two processes joined by memif")
@Tag("interop")
@Timeout(120)
class MemifCommandTest {
  @TempDir Path directory;

  private static void assumeUsable() {
    String reason = new MemifProvider().unavailable();
    assumeTrue(reason == null, reason);
  }

  @Test
  void twoProcessesAreConnectedByMemif() throws Exception {
    assumeUsable();
    Path socket = directory.resolve("memif");
    try (var server =
        WispProcess.start(
            List.of(), "serve", "echo", "--link", "memif:" + socket, "--own", "10.9.1.1/32")) {
      server.awaitReady();
      for (String load : new String[] {"--connections 1 --bytes 32Mi", "--connections 2k"}) {
        String[] arguments =
            ("load --to 10.9.1.1:7 --own 10.9.2.1/32 --link memif:" + socket + " " + load)
                .split(" ");
        try (var client = WispProcess.start(List.of(), arguments)) {
          String said = client.complete();
          assertTrue(said.contains("\"failed\": 0"), said);
        }
      }
      server.end();
      assertFalse(Files.exists(socket));
    }
  }
}
