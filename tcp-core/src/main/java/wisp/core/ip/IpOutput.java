package wisp.core.ip;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;
import wisp.core.Counters;
import wisp.core.Counters.Event;
import wisp.core.spi.KeyedHash;
import wisp.core.spi.Link;
import wisp.core.spi.TransmitPacket;
import wisp.core.wire.Checksum;
import wisp.core.wire.EthernetHeader;
import wisp.core.wire.Ipv4Header;
import wisp.core.wire.Ipv6Header;
import wisp.core.wire.TcpHeader;

/**
 * Writes packets of both families into the link's transmit memory. Use: {@link #begin} with the
 * addresses, write the transport part at {@link #memory}, {@link #start} …, then {@link #sendTcp}
 * or {@link #send}. All packets are whole and carry DF; what may be larger than the path goes
 * through {@link DatagramOutput}.
 */
public final class IpOutput {
  private static final int TCP_CHECKSUM_OFFSET = 16;
  private static final int FLOW_LABEL_MASK = 0xF_FFFF;

  private final Link link;
  private final OwnAddresses own;
  private final Loopback loopback;
  private final Counters counters;
  private final KeyedHash flowLabels;
  private final @Nullable EthernetSender ethernet;

  /** Bytes before the IP header. */
  private final int frameBytes;

  private final TransmitPacket packet = new TransmitPacket();
  private final boolean offloadChecksum;
  private final int segmentationBytes;
  private final int gatherPieces;
  private final int leastGathered;
  private boolean ipv6;
  private int headerBytes;

  /** Packets with pieces that the link was given. */
  private long gathered;

  /** Of the packet that was begun: IPv4 only. */
  private @Nullable SourceRoute route;

  private long sourceHigh;
  private long sourceLow;
  private long destinationHigh;
  private long destinationLow;

  /**
   * Over a link.
   *
   * @param ethernet what finds stations, on a link of kind Ethernet; null on one of kind IP
   */
  public IpOutput(
      Link link,
      OwnAddresses own,
      Loopback loopback,
      @Nullable EthernetSender ethernet,
      KeyedHash flowLabels,
      Counters counters) {
    this.link = link;
    this.own = own;
    this.loopback = loopback;
    this.ethernet = ethernet;
    this.frameBytes = ethernet == null ? 0 : EthernetHeader.LENGTH;
    this.flowLabels = flowLabels;
    this.counters = counters;
    this.offloadChecksum = link.offloads().transmitChecksum();
    this.segmentationBytes = link.offloads().segmentationBytes();
    this.gatherPieces = link.gatherPieces();
    this.leastGathered = link.leastGathered();
  }

  /** Bytes of an IP header of this family. */
  public static int headerBytes(boolean ipv6) {
    return ipv6 ? Ipv6Header.LENGTH : Ipv4Header.LENGTH;
  }

  /** Whether the link completes the checksums of TCP: then nobody needs sums of payload. */
  public boolean completesChecksums() {
    return offloadChecksum;
  }

  /** Transport bytes that the link takes in one piece and segments itself; 0: it doesn't. */
  public int segmentationBytes(boolean ipv6) {
    return Math.max(0, segmentationBytes - headerBytes(ipv6));
  }

  /**
   * Claims room for a packet.
   *
   * @param transportBytes what follows the IP header
   * @return false: the link is full (counted), nothing to undo
   */
  public boolean begin(long fromHigh, long fromLow, long toHigh, long toLow, int transportBytes) {
    return begin(fromHigh, fromLow, toHigh, toLow, transportBytes, null);
  }

  /** As {@link #begin}, along a source route if there is one. */
  public boolean begin(
      long fromHigh,
      long fromLow,
      long toHigh,
      long toLow,
      int transportBytes,
      @Nullable SourceRoute along) {
    address(fromHigh, fromLow, toHigh, toLow);
    route = along;
    headerBytes += along == null ? 0 : along.optionBytes();
    if (link.claim(frameBytes + headerBytes + transportBytes, packet)) {
      return true;
    }
    counters.add(Event.DROP_LINK_FULL);
    return false;
  }

  /** From whom to whom, without room for a packet: enough for {@link #pseudoHeader}. */
  void address(long fromHigh, long fromLow, long toHigh, long toLow) {
    ipv6 = !IpAddress.isIpv4(toHigh, toLow);
    headerBytes = headerBytes(ipv6);
    sourceHigh = fromHigh;
    sourceLow = fromLow;
    destinationHigh = toHigh;
    destinationLow = toLow;
  }

  /**
   * How many pieces a packet with so much payload may have to this destination: {@link
   * TransmitPacket#add}; 0: all of it is to be written. What turns round to ourselves is copied,
   * and so is what the link finds too little.
   */
  public int gatherPieces(int payloadBytes, long toHigh, long toLow) {
    boolean copied =
        gatherPieces == 0 || payloadBytes < leastGathered || own.contains(toHigh, toLow);
    return copied ? 0 : gatherPieces;
  }

  /** Whether payload in this memory may be a piece. */
  public boolean gathers(MemorySegment memory) {
    return link.gathers(memory);
  }

  /** The packet that was begun, for its pieces: borrowed until it is sent. */
  public TransmitPacket packet() {
    return packet;
  }

  /** Packets with pieces that the link was given since it is open. */
  public long gathered() {
    return gathered;
  }

