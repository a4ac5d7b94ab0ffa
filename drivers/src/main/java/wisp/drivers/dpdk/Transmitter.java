package wisp.drivers.dpdk;

import java.lang.foreign.ValueLayout;
import wisp.core.spi.LinkOffloads;
import wisp.core.spi.TransmitPacket;
import wisp.drivers.Framing;
import wisp.drivers.linux.VirtioHeader;

/** Has packets written into buffers of the pool, one at a time, and says what a device is to do. */
final class Transmitter {
  private static final int TCP_CHECKSUM = 16; // where it lies in its header
  private static final int UDP_CHECKSUM = 6;

  private final String label;
  private final MbufPool pool;
  private final Port port;
  private final LinkOffloads offloads;
  private final Spares spares;
  private final SendQueue queue;
  private long claimed;
  private int claimedBytes;
  private long drops;

  Transmitter(
      String label,
      MbufPool pool,
      Port port,
      LinkOffloads offloads,
      Spares spares,
      SendQueue queue) {
    this.label = label;
    this.pool = pool;
    this.port = port;
    this.offloads = offloads;
    this.spares = spares;
    this.queue = queue;
  }

  /** See {@link wisp.core.spi.Link#claim}. */
  boolean claim(int bytes, TransmitPacket packet, boolean open) {
    if (claimed != 0) {
      throw new IllegalStateException(
          label + ": the last claim was neither committed nor cancelled");
    }
    if (open && bytes <= DpdkConfig.ROOM_BYTES) {
      claimed = spares.take();
    }
    if (claimed == 0) {
      drops++;
      return false;
    }
    claimedBytes = bytes;
    packet.lend(pool.memory(), claimed + Mbuf.BYTES + Mbuf.HEAD_ROOM - pool.memory().address());
    return true;
  }

  /** See {@link wisp.core.spi.Link#commit}. */
  void commit(TransmitPacket packet, boolean open) {
    int length = packet.length;
    if (claimed == 0 || length > claimedBytes) {
      throw new IllegalStateException(
          label + ": commit of " + length + " B after a claim of " + claimedBytes);
    }
    if ((packet.needsChecksum && !offloads.transmitChecksum()) || packet.segmentBytes > 0) {
      throw new IllegalStateException(label + " does not complete checksums, or cut packets");
    }
    if (!open
        || !VirtioHeader.isSendable(packet, Framing.ETHERNET_BYTES, port.mtu())
        || !write(packet)) {
      drops++;
      cancel();
      return;
    }
    queue.add(claimed);
    claimed = 0;
  }

  /** False when it asks for what a device can't do. */
  private boolean write(TransmitPacket packet) {
    if (!packet.needsChecksum) {
      Mbuf.write(claimed, packet.length, 0, 0);
      return true;
    }
    int ipBytes = packet.checksumStart - Framing.ETHERNET_BYTES;
    int version =
        packet.memory.get(ValueLayout.JAVA_BYTE, packet.start + Framing.ETHERNET_BYTES) >> 4 & 0xF;
    boolean tcp = packet.checksumOffset == TCP_CHECKSUM;
    if ((!tcp && packet.checksumOffset != UDP_CHECKSUM)
        || (version != 4 && version != 6)
        || ipBytes > Mbuf.MOST_LAYER3_BYTES) {
      return false;
    }
    Mbuf.write(
        claimed,
        packet.length,
        (tcp ? Mbuf.SEND_TCP_CHECKSUM : Mbuf.SEND_UDP_CHECKSUM)
            | (version == 4 ? Mbuf.SEND_IPV4 : Mbuf.SEND_IPV6),
        Mbuf.headers(Framing.ETHERNET_BYTES, ipBytes));
    return true;
  }

  /** Gives a claim back, if there is one. */
  void cancel() {
    if (claimed != 0) {
      spares.put(claimed);
      claimed = 0;
    }
  }

  /** Packets that were not written. */
  long drops() {
    return drops;
  }
}
