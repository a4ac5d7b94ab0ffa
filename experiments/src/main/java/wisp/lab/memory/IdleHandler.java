package wisp.lab.memory;

import java.lang.foreign.MemorySegment;
import wisp.core.stack.CloseReason;
import wisp.core.stack.ConnectionHandler;
import wisp.core.stack.Context;

/** An application that holds connections and says nothing. */
final class IdleHandler implements ConnectionHandler {
  private long open;

  /** Connections that are open. */
  long open() {
    return open;
  }

  @Override
  public void onOpen(Context context, long connection) {
    open++;
  }

  @Override
  public void onData(
      Context context, long connection, MemorySegment memory, long offset, int length) {
    throw new IllegalStateException("nobody should have sent " + length + " bytes");
  }

  @Override
  public void onClosed(Context context, long connection, CloseReason reason) {
    open--;
  }
}
