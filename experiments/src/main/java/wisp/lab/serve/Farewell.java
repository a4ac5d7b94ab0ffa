package wisp.lab.serve;

import java.util.ArrayDeque;
import wisp.core.stack.ConnectionState;
import wisp.core.stack.Context;

/** Half-closes that found no memory, to be tried again. */
final class Farewell {
  private final ArrayDeque<Long> waiting = new ArrayDeque<>();

  /** Says that we have no more to send: now or, if there is no memory for that, soon. */
  void shutdown(Context context, long connection) {
    if (!context.shutdown(connection) && context.isOpen(connection)) {
      waiting.add(connection);
    }
  }

  /** A connection of a former process whose peer has closed: we had not said so yet. */
  void restored(Context context, long connection) {
    var info = context.info(connection);
    if (info != null && info.state() == ConnectionState.CLOSE_WAIT) {
      shutdown(context, connection);
    }
  }

  /** Tries each once more; returns whether some still wait. */
  boolean retry(Context context) {
    for (int left = waiting.size(); left > 0; left--) {
      shutdown(context, waiting.remove());
    }
    return !waiting.isEmpty();
  }
}
