package wisp.core.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wisp.core.spi.SocketBuffers;

@DisplayName("RFC 9293 §3.8.6.2.2: the right edge moves by half the buffer or a segment, or not")
@Tag("rfc9293-3.8.6.2.2")
class ReceiveWindowTest {
  private static final int NOW = 1_000_000;

  /** A receive buffer that the application empties as the test says. */
  private static final class Buffer implements SocketBuffers {
    private final int bytes;
    private int fill;

    Buffer(int bytes) {
      this.bytes = bytes;
    }

    @Override
    public boolean open(int slot) {
      return true;
    }

    @Override
    public void close(int slot) {}

    @Override
    public int receiveBytes() {
      return bytes;
    }

    @Override
    public int sendBytes() {
      return bytes;
    }

    @Override
    public MemorySegment memory(int slot) {
      return MemorySegment.NULL;
    }

    @Override
    public long receiveStart(int slot) {
      return 0;
    }

    @Override
    public long sendStart(int slot) {
      return 0;
    }

    @Override
    public int receiveFill(int slot) {
      return fill;
    }

    @Override
    public void receiveFill(int slot, int bytes) {
      fill = bytes;
    }
  }

  private static Tcb established() {
    var tcb = new Tcb();
    tcb.slot = 0;
    tcb.state = State.ESTABLISHED;
    tcb.congestion.mss = 1_460;
    tcb.rcvNxt = NOW;
    return tcb;
  }

  private static TcpConfig config(int windowBytes) {
    return new TcpConfig(windowBytes, 200_000_000L, 40_000_000L, 65_536);
  }

  @ParameterizedTest(name = "a buffer of {0}: {1} bytes at once")
  @CsvSource({"65535,1460", "4096,1460", "2048,1024", "512,256"})
  @Tag("MUST-39")
  void givenAFullBuffer_whenItIsReadInBytes_thenTheWindowOpensInOneStep(int bytes, int step) {
    var buffer = new Buffer(bytes);
    var window = new ReceiveWindow(config(bytes), buffer);
    Tcb tcb = established();
    buffer.fill = bytes;
    window.restoreEdge(tcb);
    assertEquals(0, window.advertise(tcb, false));
    for (int read = 1; read < step; read++) {
      buffer.fill = bytes - read;
      assertFalse(window.hasUpdate(tcb), "after " + read + " bytes");
    }
    buffer.fill = bytes - step;
    assertTrue(window.hasUpdate(tcb));
    assertEquals(step, window.advertise(tcb, false));
    assertEquals(NOW + step, tcb.rcvAdv);
  }

  @ParameterizedTest(name = "a buffer of {0}: {1} bytes at once")
  @CsvSource({"65535,1460", "4096,1460", "2048,1024"})
  @Tag("MUST-39")
  void givenAnOpenWindow_whenAcksGoOut_thenTheEdgeStandsUntilTheStepIsWhole(int bytes, int step) {
    var buffer = new Buffer(bytes);
    var window = new ReceiveWindow(config(bytes), buffer);
    Tcb tcb = established();
    buffer.fill = bytes / 2;
    window.restoreEdge(tcb);
    int promised = window.advertise(tcb, false);
    for (int read = 1; read < step; read += 7) {
      buffer.fill = bytes / 2 - read;
      assertEquals(promised, window.advertise(tcb, false), "after " + read + " bytes");
    }
    buffer.fill = bytes / 2 - step;
    assertEquals(promised + step, window.advertise(tcb, false));
  }

  @Test
  @Tag("MUST-39")
  void givenNoBuffer_whenTextIsHandedOn_thenTheWholeWindowIsOffered() {
    var window = new ReceiveWindow(config(50_000), null);
    Tcb tcb = established();
    window.restoreEdge(tcb);
    for (int i = 0; i < 10; i++) {
      tcb.rcvNxt += 10;
      assertEquals(50_000, window.advertise(tcb, false));
    }
  }
}
