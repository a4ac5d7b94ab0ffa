package wisp.core.stack;

import wisp.core.memory.Blocks;
import wisp.core.spi.BlockPool;
import wisp.core.tcp.Agenda;
import wisp.core.tcp.Tcb;
import wisp.core.tcp.Upcalls;

/**
 * Slow walks over all records, a few at each poll: whoever waits for memory is told when there is
 * some, and TS.Recent ages (RFC 7323 §5.5: after 24 days of silence it proves nothing).
 */
final class Sweeps {
  private static final int SLOTS_A_POLL = 512;
  private static final long AGE_NANOS = 6L * 24 * 3600 * 1_000_000_000L;

  private final Records records;
  private final TcbDesk desk;
  private final Blocks blocks;
  private final Upcalls upcalls;
  private final Agenda agenda;
  private int waitingCursor;
  private int agingCursor = Integer.MAX_VALUE;
  private long nextAgingNanos;

  Sweeps(
      Records records,
      TcbDesk desk,
      Blocks blocks,
      Upcalls upcalls,
      Agenda agenda,
      long startNanos) {
    this.records = records;
    this.desk = desk;
    this.blocks = blocks;
    this.upcalls = upcalls;
    this.agenda = agenda;
    nextAgingNanos =
        records.keepTimestamps() ? (startNanos / AGE_NANOS + 1) * AGE_NANOS : Long.MAX_VALUE;
  }

  /** A step of each walk that is under way. */
  void step(long nowNanos) {
    if (desk.waiting() > 0 && blocks.hasEnough()) {
      tellWaiting();
    }
    if (nowNanos >= nextAgingNanos) {
      nextAgingNanos = nowNanos + AGE_NANOS;
      agingCursor = 0;
    }
    if (agingCursor < records.bound()) {
      age();
    }
  }

  /** When a step is due although no packet comes. */
  long nextDeadlineNanos(long nowNanos) {
    if (agingCursor < records.bound()) {
      return nowNanos;
    }
    return desk.waiting() > 0 ? Math.min(nextAgingNanos, nowNanos + 1_000_000) : nextAgingNanos;
  }

  private void tellWaiting() {
    int bound = records.bound();
    for (int i = 0; i < SLOTS_A_POLL && i < bound; i++) {
      waitingCursor = waitingCursor + 1 < bound ? waitingCursor + 1 : 0;
      int slot = records.at(waitingCursor);
      boolean waits =
          records.isLive(slot)
              && RecordFlags.has(records.get(slot, RecordFlags.FLAGS), RecordFlags.WAITING);
      if (waits) {
        Tcb tcb = desk.open(slot);
        if (!blocks.hasTooMuch(
            tcb.payer, BlockPool.ACTIVITY, Blocks.Purpose.ORDINARY)) { // else it would ask in vain
          tcb.waiting = false;
          upcalls.writable(tcb);
          agenda.atEndOfBurst(tcb);
        }
        desk.close(tcb);
      }
    }
  }

  private void age() {
    int end = Math.min(agingCursor + SLOTS_A_POLL, records.bound());
    for (; agingCursor < end; agingCursor++) {
      int slot = records.at(agingCursor);
      if (records.isLive(slot)) {
        Tcb tcb = desk.open(slot);
        if (tcb.timestamps && tcb.tsRecentAge < 3) {
          tcb.tsRecentAge++;
        }
        desk.close(tcb);
      }
    }
    if (agingCursor >= records.bound()) {
      agingCursor = Integer.MAX_VALUE;
    }
  }
}
