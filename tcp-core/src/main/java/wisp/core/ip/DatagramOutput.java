package wisp.core.ip;

import java.lang.foreign.MemorySegment;
import wisp.core.spi.KeyedHash;
import wisp.core.wire.Ipv4Header;
import wisp.core.wire.Ipv6Extensions;
import wisp.core.wire.Ipv6FragmentHeader;
import wisp.core.wire.Ipv6Header;

/**
 * Sends datagrams of UDP and ICMP, which may be larger than the path carries: those go in fragments
 * (RFC 791 §3.2, RFC 8200 §4.5). TCP never comes here. Use as {@link IpOutput}; a datagram that
 * must be cut is first written into a buffer of 64 KiB, which is made when the first one comes.
 */
public final class DatagramOutput {
  private static final int MOST_BYTES = 65_535;
  private static final int FRAGMENT_UNIT = 8;

  private final IpOutput output;
  private final PathMtus paths;
  private final Identifications identifications;
  private MemorySegment scratch = MemorySegment.NULL;
  private boolean inFragments;
  private boolean ipv6;
  private int mtu;
  private long fromHigh;
  private long fromLow;
  private long toHigh;
  private long toLow;

  /** For one context. */
  public DatagramOutput(IpOutput output, PathMtus paths, KeyedHash identifications) {
    this.output = output;
    this.paths = paths;
    this.identifications = new Identifications(identifications);
  }

  /** The largest transport part that IP can carry, in bytes. */
  public static int most(boolean ipv6) {
    return ipv6 ? MOST_BYTES : MOST_BYTES - Ipv4Header.LENGTH;
  }

  /**
   * Room for a datagram of at most {@link #most}.
   *
   * @param hears whether the sender hears of it when the path is narrower than believed; else an
   *     IPv6 datagram goes in pieces that fit every path
   * @return false: the link is full
   */
  public boolean begin(
      long fromHigh, long fromLow, long toHigh, long toLow, int bytes, boolean hears) {
    this.fromHigh = fromHigh;
    this.fromLow = fromLow;
    this.toHigh = toHigh;
    this.toLow = toLow;
    ipv6 = !IpAddress.isIpv4(toHigh, toLow);
    mtu = paths.mtu(toHigh, toLow);
    if (ipv6 && !hears) {
      mtu = Math.min(mtu, PathMtus.LEAST_IPV6); // no router may cut it
    }
    inFragments = IpOutput.headerBytes(ipv6) + bytes > mtu;
    if (!inFragments) {
      return output.begin(fromHigh, fromLow, toHigh, toLow, bytes);
    }
    if (scratch.byteSize() == 0) {
      scratch = MemorySegment.ofArray(new byte[MOST_BYTES]);
    }
    output.address(fromHigh, fromLow, toHigh, toLow);
    return true;
  }

  /** Where the transport part is to be written; borrowed until it is sent. */
  public MemorySegment memory() {
    return inFragments ? scratch : output.memory();
  }

  /** First byte of it. */
  public long start() {
    return inFragments ? 0 : output.start();
  }

  /** Sum over the pseudo-header. */
  public long pseudoHeader(int protocol, int bytes) {
    return output.pseudoHeader(protocol, bytes);
  }

  /**
   * Sends it, checksum complete: whole, or in as many fragments as it takes.
   *
   * @param dontFragment whether routers must leave an IPv4 datagram whole: only for who hears of it
   *     when they can't
   * @return false: the link was full before the last of them
   */
  public boolean send(int protocol, int hopLimit, int dscp, int bytes, boolean dontFragment) {
    if (!inFragments && !ipv6 && !dontFragment) {
      int id = nextIdentification();
      output.sendFragmentIpv4(protocol, hopLimit, dscp << 2, bytes, id & 0xFFFF, 0, false);
      return true;
    }
    if (!inFragments) {
      output.send(protocol, hopLimit, dscp << 2, bytes);
      return true;
    }
    int id = nextIdentification();
    int headers = ipv6 ? Ipv6Header.LENGTH + Ipv6FragmentHeader.LENGTH : Ipv4Header.LENGTH;
    int most = (mtu - headers) / FRAGMENT_UNIT * FRAGMENT_UNIT;
    for (int offset = 0; offset < bytes; offset += most) {
      int length = Math.min(most, bytes - offset);
      boolean more = offset + length < bytes;
      int afterIpHeader = headers - IpOutput.headerBytes(ipv6) + length;
      if (!output.begin(fromHigh, fromLow, toHigh, toLow, afterIpHeader)) {
        return false; // without this one the others are worth nothing
      }
      if (ipv6) {
        Ipv6FragmentHeader.write(output.memory(), output.start(), protocol, offset, more, id);
        copy(offset, output.start() + Ipv6FragmentHeader.LENGTH, length);
        output.send(Ipv6Extensions.FRAGMENT, hopLimit, dscp << 2, afterIpHeader);
      } else {
        copy(offset, output.start(), length);
        output.sendFragmentIpv4(protocol, hopLimit, dscp << 2, length, id & 0xFFFF, offset, more);
      }
    }
    return true;
  }

  private int nextIdentification() {
    return identifications.next(fromHigh, fromLow, toHigh, toLow);
  }

  private void copy(int offset, long to, int length) {
    MemorySegment.copy(scratch, offset, output.memory(), to, length);
  }

  /** Bytes that it occupies. */
  public long reservedBytes() {
    return scratch.byteSize() + identifications.reservedBytes();
  }
}
