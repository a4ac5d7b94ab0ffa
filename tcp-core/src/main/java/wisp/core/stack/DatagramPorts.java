package wisp.core.stack;

import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;
import wisp.core.ip.IpAddress;
import wisp.core.ip.OwnAddresses;
import wisp.core.ip.Scope;
import wisp.core.spi.Link;
import wisp.core.udp.UdpOutput;
import wisp.core.udp.UdpPorts;

/** Opens UDP ports for the application, and is what all of them share. */
final class DatagramPorts {
  final Context context;
  final HandlerUpcalls upcalls;
  final UdpPorts ports;
  final UdpOutput output;

  /** The one that is lent to handlers. */
  final Datagram datagram = new Datagram();

  private final Link link;
  private final OwnAddresses own;

  DatagramPorts(Context context, HandlerUpcalls upcalls, Network network) {
    this.context = context;
    this.upcalls = upcalls;
    this.ports = network.udpPorts;
    this.output = network.udpOutput;
    this.link = network.link;
    this.own = network.own;
  }

  /** See {@link Context#bind}; zones have been checked. */
  DatagramPort bind(Endpoint local, @Nullable Endpoint remote, DatagramHandler handler) {
    IpAddress address = remote == null ? local.address() : towards(remote, local.address());
    if (!address.isUnspecified() && !own.contains(address.high(), address.low())) {
      throw new IllegalArgumentException(address + " is no address of this context");
    }
    IpAddress to = remote == null ? Endpoint.ANY : remote.address();
    int toPort = remote == null ? 0 : remote.port();
    int number =
        local.port() != 0
            ? local.port()
            : chooseNumber(
                n ->
                    remote == null
                        || link.brings(
                            address.high(), address.low(), n, to.high(), to.low(), toPort));
    var bound = new Endpoint(address, number);
    var port = new BoundPort(this, bound, to.high(), to.low(), toPort, handler);
    if (!ports.add(port)) {
      throw new IllegalStateException(bound + " is in use by another UDP port");
    }
    return port.port;
  }

  /** The one address of ours that a port connected to this remote has. */
  private IpAddress towards(Endpoint remote, IpAddress local) {
    IpAddress to = remote.address();
    if (remote.port() == 0 || !Scope.isUnicast(to.high(), to.low())) {
      throw new IllegalArgumentException(remote + " is no endpoint of a host");
    }
    boolean isAny = local.equals(Endpoint.ANY) || (local.equals(Endpoint.ANY_IPV4) && to.isIpv4());
    IpAddress from = isAny ? output.sourceFor(to.high(), to.low()) : local;
    if (from == null || from.isIpv4() != to.isIpv4()) {
      throw new IllegalArgumentException("no address among " + local + " reaches " + remote);
    }
    return from;
  }

  /** One whose answers come to this context, where it is known whose they will be. */
  private int chooseNumber(IntPredicate wanted) {
    int number = ports.chooseNumber(wanted);
    if (number < 0) {
      throw new IllegalStateException("no ephemeral UDP port is free");
    }
    return number;
  }
}
