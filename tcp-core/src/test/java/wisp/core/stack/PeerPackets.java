package wisp.core.stack;

import java.nio.ByteBuffer;

/** Makes packets of the peer's segments: not by the core's own cursors, nor its checksum. */
final class PeerPackets {
  private PeerPackets() {}

  /** The packet that a segment makes; moves the peer's SND.NXT if it was not told where to be. */
  static byte[] of(TcpFixture tcp, Seg seg) {
    int seq = seg.seq == null ? tcp.peerNxt : seg.seq;
    if (seg.seq == null) {
      tcp.peerNxt += seg.seqLength();
    }
    boolean syn = (seg.flags & Seg.SYN) != 0;
    byte[] options = seg.options;
    if (syn) {
      tcp.timestamps = hasTimestamp(options);
    } else if (tcp.timestamps && seg.timestamp && (seg.flags & Seg.RST) == 0) {
      byte[] ts =
          Seg.timestamp(
              seg.tsVal == null ? tcp.peerTs() : seg.tsVal,
              seg.tsEcr == null ? tcp.lastTsVal : seg.tsEcr);
      options = Seg.flags(0).options(ts, options).options;
    }
    int optionBytes = options.length + 3 & ~3;
    int header = 20 + optionBytes;
    int window = seg.window >= 0 ? seg.window : tcp.peerWindow;
    int ip = tcp.ipHeader();
    byte[] b = new byte[ip + header + seg.length];
    ByteBuffer p = ByteBuffer.wrap(b);
    if (tcp.setup.ipv6) {
      p.putShort(0, (short) (0x6000 | seg.ecn << 4))
          .putShort(4, (short) (b.length - ip))
          .put(6, (byte) 6)
          .put(7, (byte) 64);
      p.putLong(8, tcp.peer().high()).putLong(16, tcp.peer().low());
      p.putLong(24, tcp.own().high()).putLong(32, tcp.own().low());
    } else {
      p.put(0, (byte) 0x45)
          .put(1, (byte) seg.ecn)
          .putShort(2, (short) b.length)
          .putShort(6, (short) 0x4000);
      p.put(8, (byte) 64)
          .put(9, (byte) 6)
          .putInt(12, tcp.peer().ipv4())
          .putInt(16, TcpFixture.HOST);
    }
    p.putShort(ip, (short) tcp.remotePort).putShort(ip + 2, (short) tcp.localPort);
    p.putInt(ip + 4, tcp.irs + seq);
    boolean hasAck = (seg.flags & Seg.ACK) != 0;
    p.putInt(ip + 8, hasAck ? tcp.iss + (seg.ack == null ? tcp.ourNxt : seg.ack) : 0);
    p.put(ip + 12, (byte) (header / 4 << 4 | seg.flags >>> 8)).put(ip + 13, (byte) seg.flags);
    p.putShort(ip + 14, (short) window).putShort(ip + 18, (short) seg.urgent);
    System.arraycopy(options, 0, b, ip + 20, options.length);
    int first = seq + (syn ? 1 : 0);
    for (int i = 0; i < seg.length; i++) {
      b[ip + header + i] = seg.payload == null ? TcpFixture.peerByte(first + i) : seg.payload[i];
    }
    sign(b);
    if (seg.corrupt) {
      b[b.length - 1] ^= 0x40;
    }
    return b;
  }

  private static boolean hasTimestamp(byte[] options) {
    for (int i = 0; i < options.length - 1 && options[i] != 0; ) {
      if (options[i] == 8) {
        return true;
      }
      i += options[i] == 1 ? 1 : Math.max(1, options[i + 1]);
    }
    return false;
  }

  /** Puts both checksums right, IPv4's without options; the one of TCP right behind IPv6. */
  static void sign(byte[] packet) {
    ByteBuffer p = ByteBuffer.wrap(packet);
    if (packet[0] >>> 4 == 6 && packet.length >= 60) {
      p.putShort(56, (short) 0);
      int pseudo = sum(packet, 8, 32, 6 + packet.length - 40);
      p.putShort(56, (short) ~sum(packet, 40, packet.length - 40, pseudo));
      return;
    }
    p.putShort(10, (short) 0);
    p.putShort(10, (short) ~sum(packet, 0, 20, 0));
    p.putShort(36, (short) 0);
    int pseudo = sum(packet, 12, 8, 6 + packet.length - 20);
    p.putShort(36, (short) ~sum(packet, 20, packet.length - 20, pseudo));
  }

  static int sum(byte[] b, int from, int length, int initial) {
    int s = initial;
    for (int i = 0; i < length; i++) {
      s += (b[from + i] & 0xFF) << ((i & 1) == 0 ? 8 : 0);
    }
    while (s >>> 16 != 0) {
      s = (s & 0xFFFF) + (s >>> 16);
    }
    return s;
  }
}
