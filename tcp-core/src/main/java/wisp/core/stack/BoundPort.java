package wisp.core.stack;

import wisp.core.ip.IcmpError;
import wisp.core.ip.IpPacket;
import wisp.core.udp.UdpPort;
import wisp.core.wire.UdpHeader;

/**
 * A port with the application's handler behind it. Whatever a handler throws, Errors too, is
 * reported, and the burst goes on.
 */
final class BoundPort extends UdpPort {
  final DatagramPort port;
  private final DatagramPorts all;
  private final DatagramHandler handler;

  BoundPort(
      DatagramPorts all,
      Endpoint local,
      long remoteHigh,
      long remoteLow,
      int remotePort,
      DatagramHandler handler) {
    super(
        local.address().high(),
        local.address().low(),
        local.port(),
        remoteHigh,
        remoteLow,
        remotePort);
    this.all = all;
    this.handler = handler;
    this.port = new DatagramPort(all, this, local);
  }

  @Override
  protected void received(IpPacket packet, UdpHeader udp) {
    Datagram datagram = all.datagram;
    datagram.lend(packet, udp);
    try {
      handler.onDatagram(all.context, port, datagram);
    } catch (Throwable e) {
      all.upcalls.report(e);
    } finally {
      datagram.takeBack();
    }
  }

  @Override
  protected void failed(IcmpError error) {
    try {
      handler.onError(all.context, port, error.type, error.code);
    } catch (Throwable e) {
      all.upcalls.report(e);
    }
  }
}
