package wisp.lab.growth;

import java.lang.foreign.MemorySegment;
import wisp.core.stack.ConnectionHandler;
import wisp.core.stack.Context;

/** Sends back what comes, which is so little that there is always memory for it. */
final class SmallEcho implements ConnectionHandler {
  @Override
  public void onData(
      Context context, long connection, MemorySegment memory, long offset, int length) {
    int frame = context.frame(length);
    MemorySegment.copy(memory, offset, context.memory(frame), context.start(frame), length);
    if (!context.send(connection, frame)) {
      throw new IllegalStateException("no memory for an answer of " + length + " bytes");
    }
    context.release(frame);
  }

  @Override
  public void onPeerClosed(Context context, long connection) {
    context.close(connection);
  }
}
