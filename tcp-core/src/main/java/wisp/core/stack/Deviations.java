package wisp.core.stack;

import wisp.core.tcp.AccurateEcn;
import wisp.core.tcp.Tcb;

/**
 * What single connections have otherwise than their profile says, by slot: a few of them, so that
 * the others pay nothing for it.
 */
final class Deviations {
  private static final long NANOS_A_MILLI = 1_000_000;

  /** From 24 days on. */
  private static final int FOR_EVER = Integer.MAX_VALUE;

  private final SlotNumbers dscp = new SlotNumbers();

  /** Set by the application, in milliseconds. */
  private final SlotNumbers userTimeout = new SlotNumbers();

  /** How long an open is tried, in milliseconds. */
  private final SlotNumbers openLimit = new SlotNumbers();

  /** Agreed with the peer, in milliseconds; an application's own choice goes before (RFC 5482). */
  private final SlotNumbers advisedTimeout = new SlotNumbers();

  /** What accurate ECN counts, while its connection sleeps ({@link AccurateEcn#pack}). */
  private final SlotNumbers accurateEcn = new SlotNumbers();

  /** What its option counts, asleep or awake. */
  private final MarkedBytesTable markedBytes = new MarkedBytesTable();

  /** 1: small segments wait, 0: they don't. */
  private final SlotNumbers nagle = new SlotNumbers();

  private final KeepAliveTable keepAlives = new KeepAliveTable();

  int dscp(int slot, ConnectionProfile profile) {
    int changed = dscp.get(slot);
    return changed == SlotNumbers.NONE ? profile.dscp() : changed;
  }

  void dscp(int slot, int value) {
    dscp.put(slot, value);
  }

  boolean nagle(int slot, ConnectionProfile profile) {
    int changed = nagle.get(slot);
    return changed == SlotNumbers.NONE ? profile.nagle() : changed != 0;
  }

  void nagle(int slot, boolean on) {
    nagle.put(slot, on ? 1 : 0);
  }

  KeepAlive keepAlive(int slot, ConnectionProfile profile) {
    KeepAlive changed = keepAlives.get(slot);
    return changed == null ? profile.keepAlive() : changed;
  }

  void keepAlive(int slot, KeepAlive settings) {
    keepAlives.put(slot, settings);
  }

  long userTimeoutNanos(int slot, ConnectionProfile profile) {
    int millis = userTimeout.get(slot);
    if (millis == SlotNumbers.NONE) {
      millis = advisedTimeout.get(slot);
    }
    return switch (millis) {
      case SlotNumbers.NONE -> profile.retransmissionLimitNanos();
      case FOR_EVER -> Long.MAX_VALUE;
      default -> millis * NANOS_A_MILLI;
    };
  }

  void userTimeout(int slot, long nanos) {
    userTimeout.put(slot, millis(nanos));
  }

  void openLimit(int slot, long nanos) {
    openLimit.put(slot, millis(nanos));
  }

  /** 0: as usual. */
  long openLimitNanos(int slot) {
    int millis = openLimit.get(slot);
    return millis == SlotNumbers.NONE
        ? 0
        : millis == FOR_EVER ? Long.MAX_VALUE : millis * NANOS_A_MILLI;
  }

  boolean hasUserTimeout(int slot) {
    return userTimeout.get(slot) != SlotNumbers.NONE;
  }

  void advisedTimeout(int slot, long nanos) {
    advisedTimeout.put(slot, millis(nanos));
  }

  void accurateEcn(Tcb tcb) {
    accurateEcn.put(tcb.slot, AccurateEcn.pack(tcb));
  }

  void keepMarkedBytes(Tcb tcb) {
    if (tcb.accurateEcn) {
      markedBytes.keep(tcb.slot, tcb.markedBytes);
    }
  }

  void recallMarkedBytes(Tcb tcb) {
    if (tcb.accurateEcn) {
      markedBytes.recall(tcb.slot, tcb.markedBytes);
    }
  }

  void recallAccurateEcn(Tcb tcb) {
    AccurateEcn.unpack(tcb, tcb.accurateEcn ? accurateEcn.get(tcb.slot) : 0);
  }

  private static int millis(long nanos) {
    long millis = nanos / NANOS_A_MILLI + (nanos % NANOS_A_MILLI == 0 ? 0 : 1);
    return (int) Math.min(millis, FOR_EVER);
  }

  /** The connection in one slot is in TIME-WAIT in another one: what its ACKs need goes along. */
  void move(int from, int to) {
    dscp.move(from, to);
    accurateEcn.move(from, to);
    markedBytes.move(from, to);
  }

  /** The connection in this slot is no more. */
  void forget(int slot) {
    dscp.remove(slot);
    nagle.remove(slot);
    keepAlives.forget(slot);
    userTimeout.remove(slot);
    openLimit.remove(slot);
    advisedTimeout.remove(slot);
    accurateEcn.remove(slot);
    markedBytes.forget(slot);
  }

  long reservedBytes() {
    return dscp.reservedBytes()
        + nagle.reservedBytes()
        + keepAlives.reservedBytes()
        + userTimeout.reservedBytes()
        + openLimit.reservedBytes()
        + advisedTimeout.reservedBytes()
        + accurateEcn.reservedBytes()
        + markedBytes.reservedBytes();
  }
}
