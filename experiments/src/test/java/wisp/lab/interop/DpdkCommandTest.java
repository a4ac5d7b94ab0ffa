package wisp.lab.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.drivers.dpdk.MemifProvider;

@DisplayName("wisp serve over DPDK, in a process of its own, for the kernel and for wisp load")
@Tag("interop")
@Timeout(120)
class DpdkCommandTest {
  /** Sends so many bytes, which an echo must return; then opens and closes so many connections. */
  private static final String CLIENT =
      """
      import hashlib, os, socket, sys, threading
      megabytes, connections = int(sys.argv[1]), int(sys.argv[2])
      s = socket.create_connection(("10.9.1.1", 81), 30)
      sent, got = hashlib.sha256(), hashlib.sha256()
      def send():
          for _ in range(megabytes):
              b = os.urandom(1 << 20)
              sent.update(b)
              s.sendall(b)
          s.shutdown(socket.SHUT_WR)
      t = threading.Thread(target=send)
      t.start()
      while True:
          b = s.recv(1 << 16)
          if not b: break
          got.update(b)
      t.join()
      assert sent.digest() == got.digest(), "other bytes came back"
      for _ in range(connections):
          c = socket.create_connection(("10.9.1.1", 81), 30)
          c.sendall(b"x")
          assert c.recv(1) == b"x"
          c.close()
      print("ok")
      """;

  @TempDir Path directory;

  private static void assumeUsable() {
    String reason = new MemifProvider().unavailable();
    assumeTrue(reason == null, reason);
  }

  /** 64 MiB each way, so that each buffer has its turn. */
  @ParameterizedTest
  @ValueSource(strings = {"net_af_packet0,iface=va", "net_af_xdp0,iface=va,busy_budget=0"})
  void theKernelIsServed(String device) throws Exception {
    assumeUsable();
    try (var namespace = new Namespace()) {
      namespace.run("ip", "link", "add", "va", "type", "veth", "peer", "name", "vb");
      namespace.run("ip", "address", "add", "10.9.0.1/16", "dev", "vb");
      namespace.run("ip", "link", "set", "va", "up");
      // A packet socket's slots hold 2048 bytes: no super-frames.
      namespace.run("ip", "link", "set", "vb", "gso_max_segs", "1", "up");
      try (var server =
          WispProcess.start(
              namespace,
              List.of(),
              "serve",
              "http",
              "echo",
              "--link",
              "dpdk",
              "--vdev",
              device,
              "--own",
              "10.9.1.0/24",
              "--port",
              "80")) {
        server.awaitReady();
        assertEquals("ok", namespace.python(CLIENT, "64", "500").strip());
        String statistics = server.end();
        assertTrue(statistics.contains("\"link_drops\": 0"), statistics);
      }
    }
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
