package wisp.lab.scarce;

import org.jspecify.annotations.Nullable;
import wisp.core.stack.CloseReason;

/** One end of a connection that sends and receives {@link SharedText}. */
final class Flow {
  final long connection;

  /** Where in the text what it sends begins, and what it receives. */
  final int sendsFrom;

  final int receivesFrom;

  long sent;
  long acknowledged;
  long received;
  boolean stopped;
  boolean shut;
  boolean peerShut;
  @Nullable CloseReason ended;

  Flow(long connection, int sendsFrom, int receivesFrom) {
    this.connection = connection;
    this.sendsFrom = sendsFrom;
    this.receivesFrom = receivesFrom;
  }
}
