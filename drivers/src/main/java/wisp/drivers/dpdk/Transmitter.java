package wisp.drivers.dpdk;

import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;
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
  private final ExternalPieces pieces;
  private final @Nullable Staging staging;
  private boolean staged;
  private long claimed;
  private int claimedBytes;
  private final long[] taking = new long[ExternalPieces.MOST_PIECES];
  private long drops;

  Transmitter(
      String label,
      MbufPool pool,
      Port port,
      LinkOffloads offloads,
      Spares spares,
      SendQueue queue,
      ExternalPieces pieces,
      @Nullable Staging staging) {
    this.label = label;
    this.pool = pool;
    this.port = port;
    this.offloads = offloads;
    this.spares = spares;
    this.queue = queue;
    this.pieces = pieces;
    this.staging = staging;
  }

  /** See {@link wisp.core.spi.Link#claim}. */
  boolean claim(int bytes, TransmitPacket packet, boolean open) {
    if (claimed != 0) {
      throw new IllegalStateException(
          label + ": the last claim was neither committed nor cancelled");
    }
    staged = bytes > pool.room() - Mbuf.HEAD_ROOM;
    if (open && (!staged || (staging != null && staging.hasRoom(bytes)))) {
      claimed = spares.take();
    }
    if (claimed == 0) {
      drops++;
      return false;
    }
    claimedBytes = bytes;
    if (staged && staging != null) {
      packet.lend(staging.memory(), staging.start());
      return true;
    }
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
    if ((packet.needsChecksum && !offloads.transmitChecksum())
        || (packet.segmentBytes > 0 && offloads.segmentationBytes() == 0)) {
      throw new IllegalStateException(label + " does not complete checksums, or cut packets");
    }
    if (!open
        || !VirtioHeader.isSendable(packet, Framing.ETHERNET_BYTES, port.mtu())
        || !write(packet)) {
      drops++;
      if (packet.pieces > 0) {
        pieces.passOver();
      }
      cancel();
      return;
    }
    if (packet.pieces > 0) {
      gather(packet);
    }
    queue.add(claimed);
    claimed = 0;
  }

  /** Lets the pieces follow; where buffers or references are short, copies them instead. */
  private void gather(TransmitPacket packet) {
    int count = packet.pieces;
    int taken = 0;
    if (count <= ExternalPieces.MOST_PIECES && pieces.hasRoom() && canBeSummed(packet)) {
      while (taken < count && (taking[taken] = spares.take()) != 0) {
        taken++;
      }
    }
    if (taken == count) {
      long shared = pieces.lend(count);
      long last = claimed;
      for (int i = 0; i < count; i++) {
        long data = packet.pieceMemory(i).address() + packet.pieceStart(i);
        Mbuf.writeExternal(taking[i], data, packet.pieceLength(i), shared);
        Mbuf.chain(last, taking[i]);
        last = taking[i];
      }
      Mbuf.total(claimed, 1 + count, packet.totalLength());
      return;
    }
    while (taken > 0) {
      spares.put(taking[--taken]);
    }
    packet.copyPieces(packet.memory, packet.start + packet.length);
    Mbuf.resize(claimed, packet.totalLength());
    pieces.passOver();
  }

  /** False when it asks for what a device can't do. */
  private boolean write(TransmitPacket packet) {
    long flags = 0;
    long headers = 0;
    if (packet.needsChecksum) {
      int ipBytes = packet.checksumStart - Framing.ETHERNET_BYTES;
      int version =
          packet.memory.get(ValueLayout.JAVA_BYTE, packet.start + Framing.ETHERNET_BYTES) >> 4
              & 0xF;
      boolean tcp = packet.checksumOffset == TCP_CHECKSUM;
      if ((!tcp && packet.checksumOffset != UDP_CHECKSUM)
          || (version != 4 && version != 6)
          || ipBytes > Mbuf.MOST_LAYER3_BYTES) {
        return false;
      }
      flags =
          (tcp ? Mbuf.SEND_TCP_CHECKSUM : Mbuf.SEND_UDP_CHECKSUM)
              | (version == 4 ? Mbuf.SEND_IPV4 : Mbuf.SEND_IPV6);
      headers = Mbuf.headers(Framing.ETHERNET_BYTES, ipBytes);
      if (packet.segmentBytes > 0 && tcp) {
        flags |= Mbuf.SEND_SEGMENTS | (version == 4 ? Mbuf.SEND_IPV4_CHECKSUM : 0);
        headers =
            Mbuf.headers(
                Framing.ETHERNET_BYTES, ipBytes, packet.headerBytes - ipBytes, packet.segmentBytes);
        Segmentation.prepare(packet, version == 4);
      }
    }
    int headerBytes = Framing.ETHERNET_BYTES + packet.headerBytes;
    Mbuf.write(claimed, staged ? headerBytes : packet.length, flags, headers);
    return !staged || (packet.segmentBytes > 0 && stage(headerBytes, packet.length));
  }

  private boolean stage(int headerBytes, int bytes) {
    long payload = staging == null ? 0 : spares.take();
    if (staging == null || payload == 0) {
      return false;
    }
    staging.attach(pool, claimed, payload, headerBytes, bytes);
    return true;
  }

  /** The driver net_tap adds up the sums of pieces as if each began at an even place. */
  private static boolean canBeSummed(TransmitPacket packet) {
    boolean even = true;
    for (int i = 0; i < packet.pieces - 1; i++) {
      even &= (packet.pieceLength(i) & 1) == 0;
    }
    return even || !packet.needsChecksum;
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
