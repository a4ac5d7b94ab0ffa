package wisp.lab.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import jdk.net.ExtendedSocketOptions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;
import wisp.core.spi.Footprint;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;
import wisp.core.stack.Endpoint;
import wisp.core.stack.ListenConfig;
import wisp.core.stack.ListenConfig.Cookies;
import wisp.lab.serve.Service;
import wisp.lab.serve.Services;

@DisplayName("Stateless accept: kernel sockets that are connected and cost us nothing")
@Tag("interop")
@Timeout(60)
class StatelessInteropTest {
  private static final int PORT = 100;
  private static final int SOCKETS = 1_000;
  private static final int BYTES = 100;

  private final Service echo = Services.named("echo");

  private KernelLab open() {
    KernelLab lab = KernelLab.open();
    lab.call(
        c -> {
          echo.start(c);
          c.listen(
              Endpoint.any(PORT),
              ConnectionProfile.NO_DELAY,
              echo,
              ListenConfig.DEFAULT.with(b -> b.cookies = Cookies.STATELESS));
          return true;
        });
    return lab;
  }

  private void end(KernelLab lab) {
    lab.assertNothingIsLeft();
    lab.call(
        c -> {
          echo.stop(c);
          return true;
        });
  }

  private static long reservedBytes(Context context) {
    var footprint = new Footprint();
    context.footprint(footprint);
    return footprint.reservedBytes();
  }

  @ParameterizedTest(name = "tcp_timestamps={0}")
  @ValueSource(strings = {"1", "0"})
  void whenAThousandConnectAndWait_thenNothingIsKeptUntilTheySpeak(String timestamps)
      throws IOException {
    try (KernelLab lab = open()) {
      lab.namespace().sysctl("tcp_timestamps", timestamps);
      List<SocketChannel> sockets = new ArrayList<>();
      long before = lab.call(StatelessInteropTest::reservedBytes);
      try {
        sockets.addAll(lab.namespace().with(StatelessInteropTest::dialAll));
        lab.await("the last ACK", c -> c.counters().get(Event.STATELESS_ACKS) >= SOCKETS);
        KernelLab.pause(500);
        assertEquals(0, lab.call(Context::connections).intValue());
        assertEquals(before, lab.call(StatelessInteropTest::reservedBytes).longValue());
        for (SocketChannel socket : sockets) {
          Stream.send(socket, BYTES);
        }
        for (SocketChannel socket : sockets) {
          Stream.receive(socket, BYTES);
        }
        assertEquals(SOCKETS, lab.call(Context::connections).intValue());
        for (SocketChannel socket : sockets) {
          socket.shutdownOutput();
          Stream.assertEnds(socket);
        }
      } finally {
        for (SocketChannel socket : sockets) {
          socket.close();
        }
      }
      assertEquals(SOCKETS, lab.count(Event.SYN_COOKIES_ACCEPTED));
      assertEquals(0, lab.count(Event.RESETS_SENT));
      end(lab);
    }
  }

  private static List<SocketChannel> dialAll() throws IOException {
    var sockets = new ArrayList<SocketChannel>();
    for (int i = 0; i < SOCKETS; i++) {
      var socket = SocketChannel.open(StandardProtocolFamily.INET);
      sockets.add(socket);
      socket.connect(KernelLab.ours(PORT));
    }
    return sockets;
  }

  @Test
  void whenTheKernelAsksWhetherWeAreThere_thenItIsAnswered() throws IOException {
    try (KernelLab lab = open()) {
      try (SocketChannel socket =
          lab.namespace().with(() -> SocketChannel.open(StandardProtocolFamily.INET))) {
        socket.setOption(StandardSocketOptions.SO_KEEPALIVE, true);
        socket.setOption(ExtendedSocketOptions.TCP_KEEPIDLE, 1);
        socket.setOption(ExtendedSocketOptions.TCP_KEEPINTERVAL, 1);
        socket.setOption(ExtendedSocketOptions.TCP_KEEPCOUNT, 2);
        socket.connect(KernelLab.ours(PORT));
        lab.await("five probes", c -> c.counters().get(Event.STATELESS_PROBES) >= 5);
        assertEquals(0, lab.call(Context::connections).intValue());
        Stream.send(socket, 200_000);
        Stream.receive(socket, 200_000);
        socket.shutdownOutput();
        Stream.assertEnds(socket);
      }
      end(lab);
    }
  }

  @Test
  void whenTheKernelSaysNothingAndCloses_thenWeCloseToo() throws IOException {
    try (KernelLab lab = open()) {
      for (int i = 0; i < 100; i++) {
        try (SocketChannel socket = lab.dial(PORT)) {
          socket.shutdownOutput();
          Stream.assertEnds(socket);
        }
      }
      assertEquals(100, lab.count(Event.ACCEPTED));
      assertTrue(lab.count(Event.RESETS_RECEIVED) + lab.count(Event.RESETS_SENT) == 0);
      end(lab);
    }
  }
}
