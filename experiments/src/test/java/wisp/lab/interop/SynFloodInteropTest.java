package wisp.lab.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;
import wisp.core.spi.Footprint;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Endpoint;
import wisp.core.stack.ListenConfig;
import wisp.lab.serve.Service;
import wisp.lab.serve.Services;

/**
 * A process puts SYNs from forged addresses on the device as fast as it can. Meanwhile kernel
 * sockets connect to the same port, one after the other, and have what they send echoed and its
 * digest compared. Prints what was measured.
 */
@DisplayName("A flood of SYNs: kernel sockets get in by cookies, and their transfers are exact")
@Tag("interop")
@Timeout(60)
class SynFloodInteropTest {
  private static final int PORT = 100;
  private static final int BACKLOG = 256;

  private static final String FLOOD =
      """
      device.setsockopt(263, 20, 1)  # SOL_PACKET, PACKET_QDISC_BYPASS
      def syn(i):
          source = '10.9.%d.%d' % (100 + i // 250 % 100, 1 + i % 250)
          def segment(check):
              return struct.pack('!HHIIBBHHHBBH', 1024 + i, 100, i * 40503 & 0xFFFFFFFF, 0, 0x60, 2,
                                 64240, check, 0, 2, 4, 1460)
          pseudo = address(source) + address(OURS[4]) + struct.pack('!HH', 6, 24)
          return ipv4(6, segment(checksum(pseudo + segment(0))), source=source)
      flood = [syn(i) for i in range(20000)]
      print('go', flush=True)
      sent, until, send = 0, time.monotonic() + float(sys.argv[1]), device.send
      while time.monotonic() < until:
          for i, packet in enumerate(flood):
              if i % 200 == 0:  # at full speed the device's queue drops the clients' SYNs
                  time.sleep(0.01)
              try:
                  send(packet)
                  sent += 1
              except OSError:
                  pass
      print(sent)
      """;

  private static final String CLIENTS =
      """
      import hashlib, os, socket, sys, threading
      count, size = int(sys.argv[1]), int(sys.argv[2])
      worst = 0
      import time
      for i in range(count):
          begin = time.monotonic()
          s = socket.create_connection(('10.9.1.1', 100), 30)
          worst = max(worst, time.monotonic() - begin)
          data = os.urandom(size)
          threading.Thread(target=s.sendall, args=(data,)).start()
          digest, left = hashlib.sha256(), size
          while left:
              piece = s.recv(min(left, 65536))
              if not piece:
                  raise SystemExit('ended early')
              digest.update(piece)
              left -= len(piece)
          if digest.digest() != hashlib.sha256(data).digest():
              raise SystemExit('other bytes came back')
          s.close()
      print('%d exact, longest connect %.0f ms' % (count, 1000 * worst))
      """;

  @ParameterizedTest(name = "tcp_timestamps={0}")
  @ValueSource(strings = {"1", "0"})
  @Tag("rfc4987-a")
  @Tag("rfc4987-b")
  void whenSynsFloodIn_thenKernelSocketsGetIn(String timestamps) throws IOException {
    assumeTrue(Namespace.isInstalled("python3"), "python3 is not installed");
    try (KernelLab lab = KernelLab.open()) {
      lab.namespace().sysctl("tcp_timestamps", timestamps);
      Service echo = Services.named("echo");
      lab.call(
          c -> {
            echo.start(c);
            c.listen(
                Endpoint.any(PORT),
                ConnectionProfile.NO_DELAY,
                echo,
                ListenConfig.DEFAULT.with(b -> b.backlog = BACKLOG));
            return true;
          });
      Process sender = lab.namespace().start("python3", "-c", Packets.PYTHON + FLOOD, "60");
      try (BufferedReader said = sender.inputReader(StandardCharsets.UTF_8)) {
        assertEquals("go", said.readLine());
        lab.await("the backlog to be full", c -> c.counters().get(Event.SYN_COOKIES_SENT) > 1_000);
        System.out.print(lab.namespace().python(CLIENTS, "20", "200000"));
        long half = lab.<Long>call(c -> (long) c.connections());
        assertTrue(half <= BACKLOG + 20, "connections and half-open ones: " + half);
        long blocks =
            lab.call(
                c -> {
                  var footprint = new Footprint();
                  c.footprint(footprint);
                  return footprint.inUseBytes(Footprint.Kind.BLOCKS);
                });
        assertTrue(blocks <= BACKLOG * 64 + (64 << 10), "blocks in use: " + blocks);
        assertTrue(sender.isAlive(), "the flood was over before the clients were served");
      } finally {
        sender.destroy();
      }
      System.out.printf(
          Locale.ROOT,
          "tcp_timestamps=%s: %d SYNs taken, %d cookies sent, %d came back%n",
          timestamps,
          lab.count(Event.SEGMENTS_RECEIVED),
          lab.count(Event.SYN_COOKIES_SENT),
          lab.count(Event.SYN_COOKIES_ACCEPTED));
      lab.call(
          c -> {
            echo.stop(c);
            return true;
          });
      assertTrue(lab.count(Event.SYN_COOKIES_ACCEPTED) >= 10, "few came in by cookies");
    }
  }
}
