package wisp.core.stack;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import wisp.core.ip.IpAddress;

/** Packets byte by byte, of both families: whole, with extension headers, in fragments. */
final class Raw {
  static final int HOP_BY_HOP = 0;
  static final int ICMP = 1;
  static final int TCP = 6;
  static final int UDP = 17;
  static final int ROUTING = 43;
  static final int FRAGMENT = 44;
  static final int ICMPV6 = 58;
  static final int NOTHING = 59;
  static final int DESTINATION = 60;

  private Raw() {}

  /** An extension header; its first byte is filled in by {@link #extend}. */
  record Extension(int type, byte[] body) {
    static Extension of(int type, int... rest) {
      byte[] body = new byte[1 + rest.length];
      for (int i = 0; i < rest.length; i++) {
        body[i + 1] = (byte) rest[i];
      }
      if (body.length % 8 != 0) {
        throw new IllegalArgumentException(body.length + " bytes");
      }
      return new Extension(type, body);
    }

    /** A fragment header. */
    static Extension fragment(int offset, boolean more, int id) {
      return of(
          FRAGMENT,
          0,
          offset >>> 8,
          offset & 0xF8 | (more ? 1 : 0),
          id >>> 24,
          id >>> 16,
          id >>> 8,
          id);
    }
  }

  /** A whole packet of the family of its addresses. */
  static byte[] ip(int protocol, IpAddress from, IpAddress to, byte[] payload) {
    return from.isIpv4()
        ? ipv4(protocol, from, to, payload, 0, 0)
        : ipv6(protocol, from, to, payload);
  }

  static byte[] ipv4(
      int protocol, IpAddress from, IpAddress to, byte[] payload, int id, int flagsAndOffset) {
    byte[] b = new byte[20 + payload.length];
    ByteBuffer p = ByteBuffer.wrap(b);
    p.put(0, (byte) 0x45).putShort(2, (short) b.length).putShort(4, (short) id);
    p.putShort(6, (short) flagsAndOffset).put(8, (byte) 64).put(9, (byte) protocol);
    p.putInt(12, from.ipv4()).putInt(16, to.ipv4());
    p.putShort(10, (short) ~TcpFixture.sum(b, 0, 20, 0));
    System.arraycopy(payload, 0, b, 20, payload.length);
    return b;
  }

  static byte[] ipv6(int next, IpAddress from, IpAddress to, byte[] payload) {
    byte[] b = new byte[40 + payload.length];
    ByteBuffer p = ByteBuffer.wrap(b);
    p.put(0, (byte) 0x60).putShort(4, (short) payload.length).put(6, (byte) next).put(7, (byte) 64);
    p.putLong(8, from.high()).putLong(16, from.low());
    p.putLong(24, to.high()).putLong(32, to.low());
    System.arraycopy(payload, 0, b, 40, payload.length);
    return b;
  }

  /** Puts extension headers between an IPv6 header and what follows it. */
  static byte[] extend(byte[] packet, Extension... extensions) {
    var out = new ByteArrayOutputStream();
    out.write(packet, 0, 40);
    int added = 0;
    for (int i = 0; i < extensions.length; i++) {
      byte[] body = extensions[i].body().clone();
      body[0] = i + 1 < extensions.length ? (byte) extensions[i + 1].type() : packet[6];
      out.write(body, 0, body.length);
      added += body.length;
    }
    out.write(packet, 40, packet.length - 40);
    byte[] b = out.toByteArray();
    b[6] = extensions.length == 0 ? packet[6] : (byte) extensions[0].type();
    ByteBuffer.wrap(b).putShort(4, (short) (packet.length - 40 + added));
    return b;
  }

  /** The pieces of a packet, of {@code most} bytes each at most, in order. */
  static List<byte[]> fragments(byte[] packet, int most, int id) {
    var all = new ArrayList<byte[]>();
    boolean ipv6 = packet[0] >>> 4 == 6;
    int header = ipv6 ? 40 : 20;
    for (int at = header; at < packet.length; at += most) {
      byte[] piece = Arrays.copyOfRange(packet, at, Math.min(packet.length, at + most));
      boolean more = at + most < packet.length;
      if (ipv6) {
        byte[] whole = Arrays.copyOf(packet, 40 + piece.length);
        System.arraycopy(piece, 0, whole, 40, piece.length);
        all.add(extend(whole, Extension.fragment(at - header, more, id)));
      } else {
        all.add(
            ipv4(
                packet[9],
                IpAddress.ofIpv4(ByteBuffer.wrap(packet).getInt(12)),
                IpAddress.ofIpv4(ByteBuffer.wrap(packet).getInt(16)),
                piece,
                id,
                (more ? 0x2000 : 0) | (at - header) / 8));
      }
    }
    return all;
  }

  /** An ICMP or ICMPv6 packet, by the family of its addresses, with its checksum. */
  static byte[] icmp(IpAddress from, IpAddress to, int type, int code, int word, byte[] body) {
    byte[] b = new byte[8 + body.length];
    b[0] = (byte) type;
    b[1] = (byte) code;
    ByteBuffer.wrap(b).putInt(4, word);
    System.arraycopy(body, 0, b, 8, body.length);
    if (from.isIpv4()) {
      ByteBuffer.wrap(b).putShort(2, (short) ~TcpFixture.sum(b, 0, b.length, 0));
      return ip(ICMP, from, to, b);
    }
    byte[] packet = ipv6(ICMPV6, from, to, b);
    int pseudo = TcpFixture.sum(packet, 8, 32, ICMPV6 + b.length);
    ByteBuffer.wrap(packet).putShort(42, (short) ~TcpFixture.sum(packet, 40, b.length, pseudo));
    return packet;
  }

  /** Whether an ICMP or ICMPv6 packet's checksum is right. */
  static boolean icmpChecksumOk(byte[] packet) {
    boolean ipv6 = packet[0] >>> 4 == 6;
    int header = ipv6 ? 40 : 20;
    int length = packet.length - header;
    int pseudo = ipv6 ? TcpFixture.sum(packet, 8, 32, ICMPV6 + length) : 0;
    return TcpFixture.sum(packet, header, length, pseudo) == 0xFFFF;
  }

  static IpAddress source(byte[] packet) {
    ByteBuffer b = ByteBuffer.wrap(packet);
    return packet[0] >>> 4 == 6
        ? new IpAddress(b.getLong(8), b.getLong(16))
        : IpAddress.ofIpv4(b.getInt(12));
  }

  static IpAddress destination(byte[] packet) {
    ByteBuffer b = ByteBuffer.wrap(packet);
    return packet[0] >>> 4 == 6
        ? new IpAddress(b.getLong(24), b.getLong(32))
        : IpAddress.ofIpv4(b.getInt(16));
  }

  static byte[] bytes(int n, int seed) {
    byte[] b = new byte[n];
    for (int i = 0; i < n; i++) {
      b[i] = (byte) (i * 31 + (i >>> 8) * 7 + seed);
    }
    return b;
  }
}
