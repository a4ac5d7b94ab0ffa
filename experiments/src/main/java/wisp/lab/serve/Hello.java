package wisp.lab.serve;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import wisp.core.stack.Context;
import wisp.core.stack.DatagramHandler;

/** Says one line and closes. The one frame that it has is sent on all connections. */
final class Hello implements Service {
  private static final byte[] TEXT = "Hello from Wisp.\n".getBytes(StandardCharsets.US_ASCII);
  private final Farewell farewell = new Farewell();
  private final ArrayDeque<Long> unsaid = new ArrayDeque<>();
  private int frame;

  @Override
  public String name() {
    return "hello";
  }

  @Override
  public void start(Context context) {
    frame = SharedFrame.of(context, TEXT);
  }

  /** The line for each datagram; who has no port above 1,023 may be another service: no loops. */
  @Override
  public DatagramHandler datagrams() {
    return (context, port, datagram) -> {
      if (datagram.sourcePort() >= 1_024) {
        port.reply(datagram, context.memory(frame), context.start(frame), TEXT.length);
      }
    };
  }

  @Override
  public void onOpen(Context context, long connection) {
    if (context.send(connection, frame)) {
      farewell.shutdown(context, connection);
    } else if (context.isOpen(connection)) {
      unsaid.add(connection);
    }
  }

  /** Line and FIN go together; where there is no FIN yet nobody knows whether it was said. */
  @Override
  public void onRestored(Context context, long connection) {
    var info = context.info(connection);
    if (info != null && info.state().name().matches("ESTABLISHED|CLOSE_WAIT")) {
      context.abort(connection);
    }
  }

  @Override
  public void onData(
      Context context, long connection, MemorySegment memory, long offset, int length) {}

  @Override
  public boolean retry(Context context) {
    for (int left = unsaid.size(); left > 0; left--) {
      onOpen(context, unsaid.remove());
    }
    boolean leaving = farewell.retry(context);
    return leaving || !unsaid.isEmpty();
  }

  @Override
  public void stop(Context context) {
    context.release(frame);
  }
}
