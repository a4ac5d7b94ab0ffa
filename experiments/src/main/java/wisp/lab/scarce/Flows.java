package wisp.lab.scarce;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import wisp.core.stack.CloseReason;
import wisp.core.stack.ConnectionHandler;
import wisp.core.stack.Context;
import wisp.core.stack.Endpoint;
import wisp.lab.FailedException;

/**
 * All connections of one kind at one end: each keeps so much unconfirmed until it is told to stop,
 * and compares what it receives. What is refused is tried again when the stack says so.
 */
final class Flows implements ConnectionHandler {
  private final boolean isServer;
  private final SharedText text;
  private final int mostUnconfirmed;
  private @Nullable Flow[] bySlot = new Flow[64];
  private final List<Flow> all = new ArrayList<>();
  private boolean resting;
  private boolean stopped;
  private int ended;
  private long received;

  /**
   * Of a context.
   *
   * @param mostUnconfirmed bytes of each connection, rounded up to whole frames; 0: it only
   *     receives
   */
  Flows(boolean isServer, SharedText text, int mostUnconfirmed) {
    this.isServer = isServer;
    this.text = text;
    this.mostUnconfirmed = mostUnconfirmed;
  }

  /** Connections that have opened. */
  List<Flow> all() {
    return all;
  }

  /** Bytes received so far, each of them compared. */
  long received() {
    return received;
  }

  /** How many have ended. */
  int ended() {
    return ended;
  }

  /** Nothing new is sent; each half-closes when it comes to it. */
  void stop(Context context) {
    stopped = true;
    for (Flow flow : all) {
      pump(context, flow);
    }
  }

  /** Nothing new is sent; connections stay. */
  void rest() {
    resting = true;
  }

  /** Whether all that was sent has been confirmed. */
  boolean isAllConfirmed() {
    return all.stream().allMatch(flow -> flow.sent == flow.acknowledged);
  }

  /** Tries again what was refused without a promise: half-closes. */
  void nudge(Context context) {
    if (stopped) {
      all.forEach(flow -> pump(context, flow));
    }
  }

  private Flow flow(long connection) {
    return Objects.requireNonNull(bySlot[Context.slot(connection)], "it never opened");
  }

  @Override
  public void onOpen(Context context, long connection) {
    Endpoint client = isServer ? context.remote(connection) : context.local(connection);
    int key = Objects.requireNonNull(client).hashCode();
    int up = key >>> 1 & 0xFFFF;
    int down = key >>> 3 & 0xFFFF;
    Flow flow = isServer ? new Flow(connection, down, up) : new Flow(connection, up, down);
    int slot = Context.slot(connection);
    if (slot >= bySlot.length) {
      bySlot = Arrays.copyOf(bySlot, Math.max(slot + 1, 2 * bySlot.length));
    }
    bySlot[slot] = flow;
    all.add(flow);
    pump(context, flow);
  }

  private void pump(Context context, Flow flow) {
    if (flow.ended != null) {
      return;
    }
    while (!stopped && !resting && flow.sent - flow.acknowledged < mostUnconfirmed) {
      if (!context.send(flow.connection, text.frame(flow.sendsFrom, flow.sent))) {
        return;
      }
      flow.sent += SharedText.FRAME_BYTES;
    }
    if (stopped && !flow.shut) {
      flow.shut = context.shutdown(flow.connection);
    }
  }

  @Override
  public void onData(Context c, long connection, MemorySegment memory, long offset, int length) {
    Flow flow = flow(connection);
    if (!text.is(flow.receivesFrom, flow.received, memory, offset, length)) {
      throw new FailedException("a wrong byte after " + flow.received + " of a stream");
    }
    flow.received += length;
    received += length;
  }

  @Override
  public void onAcknowledged(Context context, long connection, int bytes) {
    Flow flow = flow(connection);
    flow.acknowledged += bytes;
    pump(context, flow);
  }

  @Override
  public void onWritable(Context context, long connection) {
    pump(context, flow(connection));
  }

  @Override
  public void onPeerClosed(Context context, long connection) {
    flow(connection).peerShut = true;
  }

  @Override
  public void onClosed(Context context, long connection, CloseReason reason) {
    int slot = Context.slot(connection);
    Flow flow = slot < bySlot.length ? bySlot[slot] : null;
    if (flow != null && flow.connection == connection) {
      bySlot[slot] = null;
      flow.ended = reason;
      ended++;
    }
  }
}
