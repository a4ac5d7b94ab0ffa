package wisp.core.stack;

import java.util.function.Consumer;
import wisp.core.ip.IpAddress;
import wisp.core.memory.Blocks;
import wisp.core.tcp.Activity;
import wisp.core.tcp.ReceiveWindow;
import wisp.core.tcp.Retransmission;
import wisp.core.tcp.Scoreboard;
import wisp.core.tcp.Sender;
import wisp.core.tcp.State;
import wisp.core.tcp.Tcb;
import wisp.core.tcp.TcpEnvironment;
import wisp.core.tcp.TcpOutput;

/** Reads what connections are doing, for people and tools: cold, and without waking anyone. */
final class Inspection {
  /** RFC 5681 §3.2: three duplicates, unless more disorder has been seen. */
  private static final int LEAST_REORDERING = 3;

  private final TcpEnvironment env;
  private final Records records;
  private final TimeWaits timeWaits;
  private final TcbDesk desk;
  private final Activity activity;
  private final ReceiveWindow window;
  private final Scoreboard board;
  private final TcpOutput output;
  private final ShutWindows shutWindows;

  Inspection(
      TcpEnvironment env,
      Records records,
      TimeWaits timeWaits,
      TcbDesk desk,
      Activity activity,
      ReceiveWindow window,
      Scoreboard board,
      TcpOutput output,
      ShutWindows shutWindows) {
    this.env = env;
    this.records = records;
    this.timeWaits = timeWaits;
    this.desk = desk;
    this.activity = activity;
    this.window = window;
    this.board = board;
    this.output = output;
    this.shutWindows = shutWindows;
  }

  /** See {@link Context#info}: the connection in a live slot. */
  ConnectionInfo of(int slot) {
    Tcb tcb = desk.open(slot);
    try {
      return of(tcb);
    } finally {
      desk.close(tcb);
    }
  }

  /** See {@link Context#inspect}. */
  void all(Consumer<ConnectionInfo> each) {
    int bound = records.bound();
    for (int i = 0; i < bound; i++) {
      int slot = records.at(i);
      if (records.isLive(slot) && desk.isAlive(slot)) {
        each.accept(of(slot));
      }
    }
    for (int i = 0; i < timeWaits.bound(); i++) {
      int slot = timeWaits.at(i);
      if (slot != Records.NONE) {
        each.accept(of(slot));
      }
    }
  }

  private ConnectionInfo of(Tcb tcb) {
    boolean awake = tcb.block != Blocks.NONE;
    if (!awake && tcb.state != State.TIME_WAIT) {
      activity.begin(tcb);
    }
    int resent = board.resentBytes(tcb);
    return new ConnectionInfo(
        tcb.handle,
        new Endpoint(new IpAddress(tcb.localHigh, tcb.localLow), tcb.localPort),
        new Endpoint(new IpAddress(tcb.remoteHigh, tcb.remoteLow), tcb.remotePort),
        ConnectionState.valueOf(tcb.state.name()),
        awake,
        tcb.windowScaling,
        tcb.sndScale,
        tcb.rcvScale,
        tcb.sackPermitted,
        tcb.timestamps,
        tcb.effectiveMss(),
        tcb.peerMss,
        output.advertisedMss(tcb),
        Retransmission.rtoNanos(env, tcb),
        tcb.srttMicros,
        tcb.rttvarMicros,
        tcb.minRttMicros,
        tcb.congestion.cwndBytes,
        tcb.congestion.ssthreshBytes,
        tcb.flightBytes(),
        board.sackedBytes(tcb),
        board.lostBytes(tcb) + resent,
        resent,
        Sender.unsentBytes(tcb),
        tcb.sndWnd,
        window.promisedBytes(tcb),
        tcb.backOff,
        tcb.fastRecovery,
        tcb.resending,
        Math.max(LEAST_REORDERING, tcb.reorderingSegments),
        shutWindows.nanos(tcb),
        tcb.paused);
  }
}
