package wisp.core.stack;

import wisp.core.tcp.Agenda;
import wisp.core.tcp.Sender;
import wisp.core.tcp.State;
import wisp.core.tcp.Tcb;
import wisp.core.tcp.TcpEnvironment;
import wisp.core.tcp.TcpOutput;

/**
 * What is done once a burst, not once a packet: sending what may be sent and the ACKs that are owed
 * (MUST-58, MUST-59). A burst of segments for one connection draws one ACK, on data if there is
 * some.
 */
final class BurstEnd implements Agenda {
  private final TcpEnvironment env;
  private final Records records;
  private final WaitQueues waits;
  private final SlotDeadlines silences;
  private final Sender sender;
  private final TcpOutput output;
  private final SlotList list = new SlotList();

  BurstEnd(
      TcpEnvironment env,
      Records records,
      WaitQueues waits,
      SlotDeadlines silences,
      Sender sender,
      TcpOutput output) {
    this.env = env;
    this.records = records;
    this.waits = waits;
    this.silences = silences;
    this.sender = sender;
    this.output = output;
  }

  @Override
  public void atEndOfBurst(Tcb tcb) {
    if (!tcb.flushListed) {
      tcb.flushListed = true;
      list.add(tcb.slot);
    }
  }

  @Override
  public void delayAck(Tcb tcb) {
    if (!waits.delayAck(tcb.handle, env.nowNanos)) {
      tcb.ackNow = true;
      atEndOfBurst(tcb);
    }
  }

  @Override
  public void heardFrom(Tcb tcb) {
    silences.set(tcb.slot, env.nowNanos + tcb.keepAliveNanos, 0);
  }

  /** Works the list off; what the link had no room for stays for the next time. */
  void run(TcbDesk desk) {
    int n = list.size();
    for (int i = 0; i < n; i++) {
      int slot = list.get(i);
      if (records.isLive(slot)) {
        Tcb tcb = desk.open(slot);
        if (tcb.flushListed) {
          flush(tcb);
        }
        desk.close(tcb);
      }
    }
    list.removeFirst(n);
  }

  /** Does at once what {@link #run} would do for one connection. */
  void flush(Tcb tcb) {
    tcb.flushListed = false;
    if (tcb.state == State.CLOSED || tcb.state == State.TIME_WAIT) {
      return;
    }
    boolean done = output.tellHandshake(tcb) && sender.output(tcb);
    while (done && tcb.duplicateAcksOwed > 0) {
      done = output.sendAck(tcb);
      tcb.duplicateAcksOwed--;
    }
    if (done && tcb.ackNow) {
      done = output.sendAck(tcb);
    }
    while (done && output.hasReport(tcb)) {
      done = output.sendAck(tcb);
    }
    if (!done && tcb.state != State.CLOSED) {
      atEndOfBurst(tcb);
    }
  }

  boolean isEmpty() {
    return list.size() == 0;
  }

  long reservedBytes() {
    return list.reservedBytes();
  }
}
