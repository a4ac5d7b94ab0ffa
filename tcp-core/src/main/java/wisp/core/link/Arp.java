package wisp.core.link;

import wisp.core.Counters;
import wisp.core.Counters.Event;
import wisp.core.wire.ArpPacket;
import wisp.core.wire.EthernetHeader;
import wisp.core.wire.HardwareAddress;
import wisp.core.wire.Mapped;

/**
 * Address resolution for IPv4 (RFC 826): answers for our own addresses, asks for others', and tells
 * the {@link NeighbourCache} what it hears. A packet for someone else only refreshes what is known;
 * of those to us, a request makes an entry, a reply that nobody asked for doesn't.
 */
public final class Arp {
  private final EthernetOutput output;
  private final NeighbourCache cache;
  private final OwnAddress own;
  private final Counters counters;
  private final ArpPacket packet = new ArpPacket();

  /** For one link. */
  public Arp(EthernetOutput output, NeighbourCache cache, OwnAddress own, Counters counters) {
    this.output = output;
    this.cache = cache;
    this.own = own;
    this.counters = counters;
  }

  /** A frame of type ARP, borrowed until this returns. */
  public void receive(EthernetHeader frame, long nowNanos) {
    if (!packet.wrap(frame.memory(), frame.payloadStart(), frame.payloadLength())
        || !isSender(packet.senderAddress())
        || packet.senderHardware() == output.hardwareAddress()) {
      counters.add(Event.DROP_ARP);
      return;
    }
    int sender = packet.senderAddress();
    if (sender != 0 && isOwn(sender)) {
      counters.add(Event.ADDRESS_CONFLICTS);
      return;
    }
    boolean toUs = isOwn(packet.targetAddress());
    boolean request = packet.operation() == ArpPacket.REQUEST;
    if (sender != 0) {
      learn(toUs, request, nowNanos);
    }
    if (toUs && request) {
      reply();
    }
  }

  /** 0 is a probe's (RFC 5227 §1.1); loopback, multicast and broadcast are nobody's. */
  private static boolean isSender(int address) {
    int top = address >>> 24;
    return address == 0 || top != 0 && top != 127 && top < 224;
  }

  private boolean isOwn(int address) {
    return own.isOwn(0, Mapped.low(address));
  }

  private void learn(boolean toUs, boolean request, long nowNanos) {
    long low = Mapped.low(packet.senderAddress());
    long hardware = packet.senderHardware();
    if (toUs && request) {
      cache.solicited(0, low, hardware, nowNanos);
    } else {
      boolean answer = toUs && cache.isBeingAsked(0, low);
      cache.advertised(0, low, hardware, answer, /* override= */ true, nowNanos);
    }
  }

  private void reply() {
    send(
        ArpPacket.REPLY,
        packet.targetAddress(),
        packet.senderHardware(),
        packet.senderAddress(),
        packet.senderHardware());
    counters.add(Event.ARP_REPLIES);
  }

  /**
   * Asks for a neighbour's station.
   *
   * @param source one of our addresses
   * @param hardware the station to ask whether it is still there, or {@link
   *     HardwareAddress#UNKNOWN} to ask everybody
   */
  public void request(int source, int target, long hardware) {
    long destination = hardware == HardwareAddress.UNKNOWN ? HardwareAddress.BROADCAST : hardware;
    send(ArpPacket.REQUEST, source, 0, target, destination);
    counters.add(Event.NEIGHBOUR_SOLICITATIONS);
  }

  /** Tells everybody that an address of ours is at our station (RFC 5227 §2.3). */
  public void announce(int address) {
    send(ArpPacket.REQUEST, address, 0, address, HardwareAddress.BROADCAST);
  }

  private void send(int operation, int source, long targetHardware, int target, long destination) {
    if (output.begin(ArpPacket.LENGTH)) {
      ArpPacket.write(
          output.memory(),
          output.start(),
          operation,
          output.hardwareAddress(),
          source,
          targetHardware,
          target);
      output.send(destination, EthernetHeader.TYPE_ARP, ArpPacket.LENGTH);
    }
  }
}
