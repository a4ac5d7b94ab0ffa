package wisp.core.udp;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import wisp.core.Counters;
import wisp.core.Counters.Event;
import wisp.core.ip.DatagramOutput;
import wisp.core.ip.IpAddress;
import wisp.core.ip.OwnAddresses;
import wisp.core.ip.Scope;
import wisp.core.ip.SourceChoice;
import wisp.core.wire.Checksum;
import wisp.core.wire.Ipv4Header;
import wisp.core.wire.UdpHeader;

/**
 * Sends datagrams, always with a checksum (RFC 1122 §4.1.3.4), whole or in fragments. They come
 * from the port's own address, from the one that the other side has written to, or from the best of
 * ours (RFC 6724).
 */
public final class UdpOutput {
  private static final int HOP_LIMIT = 64;

  private final DatagramOutput output;
  private final OwnAddresses own;
  private final SourceChoice choice;
  private final Reach reach;
  private final Counters counters;
  private long sourceHigh;
  private long sourceLow;

  /** Whether there is a way to an address at present. */
  @FunctionalInterface
  public interface Reach {
    /** Asked before each datagram is sent. */
    boolean hasRoute(long high, long low);
  }

  /** For one context. */
  public UdpOutput(DatagramOutput output, OwnAddresses own, Reach reach, Counters counters) {
    this.output = output;
    this.own = own;
    this.choice = new SourceChoice(own);
    this.reach = reach;
    this.counters = counters;
  }

  /** The largest payload, in bytes: 65,507 over IPv4, 65,527 over IPv6. */
  public static int most(boolean ipv6) {
    return DatagramOutput.most(ipv6) - UdpHeader.LENGTH;
  }

  /**
   * Sends one datagram.
   *
   * @param fromHigh with {@code fromLow} the source wanted, where the port doesn't say; 0: the best
   * @param payload borrowed until this returns
   * @return false: closed, too long, nobody can be reached there from this port, or the link is
   *     full
   * @throws IndexOutOfBoundsException when the bytes don't lie in the memory
   */
  public boolean send(
      UdpPort port,
      long fromHigh,
      long fromLow,
      long toHigh,
      long toLow,
      int toPort,
      MemorySegment payload,
      long offset,
      int length) {
    Objects.checkFromIndexSize(offset, (long) length, payload.byteSize());
    boolean ipv6 = !IpAddress.isIpv4(toHigh, toLow);
    if (!port.open
        || toPort == 0
        || length > most(ipv6)
        || !Scope.isUnicast(toHigh, toLow)
        || !reach.hasRoute(toHigh, toLow)
        || !findSource(port, fromHigh, fromLow, toHigh, toLow)) {
      return false;
    }
    // Read before room is claimed: memory that may not be read leaves nothing half done.
    long payloadSum = Checksum.sum(payload, offset, length, 0);
    int bytes = UdpHeader.LENGTH + length;
    if (!output.begin(sourceHigh, sourceLow, toHigh, toLow, bytes, port.isConnected())) {
      return false;
    }
    MemorySegment m = output.memory();
    long start = output.start();
    UdpHeader.write(m, start, port.number, toPort, bytes);
    if (length > 0) {
      MemorySegment.copy(payload, offset, m, start + UdpHeader.LENGTH, length);
    }
    long pseudoHeader = output.pseudoHeader(Ipv4Header.PROTOCOL_UDP, bytes);
    long sum = Checksum.sum(m, start, UdpHeader.LENGTH, pseudoHeader) + payloadSum;
    UdpHeader.writeChecksum(m, start, Checksum.finish(sum));
    if (!output.send(Ipv4Header.PROTOCOL_UDP, HOP_LIMIT, 0, bytes, port.isConnected())) {
      return false;
    }
    port.largestSent = Math.max(port.largestSent, bytes);
    counters.add(Event.DATAGRAMS_SENT);
    return true;
  }

  // ---- The source -------------------------------------------------------------------------------

  /**
   * The address that would be chosen for a destination (RFC 6724 §5), or null: we have none of that
   * family.
   */
  public @Nullable IpAddress sourceFor(long toHigh, long toLow) {
    return chooseSource(toHigh, toLow) ? new IpAddress(sourceHigh, sourceLow) : null;
  }

  private boolean findSource(UdpPort port, long fromHigh, long fromLow, long toHigh, long toLow) {
    boolean ipv4 = IpAddress.isIpv4(toHigh, toLow);
    if (isAny(port.localHigh, port.localLow)) {
      boolean isIpv4Only = IpAddress.isIpv4(port.localHigh, port.localLow);
      if (isIpv4Only && !ipv4) {
        return false;
      }
      sourceHigh = fromHigh;
      sourceLow = fromLow;
      if (fromHigh == 0 && fromLow == 0) {
        return chooseSource(toHigh, toLow);
      }
    } else {
      sourceHigh = port.localHigh;
      sourceLow = port.localLow;
    }
    return IpAddress.isIpv4(sourceHigh, sourceLow) == ipv4 && own.contains(sourceHigh, sourceLow);
  }

  private static boolean isAny(long high, long low) {
    return high == 0 && (low == 0 || low == IpAddress.mapped(0));
  }

  private boolean chooseSource(long toHigh, long toLow) {
    if (own.contains(toHigh, toLow)) {
      sourceHigh = toHigh; // rule 1: prefer the same address
      sourceLow = toLow;
      return true;
    }
    int block = choice.best(toHigh, toLow, 0);
    if (block < 0) {
      return false;
    }
    sourceHigh = own.sourceHigh(block);
    sourceLow = own.sourceLow(block, 0);
    return true;
  }
}
