package wisp.core.spi;

/** Whether routers may mark a connection's packets instead of dropping them (RFC 3168). */
public enum EcnMode {
  /** Neither asked for nor granted. */
  OFF,
  /** Granted to a peer that asks. */
  ON_REQUEST,
  /** Granted, and asked for when we open. */
  ASK,
  /** As {@link #ASK}, and accurately where the peer can: every mark is told (RFC 9768). */
  ACCURATE
}
