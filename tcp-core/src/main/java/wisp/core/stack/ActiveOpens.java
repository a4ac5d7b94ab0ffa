package wisp.core.stack;

import org.jspecify.annotations.Nullable;
import wisp.core.ip.OwnAddresses;
import wisp.core.spi.RecordStore;
import wisp.core.tcp.Handshake;
import wisp.core.tcp.Tcb;
import wisp.core.tcp.TcpEnvironment;

/**
 * OPEN, active (RFC 9293 §3.10.1): chooses address and port if need be, makes the record, sends
 * SYN.
 */
final class ActiveOpens {
  private final TcpEnvironment env;
  private final OwnAddresses own;
  private final Listeners listeners;
  private final Bindings bindings;
  private final TcbDesk desk;
  private final Demultiplexer demultiplexer;
  private final Handshake handshake;
  private final InitialSequenceNumbers isn;
  private final EphemeralPorts ports;
  private long nextOwn;

  ActiveOpens(
      TcpEnvironment env,
      OwnAddresses own,
      Listeners listeners,
      Bindings bindings,
      TcbDesk desk,
      Demultiplexer demultiplexer,
      Handshake handshake,
      InitialSequenceNumbers isn,
      EphemeralPorts ports) {
    this.env = env;
    this.own = own;
    this.listeners = listeners;
    this.bindings = bindings;
    this.desk = desk;
    this.demultiplexer = demultiplexer;
    this.handshake = handshake;
    this.isn = isn;
    this.ports = ports;
  }

  long open(
      @Nullable Endpoint local,
      Endpoint remote,
      ConnectionProfile profile,
      ConnectionHandler handler) {
    int remoteAddress = remote.address().ipv4();
    if (remote.port() == 0
        || !OwnAddresses.isUnicast(remoteAddress)
        || own.contains(remoteAddress)) {
      return Context.NO_ROUTE;
    }
    Endpoint from = local == null ? Endpoint.any(0) : local;
    boolean anyAddress = from.address().equals(Endpoint.ANY);
    if (!anyAddress && !own.contains(from.address().ipv4())) {
      return Context.NO_ROUTE;
    }
    long addresses = anyAddress ? own.sources() : 1;
    for (long i = 0; i < addresses; i++) {
      int address = anyAddress ? own.source((nextOwn + i) % addresses) : from.address().ipv4();
      int chosen = choosePort(address, from.port(), remoteAddress, remote.port());
      if (chosen > 0) {
        nextOwn += i;
        return open(address, chosen, remoteAddress, remote.port(), profile, handler);
      }
    }
    return Context.NO_PORT;
  }

  private int choosePort(int address, int port, int remoteAddress, int remotePort) {
    if (port == 0) {
      return ports.choose(address, remoteAddress, remotePort, this::isFree);
    }
    boolean free = demultiplexer.find(address, port, remoteAddress, remotePort) == RecordStore.NONE;
    return free ? port : -1;
  }

  private boolean isFree(int address, int port, int remoteAddress, int remotePort) {
    return listeners.find(address, port) == null
        && demultiplexer.find(address, port, remoteAddress, remotePort) == RecordStore.NONE;
  }

  private long open(
      int address,
      int port,
      int remoteAddress,
      int remotePort,
      ConnectionProfile profile,
      ConnectionHandler handler) {
    int binding = bindings.intern(true, remoteAddress, remotePort, handler, profile);
    Tcb tcb =
        binding == Bindings.NONE
            ? null
            : desk.create(Bindings.key(address, port, binding), binding);
    if (tcb == null) {
      bindings.dropIfUnused(binding);
      return Context.NO_MEMORY;
    }
    handshake.open(tcb, isn.next(address, port, remoteAddress, remotePort, env.nowNanos));
    long handle = tcb.handle;
    desk.close(tcb);
    return handle;
  }
}
