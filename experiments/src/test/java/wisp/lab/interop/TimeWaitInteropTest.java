package wisp.lab.interop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.SocketChannel;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;
import wisp.core.spi.Footprint;
import wisp.core.stack.ConnectionHandler;
import wisp.core.stack.Context;

@DisplayName("TIME-WAIT on our side: the kernel comes back from the same ports within 2 MSL")
@Tag("interop")
@Timeout(60)
class TimeWaitInteropTest {
  private static final int PORT = 100;
  private static final int PORTS = 50;
  private static final int CONNECTIONS = 2_000;
  private static final int BYTES = 10;

  /** Sends ten bytes and closes, as an old web server. */
  private static final class Giver implements ConnectionHandler {
    @Override
    public void onOpen(Context context, long connection) {
      int frame = context.frame(BYTES);
      Stream.write(0, BYTES, context.memory(frame), context.start(frame));
      assertTrue(context.send(connection, frame));
      context.release(frame);
      context.close(connection);
    }

    @Override
    public void onData(Context c, long connection, MemorySegment m, long offset, int length) {}
  }

  @ParameterizedTest(name = "tcp_timestamps={0}")
  @ValueSource(strings = {"1", "0"})
  @Tag("rfc6191-a")
  @Tag("MAY-2")
  void whenFiftyPortsAreUsedAgainAndAgain_thenEachConnectionIsExact(String timestamps)
      throws IOException {
    try (KernelLab lab =
        KernelLab.with().config(c -> c.withMaxSegmentLifetime(30_000_000_000L)).open()) {
      lab.namespace().sysctl("tcp_timestamps", timestamps);
      lab.namespace().sysctl("ip_local_port_range", "40000 " + (40_000 + PORTS - 1));
      lab.listen(PORT, new Giver());
      for (int i = 0; i < CONNECTIONS; i++) {
        try (SocketChannel socket = lab.dial(PORT)) {
          Stream.receive(socket, BYTES);
          Stream.assertEnds(socket);
        }
      }
      lab.await("all to close", c -> c.connections() == 0);
      assertEquals(CONNECTIONS, lab.count(Event.ACCEPTED));
      assertEquals(0, lab.count(Event.TIME_WAIT_EVICTED));
      assertEquals(0, lab.count(Event.RESETS_SENT));
      int waiting = lab.call(Context::timeWaits);
      assertTrue(waiting > 0 && waiting <= PORTS, waiting + " in TIME-WAIT");
      long records =
          lab.call(
              c -> {
                var footprint = new Footprint();
                c.footprint(footprint);
                return footprint.inUseBytes(Footprint.Kind.RECORDS);
              });
      assertEquals(0, records, "bytes of records");
    }
  }
}
