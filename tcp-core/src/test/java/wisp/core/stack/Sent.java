package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Arrays;
import wisp.core.ip.IpAddress;

/**
 * A segment that the stack sent, read by a parser of its own, so that an error in the core's cannot
 * hide. Lengths and checksums are asserted on the way; numbers are relative as in {@link Seg}.
 */
final class Sent {
  final long atNanos;
  final boolean ipv6;
  final IpAddress source;
  final IpAddress destination;
  final int sourcePort;
  final int destinationPort;
  final int seqAbsolute;
  final int ackAbsolute;
  final int flags;
  final int window;
  final int urgent;
  final int ttl;
  final int dscp;
  final int ecn;

  /** Of IPv6. */
  final int flowLabel;

  /** Bytes of the packet, and of what lies in front of the TCP header. */
  final int bytes;

  final byte[] packet;
  final byte[] payload;
  int mss = -1;
  int scale = -1;
  boolean sackPermitted;
  boolean hasTimestamp;
  int tsVal;
  int tsEcr;
  int[] sack = {};
  boolean hasFastOpen;
  long fastOpen;
  byte[] cookie = {};
  boolean fastOpenExperimental;

  /** The option's 16 bits; -1: none. */
  int userTimeout = -1;

  /** Kind and counters of the AccECN option, in their order on the wire; empty: none. */
  int[] markedBytes = {};

  int seq;
  int ack;

  Sent(byte[] packet, long atNanos) {
    this.atNanos = atNanos;
    this.packet = packet;
    bytes = packet.length;
    ByteBuffer b = ByteBuffer.wrap(packet);
    ipv6 = packet[0] >>> 4 == 6;
    int ip = ipv6 ? 40 : 20;
    int tcpLength = packet.length - ip;
    int pseudo;
    if (ipv6) {
      assertEquals(tcpLength, b.getShort(4) & 0xFFFF, "payload length");
      assertEquals(6, packet[6], "next header");
      dscp = (b.getShort(0) >>> 4 & 0xFF) >>> 2;
      ecn = b.getShort(0) >>> 4 & 3;
      flowLabel = b.getInt(0) & 0xF_FFFF;
      ttl = packet[7] & 0xFF;
      source = new IpAddress(b.getLong(8), b.getLong(16));
      destination = new IpAddress(b.getLong(24), b.getLong(32));
      pseudo = sum(packet, 8, 32, 6 + tcpLength);
    } else {
      assertEquals(0x45, packet[0], "version and header length");
      assertEquals(packet.length, b.getShort(2) & 0xFFFF, "total length");
      assertEquals(0xFFFF, sum(packet, 0, 20, 0), "IP checksum");
      assertEquals(0x4000, b.getShort(6), "DF, and no fragment");
      assertEquals(6, packet[9], "protocol");
      dscp = (packet[1] & 0xFF) >>> 2;
      ecn = packet[1] & 3;
      flowLabel = 0;
      ttl = packet[8] & 0xFF;
      source = IpAddress.ofIpv4(b.getInt(12));
      destination = IpAddress.ofIpv4(b.getInt(16));
      pseudo = sum(packet, 12, 8, 6 + tcpLength);
    }
    assertEquals(0xFFFF, sum(packet, ip, tcpLength, pseudo), "TCP checksum (MUST-2)");
    sourcePort = b.getShort(ip) & 0xFFFF;
    destinationPort = b.getShort(ip + 2) & 0xFFFF;
    seqAbsolute = b.getInt(ip + 4);
    ackAbsolute = b.getInt(ip + 8);
    int header = (packet[ip + 12] >>> 4 & 15) * 4;
    assertTrue(header >= 20 && header <= tcpLength, "data offset");
    assertEquals(0, packet[ip + 12] & 14, "reserved bits");
    flags = packet[ip + 13] & 0xFF | (packet[ip + 12] & 1) << 8;
    window = b.getShort(ip + 14) & 0xFFFF;
    urgent = b.getShort(ip + 18) & 0xFFFF;
    options(b, ip + 20, ip + header);
    payload = Arrays.copyOfRange(packet, ip + header, packet.length);
  }

