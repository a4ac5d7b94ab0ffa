package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Notes what the application is told of a fixture's connection, and compares what it is given. */
final class FixtureHandler implements ConnectionHandler {
  private final TcpFixture tcp;

  FixtureHandler(TcpFixture tcp) {
    this.tcp = tcp;
  }

  @Override
  public void onOpen(Context c, long handle) {
    tcp.connection = handle;
    tcp.happened("open", "");
  }

  @Override
  public void onData(Context c, long handle, MemorySegment m, long offset, int length) {
    assertTrue(length >= 1, "onData without data");
    for (int i = 0; i < length; i++) {
      byte expected = TcpFixture.peerByte(1 + tcp.delivered + i);
      tcp.exact &= m.get(ValueLayout.JAVA_BYTE, offset + i) == expected;
    }
    tcp.delivered += length;
    tcp.happened("data", Integer.toString(length));
  }

  @Override
  public void onAcknowledged(Context c, long handle, int bytes) {
    tcp.happened("acked", Integer.toString(bytes));
  }

  @Override
  public void onReleased(Context c, long handle, int frame, int acknowledged) {
    tcp.happened("released", acknowledged + "/" + c.length(frame));
  }

  @Override
  public void onWritable(Context c, long handle) {
    tcp.happened("writable", "");
  }

  @Override
  public void onUrgent(Context c, long handle, int bytesAhead) {
    tcp.happened("urgent", Integer.toString(bytesAhead));
  }

  @Override
  public void onPeerClosed(Context c, long handle) {
    tcp.happened("peerClosed", "");
  }

  @Override
  public void onUnreachable(Context c, long handle, int type, int code) {
    tcp.happened("unreachable", type + "/" + code);
  }

  @Override
  public void onTrouble(Context c, long handle, int resends) {
    tcp.happened("trouble", Integer.toString(resends));
  }

  @Override
  public void onClosed(Context c, long handle, CloseReason why) {
    tcp.reason = why;
    tcp.happened("closed", why.getClass().getSimpleName());
  }
}