  /** Where the transport part is to be written; borrowed until it is sent. */
  public MemorySegment memory() {
    return packet.memory;
  }

  private long ipStart() {
    return packet.start + frameBytes;
  }

  /** First byte of the transport part. */
  public long start() {
    return ipStart() + headerBytes;
  }

  /**
   * Sends a TCP segment, whose checksum field is still zero.
   *
   * @param trafficClass DSCP and ECN, 0 … 255
   * @param tcpBytes header and payload
   * @param tcpHeaderBytes TCP header with options
   * @param payloadSum partial sum of the payload, or {@link Checksum#UNKNOWN}: then it is made
   *     here, if the packet has no pieces
   * @param segmentBytes payload of each segment that the link is to cut; 0: one segment
   */
  public void sendTcp(
      int hopLimit,
      int trafficClass,
      int tcpBytes,
      int tcpHeaderBytes,
      long payloadSum,
      int segmentBytes) {
    long pseudo = pseudoHeader(Ipv4Header.PROTOCOL_TCP, tcpBytes);
    int checksum;
    if (offloadChecksum) {
      checksum = Checksum.fold(pseudo);
      packet.needsChecksum = true;
      packet.checksumStart = headerBytes;
      packet.checksumOffset = TCP_CHECKSUM_OFFSET;
    } else if (payloadSum == Checksum.UNKNOWN) {
      checksum = Checksum.finish(Checksum.sum(packet.memory, start(), tcpBytes, pseudo));
    } else {
      long header = Checksum.sum(packet.memory, start(), tcpHeaderBytes, pseudo);
      checksum = Checksum.finish(header + payloadSum);
    }
    TcpHeader.writeChecksum(packet.memory, start(), checksum);
    if (segmentBytes > 0) {
      packet.segmentBytes = segmentBytes;
      packet.headerBytes = headerBytes + tcpHeaderBytes;
    }
    send(Ipv4Header.PROTOCOL_TCP, hopLimit, trafficClass, tcpBytes);
  }

  /** Sum over the pseudo-header of the packet that was begun. */
  public long pseudoHeader(int protocol, int transportBytes) {
    return ipv6
        ? Checksum.pseudoHeaderIpv6(
            sourceHigh, sourceLow, destinationHigh, destinationLow, protocol, transportBytes)
        : Checksum.pseudoHeaderIpv4(
            (int) sourceLow, (int) destinationLow, protocol, transportBytes);
  }

  /**
   * Sends what was written, its transport checksum complete.
   *
   * @param trafficClass DSCP and ECN, 0 … 255
   */
  public void send(int protocol, int hopLimit, int trafficClass, int transportBytes) {
    if (ipv6) {
      Ipv6Header.write(
          packet.memory,
          ipStart(),
          transportBytes,
          protocol,
          sourceHigh,
          sourceLow,
          destinationHigh,
          destinationLow,
          hopLimit,
          trafficClass,
          flowLabel(protocol));
    } else {
      if (route != null) { // the checksum of what it carries is over the real destination
        route.write(packet.memory, ipStart() + Ipv4Header.LENGTH, (int) destinationLow);
        destinationLow = IpAddress.mapped(route.firstHop());
      }
      Ipv4Header.write(
          packet.memory,
          ipStart(),
          headerBytes + transportBytes,
          protocol,
          (int) sourceLow,
          (int) destinationLow,
          hopLimit,
          trafficClass);
    }
    if (route != null) {
      Ipv4Header.extend(packet.memory, ipStart(), headerBytes);
    }
    leave(headerBytes + transportBytes);
  }

  /** Sends a part of an IPv4 datagram: without DF, with an identification. */
  void sendFragmentIpv4(
      int protocol,
      int ttl,
      int trafficClass,
      int transportBytes,
      int identification,
      int offset,
      boolean more) {
    Ipv4Header.write(
        packet.memory,
        ipStart(),
        headerBytes + transportBytes,
        protocol,
        (int) sourceLow,
        (int) destinationLow,
        ttl,
        trafficClass,
        identification,
        /* dontFragment= */ false,
        more,
        offset);
    leave(headerBytes + transportBytes);
  }

  private void leave(int bytes) {
    if (own.contains(destinationHigh, destinationLow)) {
      counters.add(Event.PACKETS_SENT);
      loopback.add(packet.memory, ipStart(), bytes);
      link.cancel(packet);
    } else if (ethernet == null) {
      counters.add(Event.PACKETS_SENT);
      packet.length = bytes - packet.pieceBytes;
      link.commit(packet);
    } else {
      ethernet.send(packet, bytes, ipv6, destinationHigh, destinationLow);
    }
    gathered += packet.pieces > 0 ? 1 : 0;
  }

  /**
   * Constant for a connection, different between connections, not to be guessed, never 0 (RFC 6437
   * §3): a keyed hash of addresses and ports. Packets without ports have no flow.
   */
  private int flowLabel(int protocol) {
    if (protocol != Ipv4Header.PROTOCOL_TCP && protocol != Ipv4Header.PROTOCOL_UDP) {
      return 0;
    }
    long ports = packet.memory.get(ValueLayout.JAVA_INT_UNALIGNED, start());
    long from = sourceHigh ^ Long.rotateLeft(sourceLow, 32) ^ ports << 13;
    int label = (int) flowLabels.hash(from, destinationHigh, destinationLow) & FLOW_LABEL_MASK;
    return label == 0 ? 1 : label;
  }
}
