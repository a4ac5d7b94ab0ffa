package wisp.lab.interop;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.PortUnreachableException;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wisp.core.Counters.Event;
import wisp.core.stack.Context;
import wisp.core.stack.Datagram;
import wisp.core.stack.DatagramHandler;
import wisp.core.stack.DatagramPort;
import wisp.core.stack.Endpoint;
import wisp.lab.serve.Services;

@DisplayName("Datagrams between us and the kernel: there and back, in fragments, and to nobody")
@Tag("interop")
@Timeout(20)
class DatagramTest {
  private static final int PORT = 100;
  private KernelLab lab;

  @BeforeEach
  void open() {
    lab = KernelLab.open();
  }

  @AfterEach
  void close() {
    if (lab != null) {
      lab.close();
    }
  }

  /** A kernel socket connected to a port of ours. */
  private DatagramChannel dial(int port) throws IOException {
    return lab.namespace()
        .with(
            () ->
                DatagramChannel.open(StandardProtocolFamily.INET)
                    .setOption(StandardSocketOptions.SO_SNDBUF, 1 << 20)
                    .setOption(StandardSocketOptions.SO_RCVBUF, 1 << 20)
                    .connect(KernelLab.ours(port)));
  }

  @Test
  void whenTheKernelAsks_thenOurEchoAnswers_whateverTheSize() throws IOException {
    lab.call(c -> c.bind(Endpoint.any(PORT), Services.named("echo").datagrams()).local());
    try (DatagramChannel socket = dial(PORT)) {
      for (int bytes : new int[] {1, 2, 1_472, 1_473, 9_000, 65_507}) {
        byte[] text = new byte[bytes];
        Stream.write(bytes, bytes, MemorySegment.ofArray(text), 0);
        assertEquals(bytes, socket.write(ByteBuffer.wrap(text)));
        ByteBuffer answer = ByteBuffer.allocate(65_536);
        assertEquals(bytes, socket.read(answer));
        byte[] got = new byte[bytes];
        answer.flip().get(got);
        assertArrayEquals(text, got);
      }
    }
    assertEquals(6, lab.count(Event.DATAGRAMS_RECEIVED));
    assertEquals(0, lab.count(Event.DROP_UDP_CHECKSUM));
  }

  @Test
  @Tag("rfc768-c")
  void whenNobodyIsThere_thenWhoAskedIsTold_onBothSides() throws IOException {
    try (DatagramChannel socket = dial(PORT)) {
      socket.write(ByteBuffer.allocate(10));
      assertThrows(PortUnreachableException.class, () -> socket.read(ByteBuffer.allocate(10)));
    }
    var error = new AtomicInteger();
    DatagramHandler handler =
        new DatagramHandler() {
          @Override
          public void onDatagram(Context c, DatagramPort port, Datagram d) {}

          @Override
          public void onError(Context c, DatagramPort port, int type, int code) {
            error.set(type << 8 | code);
          }
        };
    lab.call(
        c -> {
          var port = c.bind(Endpoint.any(0), Endpoint.of(KernelLab.KERNEL, 9), handler);
          assertTrue(port.send(MemorySegment.ofArray(new byte[10]), 0, 10));
          return port.local();
        });
    lab.await("the error", c -> error.get() != 0);
    assertEquals(3 << 8 | 3, error.get());
  }
}
