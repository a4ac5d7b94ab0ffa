package wisp.core.ip;

import java.lang.foreign.MemorySegment;
import wisp.core.wire.Checksum;

/**
 * The packet in hand, of either family, after its headers have been read: what TCP, UDP and ICMP
 * need to know of it. One instance is reused for ever; memory is borrowed.
 */
public final class IpPacket {
  /** Where it lies. */
  public MemorySegment memory = MemorySegment.NULL;

  /** First byte of the IP header. */
  public long start;

  /** Bytes from there, headers included, link padding not. */
  public int totalLength;

  public boolean ipv6;
  public long sourceHigh;
  public long sourceLow;
  public long destinationHigh;
  public long destinationLow;

  /** The transport's number. */
  public int protocol;

  /** First byte of the transport header. */
  public long payloadStart;

  public int payloadLength;
  public int hopLimit;

  /** TOS or traffic class: six bits DSCP, two bits ECN. */
  public int trafficClass;

  /** Offset from {@link #start} of the byte that names {@link #protocol}. */
  public int protocolFieldOffset;

  /** It came in fragments, or had a fragment header (RFC 6980 minds). */
  public boolean wasFragmented;

  /** It was sent to a group or by broadcast: nothing but groups' business is answered. */
  public boolean toGroup;

  /** First byte of a source route option that ends here; valid if {@link #routeBytes} > 0. */
  public long routeStart;

  /** Its bytes; 0: there is none, or nobody wants to know. */
  public int routeBytes;

  /** Sum over the pseudo-header for a checksum of the transport's, of so many bytes. */
  public long pseudoHeader(int transportBytes) {
    return ipv6
        ? Checksum.pseudoHeaderIpv6(
            sourceHigh, sourceLow, destinationHigh, destinationLow, protocol, transportBytes)
        : Checksum.pseudoHeaderIpv4(
            (int) sourceLow, (int) destinationLow, protocol, transportBytes);
  }

  /** DSCP, 0 … 63. */
  public int dscp() {
    return trafficClass >>> 2;
  }

  /** ECN field, 0 … 3. */
  public int ecn() {
    return trafficClass & 3;
  }
}
