package wisp.core.udp;

import org.jspecify.annotations.Nullable;
import wisp.core.ip.IcmpError;
import wisp.core.ip.IpPacket;
import wisp.core.wire.UdpHeader;

/**
 * A local endpoint at which datagrams arrive; whoever owns it hears of them. Connected: those of
 * one remote endpoint alone, and then the local address is one address.
 */
public abstract class UdpPort {
  final long localHigh;
  final long localLow;
  final int number;
  final long remoteHigh;
  final long remoteLow;
  final int remotePort;

  /** Next in the same bucket of {@link UdpPorts}. */
  @Nullable UdpPort next;

  /** UDP bytes of the largest datagram that was sent: no router can have seen a larger one. */
  int largestSent;

  boolean open;

  /**
   * Not yet in a table.
   *
   * @param localHigh with {@code localLow} an address of ours, {@code ::} for all or {@code
   *     0.0.0.0} for all of IPv4
   * @param number 1 … 65535
   * @param remotePort 0: not connected, and the remote address is 0 too
   */
  protected UdpPort(
      long localHigh, long localLow, int number, long remoteHigh, long remoteLow, int remotePort) {
    this.localHigh = localHigh;
    this.localLow = localLow;
    this.number = number;
    this.remoteHigh = remoteHigh;
    this.remoteLow = remoteLow;
    this.remotePort = remotePort;
  }

  /** Whether it has one remote endpoint. */
  public final boolean isConnected() {
    return remotePort != 0;
  }

  /** First 64 bits of the remote address; 0 when it is not connected. */
  public final long remoteHigh() {
    return remoteHigh;
  }

  /** Last 64 bits of the remote address. */
  public final long remoteLow() {
    return remoteLow;
  }

  /** The remote port; 0: not connected. */
  public final int remotePort() {
    return remotePort;
  }

  /** Whether this is its remote endpoint. */
  public final boolean isConnectedTo(long high, long low, int port) {
    return isConnected() && port == remotePort && low == remoteLow && high == remoteHigh;
  }

  /** Whether it is in the table: receives, and may send. */
  public final boolean isOpen() {
    return open;
  }

  /** A sound datagram for this port; both are borrowed. Throws nothing. */
  protected abstract void received(IpPacket packet, UdpHeader udp);

  /** An ICMP error about a datagram of this port, which is connected; borrowed. Throws nothing. */
  protected abstract void failed(IcmpError error);

  final boolean is(
      long localHigh, long localLow, int number, long remoteHigh, long remoteLow, int remotePort) {
    return this.number == number
        && this.remotePort == remotePort
        && this.localLow == localLow
        && this.localHigh == localHigh
        && this.remoteLow == remoteLow
        && this.remoteHigh == remoteHigh;
  }
}
