package wisp.core.stack;

import wisp.core.tcp.Departures;
import wisp.core.tcp.Tcb;

/**
 * Keeps the records of a memory that outlives its process such that whoever comes after a sudden
 * end knows which of them hold good.
 *
 * <p>Nearly always a record is stored before the packet that depends on it leaves: text and FIN are
 * put away when their segment has been processed, and their ACK leaves at the end of the burst.
 * What is left is marked in the record itself, by one store: an awake connection while it is laid
 * out, for its block is not to be trusted then; and a sleeping one when a packet leaves in the
 * midst of something, or when its callback turns to another connection. The marks go when it is put
 * away. A connection whose mark is found is reset: those that one thread had in hand when it was
 * killed, usually none.
 */
final class Journal implements Departures {
  private final Records records;

  Journal(Records records) {
    this.records = records;
  }

  /** A connection is laid out. */
  void opened(int slot) {
    int flags = records.get(slot, RecordFlags.FLAGS);
    if (isAwake(flags)) {
      records.set(slot, RecordFlags.FLAGS, flags | RecordFlags.IN_WORK);
    }
  }

  /**
   * A callback of this connection uses another one, which may be put away before it: were its text
   * to come again, the other one would have its part twice. So it is not to go on from its sleep.
   */
  void reachedBeyond(Tcb tcb) {
    ending(tcb);
  }

  @Override
  public void leaving(Tcb tcb) {
    if (isNotKept(tcb.slot)) {
      return;
    }
    boolean isInRecord =
        tcb.block == Records.NONE
            && records.get(tcb.slot, RecordFlags.SND_NXT) == tcb.sndNxt
            && records.get(tcb.slot, RecordFlags.RCV_NXT) == tcb.rcvNxt;
    if (!isInRecord) {
      ending(tcb);
    }
  }

  @Override
  public void ending(Tcb tcb) {
    if (isNotKept(tcb.slot)) {
      return;
    }
    int flags = records.get(tcb.slot, RecordFlags.FLAGS);
    if (RecordFlags.state(flags) != RecordFlags.FREE && !isAwake(flags)) {
      int kept = flags & (RecordFlags.WAITING | RecordFlags.TIMESTAMPS);
      records.set(tcb.slot, RecordFlags.FLAGS, RecordFlags.AWAKE | RecordFlags.IN_DOUBT | kept);
    }
  }

  /** An answer for no connection, or one in TIME-WAIT: nobody finds them again. */
  private static boolean isNotKept(int slot) {
    return slot < 0 || Records.isTimeWait(slot);
  }

  private static boolean isAwake(int flags) {
    int state = RecordFlags.state(flags);
    return state == RecordFlags.AWAKE || state == RecordFlags.HALF_OPEN;
  }
}
