package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.bytes;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import wisp.core.Counters.Event;
import wisp.core.ip.IpAddress;
import wisp.core.ip.IpPrefix;
import wisp.core.ip.NetworkConfig;
import wisp.core.ip.SourceRoute;
import wisp.core.spi.TestLink;
import wisp.core.spi.TestMemory;

@DisplayName("RFC 9293 §3.9.2.1, RFC 791: IPv4 source routes, for those who switch them on")
class SourceRouteTest {
  private static final int HOST = 0x0A00_0001;
  private static final int PEER = 0x0A00_0002;
  private static final int SYN = 2;
  private static final int ACK = 16;
  private static final int LOOSE = 131;
  private static final int STRICT = 137;

  private final TestMemory memory = new TestMemory();
  private final TestLink link = new TestLink(1_500);
  private long now = 1_000_000_000L;
  private Context context = context(true);
  private int peerSeq = 1_000;
  private int iss;

  private Context context(boolean on) {
    var config =
        ContextConfig.of(IpPrefix.parse("10.0.0.1/32"))
            .withNetwork(NetworkConfig.DEFAULT.withSourceRoutes(on));
    var made = new Context(config, memory, link, new SplittableRandom(1)::nextLong);
    made.poll(now);
    return made;
  }

  /** A handler that answers data with a frame of 3,000 bytes. */
  private static final class Answering implements ConnectionHandler {
    @Override
    public void onData(Context c, long connection, MemorySegment m, long offset, int length) {
      int frame = c.frame(3_000);
      c.memory(frame).asSlice(c.start(frame), 3_000).fill((byte) 7);
      assertTrue(c.send(connection, frame));
      c.release(frame);
    }
  }

  private void listens() {
    context.listen(Endpoint.any(7), ConnectionProfile.NO_DELAY, new Answering());
  }

  // ---- Packets ---------------------------------------------------------------------------------

  private static IpAddress hop(int n) {
    return IpAddress.ofIpv4(0x0A00_0100 + n);
  }

  /** A route that was completed: all hops have been passed. */
  private static byte[] completed(int type, int... hops) {
    byte[] option = option(type, hops);
    option[2] = (byte) (option[1] + 1);
    return option;
  }

  private static byte[] option(int type, int... hops) {
    byte[] b = new byte[3 + 4 * hops.length];
    b[0] = (byte) type;
    b[1] = (byte) b.length;
    b[2] = 4;
    for (int i = 0; i < hops.length; i++) {
      ByteBuffer.wrap(b).putInt(3 + 4 * i, 0x0A00_0100 + hops[i]);
    }
    return b;
  }

  private void receives(int flags, int payload, byte[] option) {
    int header = 20 + (option.length + 3 & ~3);
    byte[] b = new byte[header + 20 + payload];
    ByteBuffer p = ByteBuffer.wrap(b);
    p.put(0, (byte) (0x40 | header / 4)).putShort(2, (short) b.length).put(8, (byte) 64);
    p.put(9, (byte) 6).putInt(12, PEER).putInt(16, HOST).put(20, option);
    p.putShort(header, (short) 5_000).putShort(header + 2, (short) 7).putInt(header + 4, peerSeq);
    p.putInt(header + 8, (flags & ACK) != 0 ? iss : 0);
    p.put(header + 12, (byte) 0x50).put(header + 13, (byte) flags);
    p.putShort(header + 14, (short) 60_000);
    p.putShort(10, (short) ~TcpFixture.sum(b, 0, header, 0));
    int pseudo = TcpFixture.sum(b, 12, 8, 6 + b.length - header);
    p.putShort(header + 16, (short) ~TcpFixture.sum(b, header, b.length - header, pseudo));
    peerSeq += payload + ((flags & SYN) != 0 ? 1 : 0);
    link.incoming.add(b);
    context.poll(now);
  }

  /** Takes the next packet, whose checksums must be right, TCP's over the real destination. */
  private byte[] sends(int destination, byte[] option) {
    byte[] b = link.outgoing.remove();
    ByteBuffer p = ByteBuffer.wrap(b);
    int header = (b[0] & 15) * 4;
    assertEquals(destination, p.getInt(16), () -> Integer.toHexString(p.getInt(16)));
    assertEquals(0xFFFF, TcpFixture.sum(b, 0, header, 0), "IP checksum");
    assertEquals(b.length, p.getShort(2) & 0xFFFF);
    byte[] options = Arrays.copyOfRange(b, 20, header);
    byte[] expected = new byte[option.length == 0 ? 0 : option.length + 1];
    if (option.length > 0) {
      expected[0] = 1;
      System.arraycopy(option, 0, expected, 1, option.length);
    }
    assertArrayEquals(expected, options, () -> Arrays.toString(options));
    byte[] real = b.clone();
    if (option.length > 0) {
      System.arraycopy(b, header - 4, real, 16, 4);
    }
    int pseudo = TcpFixture.sum(real, 12, 8, 6 + b.length - header);
    assertEquals(0xFFFF, TcpFixture.sum(b, header, b.length - header, pseudo), "TCP checksum");
    iss = (b[header + 13] & SYN) != 0 ? p.getInt(header + 4) + 1 : iss;
    return b;
  }

  /** An option with these hops, then the peer. */
  private static byte[] toPeer(int type, int... hops) {
    byte[] b = option(type, Arrays.copyOf(hops, hops.length + 1));
    ByteBuffer.wrap(b).putInt(b.length - 4, PEER);
    return b;
  }

  // ---- Tests -----------------------------------------------------------------------------------

