package wisp.core.ip;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import wisp.core.Counters;
import wisp.core.Counters.Event;
import wisp.core.link.NeighbourCache;
import wisp.core.spi.Link;
import wisp.core.spi.TransmitPacket;
import wisp.core.wire.Checksum;
import wisp.core.wire.EthernetHeader;
import wisp.core.wire.HardwareAddress;

/**
 * The last step of a packet on an Ethernet link: its next hop's station, or a wait until that has
 * answered.
 */
public final class EthernetSender {
  private static final ValueLayout.OfInt BE32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfLong BE64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final int IPV4_SOURCE = 12;
  private static final int IPV6_SOURCE = 8;

  private final Link link;
  private final EthernetNeighbourhood neighbourhood;
  private final Routes routes;
  private final Counters counters;
  private long nowNanos;
  private long nextHigh;
  private long nextLow;
  private MemorySegment scratch = MemorySegment.NULL;

  /** For one context. */
  public EthernetSender(
      Link link, EthernetNeighbourhood neighbourhood, Routes routes, Counters counters) {
    this.link = link;
    this.neighbourhood = neighbourhood;
    this.routes = routes;
    this.counters = counters;
  }

  /** The time of what is sent from now on. */
  public void advance(long nowNanos) {
    this.nowNanos = nowNanos;
  }

  /**
   * Sends a claimed packet whose IP packet begins behind the room for the Ethernet header, or keeps
   * a copy of it, or drops it; the claim is over in any case.
   *
   * @param packet with offsets that count from the IP header; the Ethernet header is added here;
   *     without pieces when it was not given to the link
   * @param bytes of the IP packet
   */
  void send(TransmitPacket packet, int bytes, boolean ipv6, long toHigh, long toLow) {
    if (!route(ipv6, toHigh, toLow)) {
      counters.add(Event.DROP_NO_ROUTE);
      packet.dropPieces();
      link.cancel(packet);
      return;
    }
    long station = neighbourhood.cache().use(nextHigh, nextLow, nowNanos);
    if (station == HardwareAddress.UNKNOWN) {
      keep(packet, bytes, ipv6);
      return;
    }
    int type = ipv6 ? EthernetHeader.TYPE_IPV6 : EthernetHeader.TYPE_IPV4;
    EthernetHeader.write(packet.memory, packet.start, station, link.hardwareAddress(), type);
    packet.length = EthernetHeader.LENGTH + bytes - packet.pieceBytes;
    if (packet.needsChecksum) {
      packet.checksumStart += EthernetHeader.LENGTH;
    }
    counters.add(Event.PACKETS_SENT);
    link.commit(packet);
  }

  /** The question goes last: the link lends one packet at a time. */
  private void keep(TransmitPacket packet, int bytes, boolean ipv6) {
    NeighbourCache cache = neighbourhood.cache();
    long ipStart = packet.start + EthernetHeader.LENGTH;
    long sourceHigh = ipv6 ? packet.memory.get(BE64, ipStart + IPV6_SOURCE) : 0;
    long sourceLow =
        ipv6
            ? packet.memory.get(BE64, ipStart + IPV6_SOURCE + Long.BYTES)
            : IpAddress.mapped(packet.memory.get(BE32, ipStart + IPV4_SOURCE));
    cache.expect(nextHigh, nextLow, nowNanos);
    if (packet.segmentBytes > 0) {
      counters.add(Event.DROP_NEIGHBOUR_WAIT); // nobody would cut it later
    } else {
      MemorySegment whole = packet.pieces == 0 ? packet.memory : whole(packet, ipStart, bytes);
      long start = packet.pieces == 0 ? ipStart : 0;
      completeChecksum(packet, whole, start, bytes);
      cache.hold(nextHigh, nextLow, whole, start, bytes);
    }
    packet.dropPieces();
    link.cancel(packet);
    neighbourhood.ask(nextHigh, nextLow, sourceHigh, sourceLow, nowNanos);
  }

  /** The IP packet in one piece; rare: made when first needed. */
  private MemorySegment whole(TransmitPacket packet, long ipStart, int bytes) {
    if (scratch.byteSize() < bytes) {
      scratch = MemorySegment.ofArray(new byte[Math.max(bytes, link.mtu())]);
    }
    int written = bytes - packet.pieceBytes;
    MemorySegment.copy(packet.memory, ipStart, scratch, 0, written);
    packet.copyPieces(scratch, written);
    return scratch;
  }

  /** A packet that waits has no link to complete its checksum. */
  private static void completeChecksum(
      TransmitPacket packet, MemorySegment memory, long ipStart, int bytes) {
    if (packet.needsChecksum) {
      long from = ipStart + packet.checksumStart;
      long sum = Checksum.sum(memory, from, bytes - packet.checksumStart, 0);
      Checksum.write(memory, from + packet.checksumOffset, Checksum.finish(sum));
    }
  }

  /** Whether there is a way to a destination at present. */
  public boolean hasRoute(boolean ipv6, long toHigh, long toLow) {
    return route(ipv6, toHigh, toLow);
  }

  /** What was sent to this destination has arrived: its next hop is there (RFC 4861 §7.3.1). */
  public void confirm(boolean ipv6, long toHigh, long toLow) {
    if (route(ipv6, toHigh, toLow)) {
      neighbourhood.cache().confirm(nextHigh, nextLow, nowNanos);
    }
  }

  /** What was sent to this destination does not arrive: perhaps its next hop is gone. */
  public void doubt(boolean ipv6, long toHigh, long toLow) {
    if (route(ipv6, toHigh, toLow)) {
      neighbourhood.cache().doubt(nextHigh, nextLow);
    }
  }

  /**
   * Configured routes first, then what routers have said; but a configured router for everything
   * else is not asked to carry what is on the link (RFC 4861 §5.2).
   */
  private boolean route(boolean ipv6, long toHigh, long toLow) {
    boolean found = routes.find(toHigh, toLow);
    nextHigh = routes.nextHigh();
    nextLow = routes.nextLow();
    if (!ipv6 || (found && !routes.isEmpty() && !routes.isForTheRest())) {
      return found;
    }
    if (neighbourhood.ndp().isOnLink(toHigh, toLow)) {
      nextHigh = toHigh;
      nextLow = toLow;
      return true;
    }
    if (found && !routes.isEmpty()) {
      return true;
    }
    int router = neighbourhood.ndp().defaultRouter(nowNanos);
    if (router >= 0) {
      nextHigh = neighbourhood.ndp().routerHigh(router);
      nextLow = neighbourhood.ndp().routerLow(router);
      return true;
    }
    return found;
  }
}
