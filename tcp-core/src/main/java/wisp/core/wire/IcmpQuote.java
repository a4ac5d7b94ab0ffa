package wisp.core.wire;

import java.lang.foreign.MemorySegment;
import wisp.core.tcp.SeqNum;

/**
 * The packet that an ICMP or ICMPv6 error quotes, as far as it tells whose it was (RFC 792, RFC
 * 1122 §3.2.2, RFC 4443 §2.4 d): a result that {@link #wrap} fills, reused for ever. It copies what
 * it finds, so it stays valid when the error is gone.
 *
 * <p>The packet is seen from where it was sent: its source is us. Routers change TTL, TOS and
 * checksums and quote as little as 8 bytes of the transport header, so nothing else is checked.
 */
public final class IcmpQuote {
  /** What every error must quote of the transport header, in bytes (RFC 792). */
  public static final int TRANSPORT_BYTES = 8;

  /** In front of an IPv4 address in the low half of an IPv6 one (RFC 4291 §2.5.5.2). */
  private static final int NOT_SOUND = -1;

  private static final int IPV4_FRAGMENT_BITS = 0x3FFF;
  private static final int IPV4_OFFSET_BITS = 0x1FFF;

  private boolean ipv6;
  private long sourceHigh;
  private long sourceLow;
  private long destinationHigh;
  private long destinationLow;
  private int protocol;
  private int totalLength;
  private boolean fragment;
  private boolean laterFragment;
  private int ports;
  private @SeqNum int tcpSequence;

  /**
   * Forgets the last packet and reads a quoted one. Returns false when it is cut off before the
   * eighth byte of its transport header, shorter than that by its own account, or contradicts
   * itself; then nothing may be asked.
   *
   * @param m borrowed until this returns
   * @param start where the quoted packet begins: {@link IcmpHeader#payloadStart}
   * @param length quoted bytes, perhaps more than the packet's own; any value is allowed
   */
  public boolean wrap(MemorySegment m, long start, int length) {
    assert length <= 0 || Wire.holds(m, start, length);
    if (length < Ipv4Header.LENGTH) {
      return false;
    }
    fragment = false;
    laterFragment = false;
    int transport =
        switch (Wire.u8(m, start) >>> 4) {
          case 4 -> ipv4(m, start);
          case 6 -> length >= Ipv6Header.LENGTH ? ipv6(m, start, length) : NOT_SOUND;
          default -> NOT_SOUND;
        };
    int end = Math.min(length, totalLength);
    return transport != NOT_SOUND && transport(m, start + transport, end - transport);
  }

  /** Reads the IPv4 header; gives its length. */
  private int ipv4(MemorySegment m, long start) {
    ipv6 = false;
    totalLength = Wire.u16(m, start + 2);
    int fragmentBits = Wire.u16(m, start + 6) & IPV4_FRAGMENT_BITS;
    fragment = fragmentBits != 0;
    laterFragment = (fragmentBits & IPV4_OFFSET_BITS) != 0;
    protocol = Wire.u8(m, start + 9);
    sourceHigh = 0;
    sourceLow = mapped(Wire.i32(m, start + 12));
    destinationHigh = 0;
    destinationLow = mapped(Wire.i32(m, start + 16));
    int headerLength = (Wire.u8(m, start) & 0xF) * 4;
    return headerLength >= Ipv4Header.LENGTH ? headerLength : NOT_SOUND;
  }

  private static long mapped(int address) {
    return Mapped.low(address);
  }

  /** Reads the IPv6 header and passes the extension headers; gives their length together. */
  private int ipv6(MemorySegment m, long start, int length) {
    ipv6 = true;
    totalLength = Ipv6Header.LENGTH + Wire.u16(m, start + Ipv6Header.PAYLOAD_LENGTH_OFFSET);
    protocol = Wire.u8(m, start + Ipv6Header.NEXT_HEADER_OFFSET);
    sourceHigh = Wire.i64(m, start + 8);
    sourceLow = Wire.i64(m, start + 16);
    destinationHigh = Wire.i64(m, start + 24);
    destinationLow = Wire.i64(m, start + 32);
    return passExtensions(m, start, Math.min(length, totalLength));
  }

  private int passExtensions(MemorySegment m, long start, int end) {
    int at = Ipv6Header.LENGTH;
    for (int headers = 0; Ipv6Extensions.isExtension(protocol) && !laterFragment; headers++) {
      int bytes = Ipv6Extensions.lengthOf(m, start + at, end - at, protocol);
      if (headers == Ipv6Extensions.MAX_HEADERS || bytes == Ipv6Extensions.CUT_SHORT) {
        return NOT_SOUND;
      }
      if (protocol == Ipv6Extensions.FRAGMENT) {
        fragment(Wire.u16(m, start + at + Ipv6FragmentHeader.OFFSET_OFFSET));
      }
      protocol = Wire.u8(m, start + at);
      at += bytes;
    }
    return at;
  }

  private void fragment(int offsetAndFlags) {
    laterFragment = Ipv6FragmentHeader.fragmentOffset(offsetAndFlags) != 0;
    fragment |= laterFragment || Ipv6FragmentHeader.moreFragments(offsetAndFlags);
  }

  private boolean transport(MemorySegment m, long at, int available) {
    if (laterFragment) { // its payload is from the middle of something
      ports = 0;
      tcpSequence = 0;
      return available >= 0;
    }
    if (available < TRANSPORT_BYTES) {
      return false;
    }
    ports = Wire.i32(m, at);
    tcpSequence = Wire.i32(m, at + 4);
    return true;
  }

  /**
   * Whether it is an IPv6 packet. An ICMP error about one is forged, as is an ICMPv6 error about an
   * IPv4 packet: compare, since a mapped address looks the same from both.
   */
  public boolean ipv6() {
    return ipv6;
  }

  /** First 64 bits of the source address; 0 for IPv4. */
  public long sourceHigh() {
    return sourceHigh;
  }

  /** Last 64 bits of the source address; an IPv4 address a.b.c.d as in ::ffff:a.b.c.d. */
  public long sourceLow() {
    return sourceLow;
  }

  /** First 64 bits of the destination address; 0 for IPv4. */
  public long destinationHigh() {
    return destinationHigh;
  }

  /** Last 64 bits of the destination address; as {@link #sourceLow}. */
  public long destinationLow() {
    return destinationLow;
  }

  /**
   * What the payload is, behind IPv6 extension headers; in a later fragment what the fragmentable
   * part begins with.
   */
  public int protocol() {
    return protocol;
  }

  /**
   * Whether the transport header is there; false in a later fragment, whose ports and sequence
   * number are 0.
   */
  public boolean hasTransport() {
    return !laterFragment;
  }

  /** Source port, of TCP and UDP. */
  public int sourcePort() {
    return ports >>> 16;
  }

  /** Destination port, of TCP and UDP. */
  public int destinationPort() {
    return ports & 0xFFFF;
  }

  /** SEG.SEQ, of TCP. */
  public @SeqNum int tcpSequence() {
    return tcpSequence;
  }

  /** Bytes of the packet that was sent, IP header included, by its own account. */
  public int totalLength() {
    return totalLength;
  }

  /** Whether it was a piece of a datagram, first and last one included. */
  public boolean isFragment() {
    return fragment;
  }
}
