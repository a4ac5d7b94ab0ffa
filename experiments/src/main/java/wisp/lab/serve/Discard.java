package wisp.lab.serve;

import java.lang.foreign.MemorySegment;
import wisp.core.stack.Context;

/** Takes everything and says nothing (RFC 863). Holds nothing for a connection. */
final class Discard implements Service {
  private final Farewell farewell = new Farewell();

  @Override
  public String name() {
    return "discard";
  }

  @Override
  public boolean maySpeakFirst() {
    return false;
  }

  @Override
  public void onRestored(Context context, long connection) {
    farewell.restored(context, connection);
  }

  @Override
  public void onData(
      Context context, long connection, MemorySegment memory, long offset, int length) {}

  @Override
  public void onPeerClosed(Context context, long connection) {
    farewell.shutdown(context, connection);
  }

  @Override
  public boolean retry(Context context) {
    return farewell.retry(context);
  }
}