  @Test
  @Tag("MUST-51")
  void givenARoute_whenWeOpen_thenTheSynAndAllThatFollowsGoAlongIt() {
    var route = SourceRoute.loose(hop(1), hop(2), hop(3));
    long c =
        context.connect(
            null,
            new Endpoint(IpAddress.ofIpv4(PEER), 5_000),
            route,
            ConnectionProfile.DEFAULT,
            new Answering());
    assertTrue(c >= 0);
    context.poll(now); // what is called between polls counts from here
    sends(0x0A00_0101, toPeer(LOOSE, 2, 3));
    now += 1_100_000_000L;
    context.poll(now);
    sends(0x0A00_0101, toPeer(LOOSE, 2, 3));
    context.abort(c);
  }

  @Test
  @Tag("MUST-51")
  void givenAStrictRouteOfNineHops_whenWeOpen_thenTheHeaderIsFull() {
    IpAddress[] hops = new IpAddress[9];
    Arrays.setAll(hops, i -> hop(i + 1));
    context.connect(
        null,
        new Endpoint(IpAddress.ofIpv4(PEER), 5_000),
        SourceRoute.strict(hops),
        ConnectionProfile.DEFAULT,
        new Answering());
    byte[] syn = sends(0x0A00_0101, toPeer(STRICT, 2, 3, 4, 5, 6, 7, 8, 9));
    assertEquals(60, (syn[0] & 15) * 4);
  }

  @Test
  @Tag("MUST-53")
  @Tag("MUST-16")
  void givenARouteThatEndsHere_whenThePeerOpens_thenAllGoesBackAlongItAndFits() {
    listens();
    receives(SYN, 0, completed(LOOSE, 1, 2));
    sends(0x0A00_0102, toPeer(LOOSE, 1));
    now += 1_100_000_000L;
    context.poll(now);
    sends(0x0A00_0102, toPeer(LOOSE, 1)); // the copy of the SYN-ACK, too
    receives(ACK, 0, bytes());
    receives(ACK, 10, bytes());
    byte[] data = sends(0x0A00_0102, toPeer(LOOSE, 1));
    assertEquals(576, data.length);
  }

  @Test
  @Tag("SHLD-24")
  void givenADifferentRouteLater_whenItsSegmentIsTheNextOne_thenItReplacesTheFirst() {
    listens();
    receives(SYN, 0, completed(LOOSE, 1, 2));
    sends(0x0A00_0102, toPeer(LOOSE, 1));
    receives(ACK, 0, completed(LOOSE, 1, 2));
    receives(ACK, 10, completed(STRICT, 5));
    sends(0x0A00_0105, toPeer(STRICT));
  }

  @Test
  void givenADifferentRouteOnASegmentOutOfPlace_whenItArrives_thenTheFirstStays() {
    listens();
    receives(SYN, 0, completed(LOOSE, 1, 2));
    sends(0x0A00_0102, toPeer(LOOSE, 1));
    receives(ACK, 0, bytes());
    peerSeq += 100;
    receives(ACK, 10, completed(LOOSE, 6));
    sends(0x0A00_0102, toPeer(LOOSE, 1));
  }

  @Test
  @Tag("MUST-52")
  void givenARouteOfOurs_whenAnotherIsReceived_thenOursStays() {
    context.connect(
        new Endpoint(IpAddress.ofIpv4(HOST), 7),
        new Endpoint(IpAddress.ofIpv4(PEER), 5_000),
        SourceRoute.loose(hop(1)),
        ConnectionProfile.NO_DELAY,
        new Answering());
    sends(0x0A00_0101, toPeer(LOOSE));
    receives(SYN | ACK, 0, completed(LOOSE, 8));
    sends(0x0A00_0101, toPeer(LOOSE));
    receives(ACK, 10, completed(LOOSE, 8));
    sends(0x0A00_0101, toPeer(LOOSE));
  }

  @Test
  @DisplayName(
      "threats 1.14: off by default, and then a received route is skipped and changes nothing")
  void givenTheUsualConfiguration_whenARouteIsReceived_thenItIsNotFollowed() {
    context = context(false);
    listens();
    receives(SYN, 0, completed(LOOSE, 1, 2));
    sends(PEER, bytes());
    assertThrows(
        IllegalStateException.class,
        () ->
            context.connect(
                null,
                new Endpoint(IpAddress.ofIpv4(PEER), 9),
                SourceRoute.loose(hop(1)),
                ConnectionProfile.DEFAULT,
                new Answering()));
  }

  @Test
  void givenARouteThatLeadsOnOrIsMalformed_whenReceived_thenThePacketIsDropped() {
    listens();
    receives(SYN, 0, option(LOOSE, 1, 2));
    receives(SYN, 0, bytes(LOOSE, 3, 4, 0));
    receives(SYN, 0, bytes(LOOSE, 6, 9, 1, 2, 3, 0, 0));
    assertTrue(link.outgoing.isEmpty());
    assertEquals(3, context.counters().get(Event.DROP_IP_SOURCE_ROUTE));
  }

  @Test
  void givenTheConnectionEnds_whenTheNextTakesItsSlot_thenThatHasNoRoute() {
    listens();
    receives(SYN, 0, completed(LOOSE, 1));
    sends(0x0A00_0101, toPeer(LOOSE));
    receives(4, 0, bytes());
    iss = 0;
    receives(SYN, 0, bytes());
    sends(PEER, bytes());
  }

  @Test
  void givenHopsThatCanNotBe_whenMade_thenRefused() {
    assertThrows(IllegalArgumentException.class, SourceRoute::loose);
    assertThrows(IllegalArgumentException.class, () -> SourceRoute.loose(IpAddress.parse("::1")));
    assertThrows(
        IllegalArgumentException.class, () -> SourceRoute.loose(IpAddress.parse("224.0.0.1")));
  }
}
