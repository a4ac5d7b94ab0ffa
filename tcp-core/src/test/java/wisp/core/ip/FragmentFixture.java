package wisp.core.ip;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.Arrays;
import wisp.core.Counters;
import wisp.core.Counters.Event;
import wisp.core.memory.Blocks;
import wisp.core.spi.KeyedHash;
import wisp.core.spi.TestMemory;
import wisp.core.wire.Ipv4Header;

/** Builds fragments as they lie on the wire and hands them over as IP input does. */
final class FragmentFixture {
  static final int DESTINATION = 0x0A000001;
  static final int PROTOCOL = 17;
  private static final int PAD = 5;

  final TestMemory pool = new TestMemory();
  final Counters counters = new Counters();
  final int budgetBytes;
  final Fragments fragments;
  final Ipv4Header header = new Ipv4Header();
  long nowNanos = 1_000;

  // Of the next fragment.
  byte[] ipv4Options = {};
  int ecn;
  int protocol = PROTOCOL;
  int unfragmentableBytes;

  FragmentFixture() {
    this(1 << 20, Fragments.DEFAULT_DATAGRAMS);
  }

  FragmentFixture(int budgetBytes, int mostDatagrams) {
    this.budgetBytes = budgetBytes;
    fragments =
        new Fragments(
            Blocks.plain(pool.blocks()), new KeyedHash(1, 2), budgetBytes, mostDatagrams, counters);
  }

  /** An IPv4 fragment with the bytes [from, to) of a fragmentable part. */
  int ipv4(int source, int identification, byte[] whole, int from, int to, boolean more) {
    byte[] packet = ipv4Packet(source, identification, whole, from, to, more);
    MemorySegment m = padded(packet);
    assertTrue(header.wrap(m, PAD, packet.length) && header.checksumOk());
    return check(
        fragments.add(
            false,
            0,
            0xFFFF_0000_0000L | header.source() & 0xFFFF_FFFFL,
            0,
            0xFFFF_0000_0000L | header.destination() & 0xFFFF_FFFFL,
            header.protocol(),
            header.identification(),
            m,
            PAD,
            header.headerLength(),
            -1,
            header.payloadStart(),
            header.fragmentOffset(),
            header.payloadLength(),
            header.moreFragments(),
            header.ecn(),
            nowNanos));
  }

  byte[] ipv4Packet(int source, int identification, byte[] whole, int from, int to, boolean more) {
    int headerLength = 20 + ipv4Options.length;
    var b = ByteBuffer.allocate(headerLength + to - from);
    b.put((byte) (0x40 | headerLength / 4)).put((byte) (0x48 | ecn));
    b.putShort((short) b.capacity()).putShort((short) identification);
    b.putShort((short) (from / 8 | (more ? 0x2000 : 0)));
    b.put((byte) 63).put((byte) protocol).putShort((short) 0);
    b.putInt(source).putInt(DESTINATION).put(ipv4Options);
    b.putShort(10, (short) checksum(b.array(), headerLength));
    b.put(whole, from, to - from);
    return b.array();
  }

  /** The same datagram uncut. */
  byte[] ipv4Whole(int source, int identification, byte[] whole) {
    return ipv4Packet(source, identification, whole, 0, whole.length, false);
  }

  /** By the book, one word after the other (RFC 1071). */
  private static int checksum(byte[] bytes, int length) {
    int sum = 0;
    for (int i = 0; i < length; i += 2) {
      sum += (bytes[i] & 0xFF) << 8 | bytes[i + 1] & 0xFF;
    }
    while (sum > 0xFFFF) {
      sum = (sum & 0xFFFF) + (sum >>> 16);
    }
    return ~sum & 0xFFFF;
  }

  /** An IPv6 fragment with the bytes [from, to) of a fragmentable part. */
  int ipv6(long source, int identification, byte[] whole, int from, int to, boolean more) {
    byte[] packet = ipv6Packet(source, identification, whole, from, to, more);
    MemorySegment m = padded(packet);
    int headerLength = 40 + unfragmentableBytes;
    return check(
        fragments.add(
            true,
            0xFD00L << 48,
            source,
            0xFD00L << 48,
            DESTINATION,
            protocol,
            identification,
            m,
            PAD,
            headerLength,
            unfragmentableBytes == 0 ? 6 : 40,
            PAD + headerLength + 8,
            from,
            to - from,
            more,
            ecn,
            nowNanos));
  }

  byte[] ipv6Packet(long source, int identification, byte[] whole, int from, int to, boolean more) {
    var b = ByteBuffer.allocate(40 + unfragmentableBytes + 8 + to - from);
    ipv6Header(b, source, 44);
    b.put((byte) protocol).put((byte) 0).putShort((short) (from | (more ? 1 : 0)));
    b.putInt(identification).put(whole, from, to - from);
    return b.array();
  }

  /** The same datagram uncut. */
  byte[] ipv6Whole(long source, byte[] whole) {
    var b = ByteBuffer.allocate(40 + unfragmentableBytes + whole.length);
    ipv6Header(b, source, protocol);
    b.put(whole);
    return b.array();
  }

  private void ipv6Header(ByteBuffer b, long source, int next) {
    b.putInt(0x6_4_8_12345 | ecn << 20).putShort((short) (b.capacity() - 40));
    b.put((byte) (unfragmentableBytes == 0 ? next : 60)).put((byte) 62);
    b.putLong(0xFD00L << 48).putLong(source).putLong(0xFD00L << 48).putLong(DESTINATION);
    if (unfragmentableBytes > 0) {
      b.put((byte) next).put((byte) (unfragmentableBytes / 8 - 1));
      b.put((byte) 1).put((byte) (unfragmentableBytes - 4)); // PadN
      b.position(40 + unfragmentableBytes);
    }
  }

  private static MemorySegment padded(byte[] packet) {
    byte[] bytes = new byte[PAD + packet.length];
    System.arraycopy(packet, 0, bytes, PAD, packet.length);
    return MemorySegment.ofArray(bytes);
  }

  private int check(int result) {
    assertTrue(fragments.heldBytes() <= budgetBytes);
    return result;
  }

  /** The packet that {@link Fragments#COMPLETE} announced. */
  byte[] packet() {
    return fragments
        .memory()
        .asSlice(fragments.start(), fragments.length())
        .toArray(ValueLayout.JAVA_BYTE);
  }

  long count(Event event) {
    return counters.get(event);
  }

  void passes(long nanos) {
    nowNanos += nanos;
  }

  /** Ends a test: nothing may be left in the pool. */
  void close() {
    fragments.release();
    assertEquals(0, fragments.heldBytes());
    assertEquals(0, fragments.datagrams());
    pool.close();
  }

  /** Bytes that differ from place to place, and by {@code seed}. */
  static byte[] bytes(int length, int seed) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (i * 31 + (i >>> 8) * 7 + seed);
    }
    return bytes;
  }

  static byte[] changed(byte[] bytes, int at) {
    byte[] copy = Arrays.copyOf(bytes, bytes.length);
    copy[at] ^= 1;
    return copy;
  }
}
