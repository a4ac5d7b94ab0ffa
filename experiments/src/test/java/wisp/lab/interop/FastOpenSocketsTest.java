package wisp.lab.interop;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Random;
import java.util.function.ToIntFunction;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wisp.core.Counters.Event;
import wisp.core.ip.IpAddress;
import wisp.core.spi.FastOpenMode;
import wisp.core.stack.Endpoint;
import wisp.drivers.sockets.Errno;
import wisp.drivers.sockets.FastOpenSettings;
import wisp.drivers.sockets.Message;
import wisp.drivers.sockets.Option;
import wisp.drivers.sockets.Sockets;
import wisp.lab.script.LinuxFastOpenCookies;

@DisplayName("Fast Open by sockets in the style of BSD, against the kernel")
@Tag("interop")
@Timeout(30)
class FastOpenSocketsTest {
  private static final int PORT = 100;
  private static final int ROUNDS = 4;
  private static final String KEY = "a0bf63f7-ed803d81-cd641d30-cebc4a90";

  @TempDir private Path folder;

  /** Tries until it is no EAGAIN any more. */
  private static int await(KernelLab lab, ToIntFunction<Sockets> attempt, Sockets sockets)
      throws InterruptedException {
    for (int i = 0; i < 10_000; i++) {
      int result = lab.call(_ -> attempt.applyAsInt(sockets));
      if (result != -Errno.EAGAIN && result != -Errno.EALREADY) {
        return result;
      }
      Thread.sleep(1);
    }
    throw new AssertionError("still EAGAIN");
  }

  private static void echo(ServerSocketChannel listener, int connections) throws IOException {
    for (int i = 0; i < connections; i++) {
      try (SocketChannel socket = listener.accept()) {
        ByteBuffer some = ByteBuffer.allocate(10_000);
        while (socket.read(some.clear()) >= 0) {
          socket.write(some.flip());
        }
      }
    }
  }

  @Test
  @Tag("rfc7413-a")
  void whenOurSocketsWriteFast_thenTheKernelTakesItAndAnswers() throws Exception {
    try (KernelLab lab = KernelLab.open();
        Background kernelSide = new Background()) {
      lab.namespace().sysctl("tcp_fastopen", "1027");
      ServerSocketChannel listener = lab.kernelListener(PORT);
      kernelSide.run(() -> echo(listener, ROUNDS));
      Sockets sockets = lab.call(Sockets::new);
      for (int i = 0; i < ROUNDS; i++) {
        byte[] data = new byte[300 + 200 * i];
        new Random(i).nextBytes(data);
        boolean waits = i == 3; // by TCP_FASTOPEN_CONNECT
        int handle = lab.call(_ -> begin(sockets, data, waits));
        assertEquals(0, await(lab, s -> s.connectResult(handle), sockets));
        lab.call(_ -> sockets.shutdown(handle, false, true));
        byte[] got = new byte[data.length];
        for (int n = 0; n < got.length; ) {
          int from = n;
          n += await(lab, s -> s.read(handle, got, from, got.length - from, 0), sockets);
        }
        assertArrayEquals(data, got);
        assertEquals(0, await(lab, s -> s.read(handle, new byte[1], 0, 1, 0), sockets));
        lab.call(_ -> sockets.close(handle));
      }
      kernelSide.join();
      listener.close();
      assertEquals(ROUNDS - 1, lab.count(Event.FAST_OPENS_CONFIRMED));
    }
  }

  private static int begin(Sockets sockets, byte[] data, boolean waits) {
    int handle = sockets.socket(Sockets.STREAM);
    Endpoint kernel = Endpoint.of(KernelLab.KERNEL, PORT);
    int written;
    if (waits) {
      sockets.setOption(handle, Option.TCP_FASTOPEN_CONNECT, 1);
      assertEquals(0, sockets.connect(handle, kernel));
      written = sockets.write(handle, data, 0, data.length);
    } else {
      written = sockets.write(handle, data, 0, data.length, kernel, Message.FAST_OPEN);
    }
    assertEquals(data.length, written);
    return handle;
  }

