package wisp.lab.sim;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.TransmitPacket;
import wisp.core.wire.Checksum;
import wisp.core.wire.EthernetHeader;
import wisp.drivers.LinkWrapper;

/**
 * An Ethernet link that is watched: keeps what is sent about neighbours, counts the rest, can fall
 * silent, and can come back with another hardware address of which the stack behind it knows
 * nothing.
 */
final class TappedLink extends LinkWrapper {
  private static final int ICMPV6 = 58;
  private static final int ICMP_START = 54;

  /** ARP and ICMPv6 frames that were sent, whole. */
  final List<byte[]> about = new ArrayList<>();

  /** Largest IP packet that was sent, in bytes. */
  int largest;

  /** Nothing gets through, either way. */
  boolean silent;

  /** The hardware address on the wire; 0: that of the link below. */
  long moved;

  TappedLink(Link link) {
    super(link);
  }

  /** Neighbours asked for by ARP since the list was cleared. */
  long arpRequests() {
    return about.stream().filter(f -> type(f) == EthernetHeader.TYPE_ARP && f[21] == 1).count();
  }

  /** Neighbours asked for by neighbour discovery, duplicate detection not counted. */
  long solicitations() {
    return about.stream()
        .filter(f -> isIcmpv6(f, 135) && ByteBuffer.wrap(f).getLong(22) != 0)
        .count();
  }

  boolean isIcmpv6(byte[] frame, int type) {
    return type(frame) == EthernetHeader.TYPE_IPV6
        && frame[20] == ICMPV6
        && (frame[ICMP_START] & 0xFF) == type;
  }

  static int type(byte[] frame) {
    return ByteBuffer.wrap(frame).getShort(12) & 0xFFFF;
  }

  @Override
  public String name() {
    return "tapped:" + link.name();
  }

  @Override
  public int receive(Burst burst) {
    int before = burst.size();
    link.receive(burst);
    if (silent) {
      burst.clear();
      return 0;
    }
    for (int i = before; moved != 0 && i < burst.size(); i++) {
      long to = address(burst.memory(i), burst.start(i));
      if (to == moved) {
        putAddress(burst.memory(i), burst.start(i), hardwareAddress());
      } else if (to == hardwareAddress()) {
        putAddress(burst.memory(i), burst.start(i), 0x02FF_FFFF_FFFFL); // nobody is there any more
      }
    }
    return burst.size() - before;
  }

  private static long address(MemorySegment memory, long at) {
    long address = 0;
    for (int i = 0; i < 6; i++) {
      address = address << 8 | memory.get(ValueLayout.JAVA_BYTE, at + i) & 0xFF;
    }
    return address;
  }

  private static void putAddress(MemorySegment memory, long at, long address) {
    for (int i = 0; i < 6; i++) {
      memory.set(ValueLayout.JAVA_BYTE, at + i, (byte) (address >>> 40 - 8 * i));
    }
  }

  @Override
  public void commit(TransmitPacket packet) {
    if (silent) {
      link.cancel(packet);
      return;
    }
    if (moved != 0) {
      rename(packet);
    }
    byte[] frame =
        packet.memory.asSlice(packet.start, packet.length).toArray(ValueLayout.JAVA_BYTE);
    largest = Math.max(largest, frame.length - EthernetHeader.LENGTH);
    if (type(frame) == EthernetHeader.TYPE_ARP
        || type(frame) == EthernetHeader.TYPE_IPV6 && frame[20] == ICMPV6) {
      about.add(frame);
    }
    link.commit(packet);
  }

  /** Our station becomes the other one, in the frame's header and in what the frame says. */
  private void rename(TransmitPacket packet) {
    MemorySegment m = packet.memory;
    for (long at = packet.start + 6; at + 6 <= packet.start + packet.length; at += 2) {
      if (address(m, at) == hardwareAddress()) {
        putAddress(m, at, moved);
      }
    }
    byte[] frame = m.asSlice(packet.start, packet.length).toArray(ValueLayout.JAVA_BYTE);
    if (type(frame) == EthernetHeader.TYPE_IPV6 && frame[20] == ICMPV6) {
      long start = packet.start + ICMP_START;
      int bytes = packet.length - ICMP_START;
      Checksum.write(m, start + 2, 0);
      var pseudo = ByteBuffer.allocate(40).put(frame, 22, 32).putInt(bytes).putInt(ICMPV6);
      long sum = Checksum.sum(MemorySegment.ofArray(pseudo.array()), 0, 40, 0);
      Checksum.write(m, start + 2, Checksum.finish(Checksum.sum(m, start, bytes, sum)));
    }
  }
}
