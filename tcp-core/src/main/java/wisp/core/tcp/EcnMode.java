package wisp.core.tcp;

/** Whether routers may mark a connection's packets instead of dropping them (RFC 3168). */
public enum EcnMode {
  /** Neither asked for nor granted. */
  OFF,
  /** Granted to a peer that asks. */
  ON_REQUEST,
  /** Granted, and asked for when we open. */
  ASK
}
