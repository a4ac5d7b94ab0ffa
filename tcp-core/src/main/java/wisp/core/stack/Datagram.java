package wisp.core.stack;

import java.lang.foreign.MemorySegment;
import wisp.core.ip.IpAddress;
import wisp.core.ip.IpPacket;
import wisp.core.wire.UdpHeader;

/**
 * A UDP datagram that has come in: a view that is used again for the next one. It may be asked, and
 * its bytes read, until {@link DatagramHandler#onDatagram} returns.
 *
 * <p>Addresses are 128 bits; an IPv4 address is in its mapped form, as in {@link IpAddress}.
 */
public final class Datagram {
  private long sourceHigh;
  private long sourceLow;
  private int sourcePort;
  private long destinationHigh;
  private long destinationLow;
  private int destinationPort;
  private MemorySegment memory = MemorySegment.NULL;
  private long start;
  private int length;
  private int dscp;
  private int ecn;
  private int hopLimit;
  private boolean toGroup;
  private boolean lent;

  Datagram() {}

  void lend(IpPacket packet, UdpHeader udp) {
    sourceHigh = packet.sourceHigh;
    sourceLow = packet.sourceLow;
    sourcePort = udp.sourcePort();
    destinationHigh = packet.destinationHigh;
    destinationLow = packet.destinationLow;
    destinationPort = udp.destinationPort();
    memory = udp.memory();
    start = udp.payloadStart();
    length = udp.payloadLength();
    dscp = packet.dscp();
    ecn = packet.ecn();
    hopLimit = packet.hopLimit;
    toGroup = packet.toGroup;
    lent = true;
  }

  void takeBack() {
    lent = false;
    memory = MemorySegment.NULL;
  }

  void checkLent() {
    if (!lent) {
      throw new IllegalStateException("the datagram was lent until onDatagram returned");
    }
  }

  /** First 64 bits of the address it comes from. */
  public long sourceHigh() {
    return sourceHigh;
  }

  /** Last 64 bits of the address it comes from. */
  public long sourceLow() {
    return sourceLow;
  }

  /** Port it comes from; 0: the sender wants no answer. */
  public int sourcePort() {
    return sourcePort;
  }

  /** First 64 bits of the address it was sent to: ours, or a group's. */
  public long destinationHigh() {
    return destinationHigh;
  }

  /** Last 64 bits of the address it was sent to. */
  public long destinationLow() {
    return destinationLow;
  }

  /** Port it was sent to: that of the {@link DatagramPort}. */
  public int destinationPort() {
    return destinationPort;
  }

  /** Where it comes from, as an object of its own that may be kept. */
  public Endpoint source() {
    return new Endpoint(new IpAddress(sourceHigh, sourceLow), sourcePort);
  }

  /** Where it was sent to, as an object of its own that may be kept. */
  public Endpoint destination() {
    return new Endpoint(new IpAddress(destinationHigh, destinationLow), destinationPort);
  }

  /** Whether it was sent to a group, not to us alone. */
  public boolean toGroup() {
    return toGroup;
  }

  /** The memory that the payload lies in, borrowed. */
  public MemorySegment memory() {
    return memory;
  }

  /** First byte of the payload in {@link #memory}. */
  public long start() {
    return start;
  }

  /** Bytes of payload, 0 … 65,527. */
  public int length() {
    return length;
  }

  /** DSCP, 0 … 63. */
  public int dscp() {
    return dscp;
  }

  /** ECN field, 0 … 3. */
  public int ecn() {
    return ecn;
  }

  /** TTL or hop limit that was left, 0 … 255. */
  public int hopLimit() {
    return hopLimit;
  }
}
