package wisp.lab.script;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import wisp.core.stack.ConnectionInfo;
import wisp.core.stack.ConnectionState;

/** TCP_INFO in Linux's layout. Fields that the stack has nothing for are zero. */
final class TcpInfo {
  private static final int BYTES = 256;
  private static final int OPEN = 0;
  private static final int DISORDER = 1;
  private static final int RECOVERY = 3;
  private static final int LOSS = 4;

  /** What Linux says of a window that no loss has bounded yet. */
  private static final int NO_SSTHRESH = 0x7FFF_FFFF;

  private TcpInfo() {}

  /** Of a connection, or of a socket without one. */
  static byte[] of(@Nullable ConnectionInfo info, String state) {
    ByteBuffer b = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
    b.put(0, (byte) number(info == null ? null : info.state(), state));
    if (info == null) {
      return b.array();
    }
    int mss = Math.max(1, info.mssBytes());
    b.put(1, (byte) congestionState(info));
    b.put(2, (byte) info.timeouts());
    b.put(4, (byte) info.timeouts());
    int options =
        (info.timestamps() ? 1 : 0)
            | (info.sackPermitted() ? 2 : 0)
            | (info.windowScaling() ? 4 : 0);
    b.put(5, (byte) options);
    b.put(6, (byte) (info.sendScale() | info.receiveScale() << 4));
    b.putInt(8, (int) (info.rtoNanos() / 1_000));
    b.putInt(16, mss);
    b.putInt(20, Math.min(mss, 536));
    b.putInt(24, segments(info.flightBytes(), mss));
    b.putInt(28, segments(info.sackedBytes(), mss));
    b.putInt(32, segments(info.lostBytes(), mss));
    b.putInt(36, segments(info.resentBytes(), mss));
    b.putInt(60, info.advertisedMssBytes() + 40);
    b.putInt(68, info.srttMicros());
    b.putInt(72, info.rttvarMicros());
    int ssthresh = info.ssthreshBytes();
    b.putInt(76, ssthresh == Integer.MAX_VALUE ? NO_SSTHRESH : ssthresh / mss);
    b.putInt(80, info.cwndBytes() / mss);
    b.putInt(84, info.advertisedMssBytes());
    b.putInt(88, info.reorderingSegments());
    b.putInt(144, info.unsentBytes());
    b.putInt(148, info.minRttMicros());
    return b.array();
  }

  private static int segments(int bytes, int mss) {
    return (bytes + mss - 1) / mss;
  }

  private static int congestionState(ConnectionInfo info) {
    if (info.timeoutRecovery()) {
      return LOSS;
    }
    if (info.recovering()) {
      return RECOVERY;
    }
    return info.sackedBytes() > 0 ? DISORDER : OPEN;
  }

  private static int number(@Nullable ConnectionState connection, String socket) {
    return switch (connection) {
      case null -> socket.equals("LISTEN") ? 10 : 7;
      case ESTABLISHED -> 1;
      case SYN_SENT -> 2;
      case SYN_RECEIVED -> 3;
      case FIN_WAIT_1 -> 4;
      case FIN_WAIT_2 -> 5;
      case TIME_WAIT -> 6;
      case CLOSE_WAIT -> 8;
      case LAST_ACK -> 9;
      case CLOSING -> 11;
    };
  }
}
