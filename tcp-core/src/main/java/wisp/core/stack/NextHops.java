package wisp.core.stack;

import wisp.core.tcp.Reachability;
import wisp.core.tcp.Tcb;

/** Passes on to the neighbour cache what connections say of their next hops. */
record NextHops(EthernetStation station) implements Reachability {
  @Override
  public void confirmed(Tcb tcb) {
    station.confirm(tcb.remoteHigh, tcb.remoteLow);
  }

  @Override
  public void doubted(Tcb tcb) {
    station.doubt(tcb.remoteHigh, tcb.remoteLow);
  }
}
