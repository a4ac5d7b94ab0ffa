package wisp.core.ip;

import java.lang.foreign.MemorySegment;
import wisp.core.Counters;
import wisp.core.ip.ndp.AddressListener;
import wisp.core.ip.ndp.Ndp;
import wisp.core.link.Arp;
import wisp.core.link.EthernetInput;
import wisp.core.link.EthernetOutput;
import wisp.core.link.NeighbourCache;
import wisp.core.link.NeighbourListener;
import wisp.core.link.OwnAddress;
import wisp.core.memory.Blocks;
import wisp.core.spi.Entropy;
import wisp.core.spi.KeyedHash;
import wisp.core.spi.Link;
import wisp.core.wire.EthernetHeader;

/**
 * What IP needs on an Ethernet link, put together: frames in and out, the neighbour cache, ARP for
 * IPv4 and neighbour discovery for IPv6. {@link #receive} sorts frames; {@link #tick} does what is
 * due in all of them.
 */
public final class EthernetNeighbourhood {
  /** Hears of packets of ours that waited for a neighbour who never answered. */
  @FunctionalInterface
  public interface UnreachableListener {
    /**
     * The next hop is not there (RFC 1122 §2.3.2.2, RFC 4861 §7.2.2).
     *
     * @param ipv6 whether it is an IPv6 packet, or else an IPv4 packet
     * @param memory borrowed until this returns: the packet from its IP header on
     */
    void unreachable(boolean ipv6, MemorySegment memory, long start, int bytes);
  }

  /** {@link #receive}: the frame is done with. */
  public static final int NOTHING = 0;

  private final EthernetInput input;
  private final EthernetOutput output;
  private final NeighbourCache cache;
  private final Arp arp;
  private final Ndp ndp;
  private final UnreachableListener unreachable;
  private final EthernetHeader frame = new EthernetHeader();
  private int ipv4Source;
  private boolean isPrompted;
  private long promptHigh;
  private long promptLow;

  /**
   * Over a link of kind Ethernet.
   *
   * @param own which addresses we answer for, IPv4 in the mapped form
   * @param neighbours entries of the cache at most
   */
  public EthernetNeighbourhood(
      Link link,
      Blocks blocks,
      Entropy entropy,
      OwnAddress own,
      int neighbours,
      AddressListener addresses,
      UnreachableListener unreachable,
      Counters counters) {
    this.unreachable = unreachable;
    input = new EthernetInput(link.hardwareAddress(), counters);
    output = new EthernetOutput(link, counters);
    cache =
        new NeighbourCache(
            neighbours, blocks, KeyedHash.random(entropy), new Neighbours(), counters);
    arp = new Arp(output, cache, own, counters);
    ndp = new Ndp(output, cache, KeyedHash.random(entropy), own, addresses, counters);
  }

  /**
   * The link is up: tells our IPv4 address to everybody, makes our IPv6 addresses.
   *
   * @param ipv4Source one of ours, from which neighbours are asked; 0: we have none
   * @param ipv6 whether IPv6 is spoken
   * @param withRouters whether routers' advertisements are believed
   */
  public void start(int ipv4Source, boolean ipv6, boolean withRouters, long nowNanos) {
    this.ipv4Source = ipv4Source;
    if (ipv4Source != 0) {
      arp.announce(ipv4Source);
    }
    if (ipv6) {
      ndp.start(withRouters, nowNanos);
    }
  }

  /**
   * A frame from the link, borrowed until this returns.
   *
   * @return the type of the packet that {@link #frame} holds then, {@link EthernetHeader#TYPE_IPV4}
   *     or {@link EthernetHeader#TYPE_IPV6}; or {@link #NOTHING}
   */
  public int receive(MemorySegment memory, long start, int length, long nowNanos) {
    if (!input.accept(frame, memory, start, length)) {
      return NOTHING;
    }
    if (frame.etherType() == EthernetHeader.TYPE_ARP) {
      arp.receive(frame, nowNanos);
      return NOTHING;
    }
    return frame.etherType();
  }

  /** The frame last received; its payload may have padding behind the packet. */
  public EthernetHeader frame() {
    return frame;
  }

  /** Where packets for neighbours go. */
  public EthernetOutput output() {
    return output;
  }

  /** Which station a neighbour is. */
  public NeighbourCache cache() {
    return cache;
  }

  /**
   * Begins to ask for a neighbour for the sake of a packet of ours: from that packet's source, so
   * that the neighbour need not ask for it in turn (RFC 4861 §7.2.2). It repeats from any address.
   */
  public void ask(long high, long low, long sourceHigh, long sourceLow, long nowNanos) {
    isPrompted = true;
    promptHigh = sourceHigh;
    promptLow = sourceLow;
    cache.ask(high, low, nowNanos);
    isPrompted = false;
  }

  /** IPv6's part; its messages are to be given to it. */
  public Ndp ndp() {
    return ndp;
  }

  /** Does what is due. */
  public void tick(long nowNanos) {
    cache.tick(nowNanos);
    ndp.tick(nowNanos);
  }

  /** When {@link #tick} has something to do, at the earliest; {@link Long#MAX_VALUE}: never. */
  public long nextDeadlineNanos() {
    return Math.min(cache.nextDeadlineNanos(), ndp.nextDeadlineNanos());
  }

  /** Bytes that the tables occupy; waiting packets are counted with the blocks. */
  public long reservedBytes() {
    return cache.reservedBytes() + ndp.reservedBytes();
  }

  /** Gives all blocks back. */
  public void close() {
    cache.close();
  }

  /** Asks by the neighbour's family. */
  private final class Neighbours implements NeighbourListener {
    @Override
    public void solicit(long high, long low, long hardware) {
      boolean ipv6 = !IpAddress.isIpv4(high, low);
      int source = isPrompted ? (int) promptLow : ipv4Source;
      if (ipv6 && isPrompted) {
        ndp.solicitFrom(promptHigh, promptLow, high, low, hardware);
      } else if (ipv6) {
        ndp.solicit(high, low, hardware);
      } else if (source != 0) {
        arp.request(source, (int) low, hardware);
      }
    }

    @Override
    public void sendHeld(long hardware, boolean ipv6, MemorySegment memory, long start, int bytes) {
      int type = ipv6 ? EthernetHeader.TYPE_IPV6 : EthernetHeader.TYPE_IPV4;
      output.sendCopy(hardware, type, memory, start, bytes);
    }

    @Override
    public void unreachable(boolean ipv6, MemorySegment memory, long start, int bytes) {
      unreachable.unreachable(ipv6, memory, start, bytes);
    }
  }
}
