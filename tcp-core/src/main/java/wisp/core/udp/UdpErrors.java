package wisp.core.udp;

import org.jspecify.annotations.Nullable;
import wisp.core.Counters;
import wisp.core.Counters.Event;
import wisp.core.ip.IcmpError;
import wisp.core.ip.IpOutput;
import wisp.core.ip.PathMtus;
import wisp.core.ip.TransportErrors;

/**
 * Brings ICMP errors to the connected port whose datagram they quote (RFC 1122 §4.1.3.3, RFC 8085
 * §5.2). Any other is dropped: what a port that is not connected has sent is not remembered, so
 * anyone could have made up the quote.
 */
public final class UdpErrors implements TransportErrors {
  private final UdpPorts ports;
  private final PathMtus paths;
  private final Counters counters;

  /** For one context. */
  public UdpErrors(UdpPorts ports, PathMtus paths, Counters counters) {
    this.ports = ports;
    this.paths = paths;
    this.counters = counters;
  }

  @Override
  public void receive(IcmpError error, long nowNanos) {
    UdpPort port = error.quote.hasTransport() ? portOf(error) : null;
    if (port == null) {
      counters.add(Event.DROP_ICMP);
      return;
    }
    counters.add(Event.ICMP_ERRORS_RECEIVED);
    if (error.kind == IcmpError.Kind.PACKET_TOO_BIG) {
      narrow(port, error, nowNanos);
    }
    port.failed(error);
  }

  private @Nullable UdpPort portOf(IcmpError error) {
    int remotePort = error.quote.destinationPort();
    return remotePort == 0
        ? null
        : ports.find(
            error.quote.sourceHigh(),
            error.quote.sourceLow(),
            error.quote.sourcePort(),
            error.quote.destinationHigh(),
            error.quote.destinationLow(),
            remotePort);
  }

  /** A size that the packet had not exceeded would be no reason (RFC 1191 §3, RFC 8201 §4). */
  private void narrow(UdpPort port, IcmpError error, long nowNanos) {
    int sent = error.quote.totalLength();
    int largest = port.largestSent + IpOutput.headerBytes(error.quote.ipv6());
    if (error.mtu < sent
        && sent <= largest
        && paths.tooBig(port.remoteHigh, port.remoteLow, error.mtu, sent, nowNanos)) {
      counters.add(Event.PATHS_NARROWED);
    }
  }
}
