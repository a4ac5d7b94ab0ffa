package wisp.core.stack;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.function.Consumer;
import wisp.core.Counters.Event;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.Burst;
import wisp.core.spi.Footprint;
import wisp.core.spi.QuietLink;
import wisp.core.spi.TestMemory;
import wisp.core.spi.TransmitPacket;

/**
 * Very many peers of one context, of which nothing is kept here: each is a number, from which its
 * address, port and ISN follow. They negotiate MSS, window scale, SACK and timestamps. Checksums
 * are trusted and nothing is allocated, so that a million of them take seconds.
 */
final class Crowd extends QuietLink {
  static final int SERVICE = 7;
  private static final int PORTS = 50_000;
  private static final int TS_VAL = 5_000;
  private static final byte[] SYN_OPTIONS =
      Seg.flags(0)
          .options(Seg.mss(1_460), Seg.sackPermitted(), Seg.timestamp(TS_VAL, 0), Seg.scale(7))
          .options;

  final TestMemory memory = new TestMemory();
  final Context context;
  private final boolean ipv6;
  private final int ip;
  private final byte[] incoming = new byte[200];
  private final MemorySegment in = MemorySegment.ofArray(incoming);
  private final ByteBuffer received = ByteBuffer.wrap(incoming);
  private final ByteBuffer answer = transmit.asByteBuffer();
  private int arriving;

  /** Packets sent by the context since the last one arrived, and what the last of them said. */
  int sent;

  int lastFlags;
  int lastSeq;
  int lastAck;
  int lastTsVal;
  long now = 1_000_000_000L;

  Crowd(boolean ipv6, Consumer<ContextConfig.Builder> change) {
    super(MemorySegment.ofArray(new byte[2_048]));
    this.ipv6 = ipv6;
    this.ip = ipv6 ? 40 : 20;
    IpPrefix own = IpPrefix.parse(ipv6 ? "2001:db8::1/128" : "10.0.0.1/32");
    context = new Context(ContextConfig.of(own).with(change), memory, this, () -> 4_711);
    context.poll(now);
  }

  static int irs(int peer) {
    return peer * 0x9E37_79B9;
  }

  /** A segment of a peer arrives in a burst of its own; the payload is zeros. */
  void receives(int peer, int flags, int seq, int ack, int tsEcr, int length) {
    boolean syn = (flags & Seg.SYN) != 0;
    int header = 20 + (syn ? SYN_OPTIONS.length + 3 & ~3 : 12);
    ByteBuffer p = received;
    if (ipv6) {
      p.putInt(0, 0x6000_0000).putShort(4, (short) (header + length)).put(6, (byte) 6);
      p.put(7, (byte) 64).putLong(8, 0x2001_0DB8_0000_0001L).putLong(16, peer / PORTS);
      p.putLong(24, TcpFixture.HOST_IPV6.high()).putLong(32, TcpFixture.HOST_IPV6.low());
    } else {
      p.putInt(0, 0x4500_0000 | ip + header + length).putInt(4, 0x4000).putInt(8, 0x4006_0000);
      p.putInt(12, 0x0B00_0000 + peer / PORTS).putInt(16, TcpFixture.HOST);
      p.putShort(10, (short) ~TcpFixture.sum(incoming, 0, 20, 0));
    }
    p.putShort(ip, (short) (1_024 + peer % PORTS)).putShort(ip + 2, (short) SERVICE);
    p.putInt(ip + 4, seq).putInt(ip + 8, ack).put(ip + 12, (byte) (header / 4 << 4));
    p.put(ip + 13, (byte) flags).putShort(ip + 14, (short) 60_000).putInt(ip + 16, 0);
    if (syn) {
      p.put(ip + 20, SYN_OPTIONS);
    } else {
      p.putInt(ip + 20, 0x0101_080A).putInt(ip + 24, TS_VAL).putInt(ip + 28, tsEcr);
    }
    Arrays.fill(incoming, ip + header, ip + header + length, (byte) 0);
    arriving = ip + header + length;
    sent = 0;
    context.poll(now);
  }

  /** A handshake, and both FINs, ours first (the handler closes): it ends in TIME-WAIT. */
  void opensAndIsClosed(int peer) {
    receives(peer, Seg.SYN, irs(peer), 0, 0, 0);
    int iss = lastSeq;
    int ts = lastTsVal;
    receives(peer, Seg.ACK, irs(peer) + 1, iss + 1, ts, 0);
    receives(peer, Seg.ACK | Seg.FIN, irs(peer) + 1, iss + 2, ts, 0);
  }

  long reservedBytes() {
    var footprint = new Footprint();
    context.footprint(footprint);
    return footprint.reservedBytes();
  }

  long counted(Event event) {
    return context.counters().get(event);
  }

  @Override
  public int receive(Burst burst) {
    if (arriving == 0) {
      return 0;
    }
    burst.add(in, 0, arriving, Burst.CHECKSUM_TRUSTED);
    arriving = 0;
    return 1;
  }

  @Override
  public void commit(TransmitPacket packet) {
    sent++;
    ByteBuffer p = answer;
    lastSeq = p.getInt(ip + 4);
    lastAck = p.getInt(ip + 8);
    lastFlags = p.get(ip + 13) & 0xFF;
    int header = (p.get(ip + 12) & 0xF0) >>> 2;
    for (int at = 20; at < header - 9; at++) {
      if (p.getShort(ip + at) == 0x080A) {
        lastTsVal = p.getInt(ip + at + 2);
        break;
      }
    }
  }
}