  private void options(ByteBuffer b, int from, int to) {
    int i = from;
    while (i < to) {
      int kind = b.get(i) & 0xFF;
      if (kind == 0) {
        for (int k = i; k < to; k++) {
          assertEquals(0, b.get(k), "padding (MUST-69)");
        }
        return;
      }
      if (kind == 1) {
        i++;
        continue;
      }
      int length = b.get(i + 1);
      assertTrue(length >= 2 && i + length <= to, "option length (MUST-68)");
      switch (kind) {
        case 2 -> {
          mss = b.getShort(i + 2) & 0xFFFF;
          assertTrue((flags & Seg.SYN) != 0, "MSS without SYN (MUST-65)");
        }
        case 3 -> scale = b.get(i + 2);
        case 4 -> sackPermitted = true;
        case 5 -> {
          sack = new int[(length - 2) / 4];
          for (int k = 0; k < sack.length; k++) {
            sack[k] = b.getInt(i + 2 + 4 * k);
          }
        }
        case 8 -> {
          hasTimestamp = true;
          tsVal = b.getInt(i + 2);
          tsEcr = b.getInt(i + 6);
        }
        case 34 -> fastOpen(b, i + 2, length - 2);
        case 254 -> {
          assertEquals((short) 0xF989, b.getShort(i + 2), "which experiment (RFC 6994)");
          fastOpen(b, i + 4, length - 4);
          fastOpenExperimental = true;
        }
        case 172, 174 -> {
          assertTrue((flags & (Seg.SYN | Seg.ACK)) != Seg.SYN, "AccECN option on a SYN");
          markedBytes = new int[1 + (length - 2) / 3];
          markedBytes[0] = kind;
          for (int k = 1; k < markedBytes.length; k++) {
            markedBytes[k] = b.getInt(i - 2 + 3 * k) & 0xFF_FFFF; // the byte before, and three
          }
        }
        case 28 -> userTimeout = b.getShort(i + 2) & 0xFFFF;
        default -> throw new AssertionError("option kind " + kind);
      }
      i += length;
    }
  }

  private void fastOpen(ByteBuffer b, int at, int bytes) {
    assertTrue((flags & Seg.SYN) != 0, "Fast Open without SYN");
    assertFalse(hasFastOpen, "Fast Open twice");
    hasFastOpen = true;
    cookie = new byte[bytes];
    b.get(at, cookie);
    fastOpen = bytes == 8 ? b.getLong(at) : 0;
  }

  private static int sum(byte[] b, int from, int length, int initial) {
    int s = initial;
    for (int i = 0; i < length; i++) {
      s += (b[from + i] & 0xFF) << ((i & 1) == 0 ? 8 : 0);
    }
    while (s >>> 16 != 0) {
      s = (s & 0xFFFF) + (s >>> 16);
    }
    return s;
  }

  boolean has(int flag) {
    return (flags & flag) == flag;
  }

  int seqLength() {
    return payload.length + (has(Seg.SYN) ? 1 : 0) + (has(Seg.FIN) ? 1 : 0);
  }

  Sent seq(int expected) {
    assertEquals(expected, seq, () -> "SEQ of " + this);
    return this;
  }

  Sent ack(int expected) {
    assertTrue(has(Seg.ACK), () -> "ACK of " + this);
    assertEquals(expected, ack, () -> "ACK of " + this);
    return this;
  }

  Sent length(int expected) {
    assertEquals(expected, payload.length, () -> "payload of " + this);
    return this;
  }

  Sent window(int expected) {
    assertEquals(expected, window, () -> "window of " + this);
    return this;
  }

  Sent ecn(int expected) {
    assertEquals(expected, ecn, () -> "ECN field of " + this);
    return this;
  }

  /** The AccECN option: its kind, then its counters; nothing: none. */
  Sent markedBytes(int... expected) {
    assertArrayEquals(expected, markedBytes, () -> "AccECN option of " + this);
    return this;
  }

  Sent urgent(int expected) {
    assertTrue(has(Seg.URG), () -> "URG of " + this);
    assertEquals(expected, urgent, () -> "urgent pointer of " + this);
    return this;
  }

  Sent absolute(int expectedSeq, int expectedAck) {
    assertEquals(expectedSeq, seqAbsolute, () -> "absolute SEQ of " + this);
    assertEquals(expectedAck, ackAbsolute, () -> "absolute ACK of " + this);
    return this;
  }

  @Override
  public String toString() {
    return "<SEQ="
        + seq
        + "><ACK="
        + (has(Seg.ACK) ? ack : 0)
        + "><CTL="
        + Seg.name(flags)
        + "> "
        + payload.length
        + " bytes, window "
        + window;
  }
}