  private static final String CLIENT =
      """
      import os, socket
      for i in range(4):
          s = socket.socket()
          data = os.urandom(500 + 200 * i)
          s.sendto(data, socket.MSG_FASTOPEN, ('10.9.1.1', 100))
          got = b''
          while len(got) < len(data):
              some = s.recv(65536)
              if not some:
                  raise SystemExit('the end came early')
              got += some
          if got != data:
              raise SystemExit('other bytes came back')
          s.close()
      """;

  @Test
  @Tag("rfc7413-a")
  void whenTheKernelWritesFast_thenAListeningSocketTakesIt() throws Exception {
    try (KernelLab lab = KernelLab.open();
        Background kernelSide = new Background()) {
      lab.namespace().sysctl("tcp_fastopen", "1");
      Sockets sockets = lab.call(Sockets::new);
      int listener = lab.call(_ -> listen(sockets));
      kernelSide.run(() -> lab.namespace().python(CLIENT));
      byte[] bytes = new byte[2_000];
      for (int i = 0; i < ROUNDS; i++) {
        int handle = await(lab, s -> s.accept(listener), sockets);
        for (int n; (n = await(lab, s -> s.read(handle, bytes, 0, 2_000, 0), sockets)) > 0; ) {
          int read = n;
          int written = lab.call(_ -> sockets.write(handle, bytes, 0, read));
          assertEquals(read, written);
        }
        lab.call(_ -> sockets.close(handle));
      }
      kernelSide.join();
      lab.call(_ -> sockets.close(listener));
      assertEquals(ROUNDS - 1, lab.count(Event.FAST_OPENS_ACCEPTED));
    }
  }

  private static int listen(Sockets sockets) {
    var cookies = LinuxFastOpenCookies.of(KEY, true);
    sockets.fastOpen(new FastOpenSettings(FastOpenMode.ON, true, true, cookies));
    int listener = sockets.socket(Sockets.STREAM);
    sockets.bind(listener, Endpoint.any(PORT));
    assertEquals(0, sockets.listen(listener, 10));
    return listener;
  }

  @ParameterizedTest(name = "to {1}")
  @CsvSource({"10.9.1.1, 10.9.0.1", "fd00:9::1:1, fd00:9::1"})
  @DisplayName("the cookie that the kernel gives us is the one that our function makes")
  void givenTheSameKey_thenOurCookieIsTheKernels(String ours, String kernel) throws Exception {
    Path pcap = folder.resolve("cookie.pcap");
    try (KernelLab lab = KernelLab.with().dualStack().pcap(pcap).open()) {
      lab.namespace().sysctl("tcp_fastopen", "1027");
      lab.namespace().sysctl("tcp_fastopen_key", KEY);
      try (ServerSocketChannel listener =
          lab.namespace().listen(new InetSocketAddress(kernel, PORT))) {
        assertTrue(listener.isOpen());
        Sockets sockets = lab.call(Sockets::new);
        int handle = lab.call(_ -> sockets.socket(Sockets.STREAM));
        Endpoint to = Endpoint.of(kernel, PORT);
        lab.call(_ -> sockets.bind(handle, Endpoint.of(ours, 0)));
        lab.call(_ -> sockets.write(handle, new byte[1], 0, 1, to, Message.FAST_OPEN));
        assertEquals(0, await(lab, s -> s.connectResult(handle), sockets));
        lab.call(_ -> sockets.close(handle));
        listener.accept().close();
      }
    }
    IpAddress client = IpAddress.parse(ours);
    IpAddress server = IpAddress.parse(kernel);
    long cookie =
        LinuxFastOpenCookies.of(KEY, true)
            .make(client.high(), client.low(), server.high(), server.low(), 0);
    String option = "220a" + HexFormat.of().toHexDigits(cookie);
    String seen = HexFormat.of().formatHex(Files.readAllBytes(pcap));
    assertTrue(seen.contains(option), () -> "no " + option);
  }
}
