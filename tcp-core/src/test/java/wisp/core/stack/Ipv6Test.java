package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.FIN;
import static wisp.core.stack.Seg.RST;
import static wisp.core.stack.Seg.SYN;
import static wisp.core.stack.Seg.mss;
import static wisp.core.stack.Seg.sackPermitted;
import static wisp.core.stack.Seg.scale;
import static wisp.core.stack.Seg.timestamp;
import static wisp.core.tcp.State.CLOSE_WAIT;
import static wisp.core.tcp.State.ESTABLISHED;
import static wisp.core.tcp.State.FIN_WAIT_2;
import static wisp.core.tcp.State.TIME_WAIT;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;
import wisp.core.ip.IpAddress;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.BlockPool;
import wisp.core.spi.Footprint;
import wisp.core.stack.Raw.Extension;
import wisp.core.tcp.State;

@DisplayName("RFC 8200: TCP over IPv6, and what IPv6 lets through")
class Ipv6Test {
  private static final IpAddress HOST = TcpFixture.HOST_IPV6;
  private static final IpAddress PEER = TcpFixture.PEER_IPV6;
  private static final IpAddress ALL_NODES = IpAddress.parse("ff02::1");

  private static class Deaf implements ConnectionHandler {
    @Override
    public void onData(Context c, long connection, MemorySegment m, long offset, int length) {}
  }

  private static TcpFixture.Setup ipv6() {
    return TcpFixture.with().ipv6();
  }

  private static TcpFixture feed(TcpFixture tcp, byte[]... packets) {
    Collections.addAll(tcp.host.link.incoming, packets);
    tcp.host.poll();
    return tcp;
  }

  private static void isDropped(TcpFixture tcp, Event reason, byte[] packet) {
    long before = tcp.counted(reason);
    long drops = tcp.context.counters().drops();
    feed(tcp, packet);
    assertEquals(before + 1, tcp.counted(reason), reason.toString());
    assertEquals(drops + 1, tcp.context.counters().drops(), "counted once");
    assertTrue(tcp.out.isEmpty() && tcp.host.others.isEmpty(), () -> reason + " was answered");
  }

  private static byte[] fromTo(byte[] segment, IpAddress from, IpAddress to) {
    byte[] b = segment.clone();
    ByteBuffer.wrap(b)
        .putLong(8, from.high())
        .putLong(16, from.low())
        .putLong(24, to.high())
        .putLong(32, to.low());
    TcpFixture.sign(b);
    return b;
  }

  // ---- A connection
  // ------------------------------------------------------------------------------

  @Test
  @Tag("rfc8504-a")
  void givenAListener_whenAPeerConnects_thenDataAndFinGoBothWays() {
    var tcp = ipv6().listening();
    tcp.receives(Seg.flags(SYN).seq(0).options(mss(1_440)));
    Sent synAck = tcp.sends(SYN | ACK);
    assertEquals(1_440, synAck.mss, "MTU of 1,500 less 40 and 20");
    assertEquals(HOST, synAck.source);
    assertEquals(PEER, synAck.destination);
    tcp.receives(Seg.ack()).isIn(ESTABLISHED);
    assertTrue(Context.isIpv6(tcp.connection));
    tcp.receives(Seg.data(1_440), Seg.data(1_440)).delivered(2_880);
    tcp.sends(ACK).ack(2_881);
    tcp.send(4_000);
    tcp.sends(ACK).length(1_440);
    tcp.sends(ACK).length(1_440);
    tcp.receives(Seg.ack());
    tcp.sends(ACK).length(1_120);
    tcp.receives(Seg.ack());
    tcp.receives(Seg.fin()).isIn(CLOSE_WAIT);
    tcp.sends(ACK).ack(2_882);
    tcp.shutdown();
    tcp.sends(FIN | ACK);
    tcp.receives(Seg.ack()).isGone();
    tcp.allReturns();
  }

  @Test
  @Tag("rfc8504-a")
  void givenAConnect_whenThePeerAnswers_thenDataAndFinGoBothWays() {
    var tcp = ipv6().actively().synSent();
    assertEquals(PEER, tcp.context.remote(tcp.connection).address());
    assertEquals(HOST, tcp.context.local(tcp.connection).address());
    tcp.receives(Seg.flags(SYN | ACK).seq(0).options(mss(1_440)));
    tcp.sends(ACK);
    tcp.isIn(ESTABLISHED).send(100);
    tcp.sends(ACK).length(100);
    tcp.receives(Seg.ack(), Seg.data(10)).delivered(10).sends(ACK).ack(11);
    tcp.close();
    tcp.sends(FIN | ACK);
    tcp.receives(Seg.ack()).isIn(FIN_WAIT_2);
    tcp.receives(Seg.fin()).isIn(TIME_WAIT);
    tcp.sends(ACK);
    tcp.receives(Seg.fin().seq(11));
    tcp.sends(ACK);
    tcp.advance(61_000).isGone();
    tcp.allReturns();
  }

  @Test
  @DisplayName("RFC 9293 §3.7.1 (MUST-15): without an MSS option 1,220")
  @Tag("MUST-15")
  void givenNoMss_whenWeSend_then1220() {
    var tcp = ipv6().options().established();
    tcp.send(1_500);
    tcp.sends(ACK).length(1_220);
  }

  @Test
  void givenNobodyListens_whenASegmentComes_thenReset() {
    var tcp = ipv6().closed();
    tcp.receives(Seg.syn());
    tcp.sends(RST | ACK).seq(-tcp.iss).ack(1);
    tcp.receives(Seg.ack().ack(5_000));
    tcp.sends(RST);
    tcp.receives(Seg.rst()).sendsNothing();
  }

  @Test
  @Tag("MUST-3")
  void givenAWrongChecksum_whenItArrives_thenDropped() {
    var tcp = ipv6().listening();
    byte[] b = tcp.packet(Seg.syn());
    b[56] ^= 1;
    isDropped(tcp, Event.DROP_TCP_CHECKSUM, b);
    byte[] moved = tcp.packet(Seg.syn()); // the pseudo-header counts
    moved[23] ^= 1;
    isDropped(tcp, Event.DROP_TCP_CHECKSUM, moved);
    isDropped(tcp, Event.DROP_IP_LENGTH, Arrays.copyOf(tcp.packet(Seg.syn()), 39));
    isDropped(tcp, Event.DROP_IP_LENGTH, Arrays.copyOf(tcp.packet(Seg.syn()), 60));
  }

  @Test
  void givenPaddingBehindThePayload_whenItArrives_thenItIsNoData() {
    var tcp = ipv6().established();
    feed(tcp, Arrays.copyOf(tcp.packet(Seg.data(3)), 100)).delivered(3);
  }

  @Test
  @Tag("rfc2474-a")
  @Tag("MUST-48")
  @Tag("MUST-49")
  void givenAProfile_whenSegmentsLeave_thenAllHaveItsHopLimitAndClass() {
    var profile = new ConnectionProfile(true, 900_000_000_000L, 17, 46);
    for (boolean isIpv6 : new boolean[] {false, true}) {
      for (boolean active : new boolean[] {false, true}) {
        var tcp = TcpFixture.with().ipv6(isIpv6).profile(profile);
        var all = new ArrayList<Sent>();
        TcpFixture f;
        if (active) {
          f = tcp.actively().closed();
          f.connect();
          all.addAll(f.sent());
          f.receives(Seg.synAck());
        } else {
          f = tcp.listening();
          f.receives(Seg.syn());
          all.addAll(f.sent());
          f.receives(Seg.ack());
        }
        f.isIn(ESTABLISHED).send(100).advance(1_500); // sent and resent
        f.receives(Seg.ack(), Seg.data(10)).advance(100);
        f.close();
        all.addAll(f.sent());
        f.receives(Seg.ack(), Seg.fin());
        all.addAll(f.sent());
        assertTrue(all.size() >= 6, all::toString);
        assertTrue(all.stream().anyMatch(s -> s.has(FIN)));
        assertTrue(all.stream().filter(s -> s.payload.length == 100).count() >= 2);
        for (Sent s : all) {
          assertEquals(46, s.dscp, s::toString);
          assertEquals(17, s.ttl, s::toString);
        }
      }
    }
  }

  @Test
  @Tag("rfc2474-b")
  @DisplayName(
      "RFC 9293 §3.9.2: the class of one connection changes, that of its neighbour does not")
  @Tag("SHLD-21")
  void givenAConnection_whenItsClassIsChanged_thenItsNextSegmentsHaveIt() {
    for (boolean isIpv6 : new boolean[] {false, true}) {
      var tcp = TcpFixture.with().ipv6(isIpv6).established();
      var neighbour = tcp.another(6_000).handshake();
      tcp.sent().clear();
      assertTrue(tcp.context.changeDscp(tcp.connection, 34));
      tcp.send(100);
      assertEquals(34, tcp.sent().getLast().dscp);
      tcp.receives(Seg.ack()).advance(30_000); // asleep
      tcp.receives(Seg.data(10)).advance(100);
      assertEquals(34, tcp.sent().getLast().dscp, "after sleep");
      neighbour.send(10);
      assertEquals(0, neighbour.sent().getLast().dscp);
      tcp.context.abort(tcp.connection);
      tcp.advance(1);
      assertEquals(34, tcp.sent().getLast().dscp, "of its RST");
      var next = tcp.another(6_001).handshake();
      next.send(10);
      assertEquals(0, next.sent().getLast().dscp, "of who comes after");
      assertFalse(tcp.context.changeDscp(tcp.connection, 1), "a stale handle");
    }
  }

  @Test
  @Tag("rfc2474-c")
  void givenAChangingClass_whenSegmentsArrive_thenTheConnectionDoesNotMind() {
    for (boolean isIpv6 : new boolean[] {false, true}) {
      var tcp = TcpFixture.with().ipv6(isIpv6).established();
      for (int dscp = 0; dscp < 64; dscp++) {
        byte[] b = tcp.packet(Seg.data(10));
        if (isIpv6) {
          ByteBuffer.wrap(b).putShort(0, (short) (0x6000 | dscp << 6));
        } else {
          b[1] = (byte) (dscp << 2);
          TcpFixture.sign(b);
        }
        feed(tcp, b);
      }
      tcp.delivered(640).isIn(ESTABLISHED);
      assertTrue(tcp.sent().stream().noneMatch(s -> s.has(RST)));
    }
  }

  // ---- Flow labels
  // -------------------------------------------------------------------------------

  @ParameterizedTest
  @Tag("rfc6437-a")
  @ValueSource(booleans = {false, true})
  void givenAConnection_whenSegmentsLeave_thenTheirLabelIsNotZeroAndTheSame(boolean active) {
    var tcp = ipv6().actively(active).options(mss(1_440), timestamp(1, 0)).closed();
    var all = new ArrayList<Sent>();
    if (active) {
      tcp.connect();
      all.addAll(tcp.sent());
      tcp.receives(Seg.synAck());
    } else {
      tcp.listen().receives(Seg.syn());
      all.addAll(tcp.sent());
      tcp.receives(Seg.ack());
    }
    tcp.send(5_000).advance(1_500);
    tcp.receives(Seg.ack(), Seg.data(10)).advance(100);
    tcp.abort();
    all.addAll(tcp.sent());
    assertTrue(all.size() >= 6 && all.getLast().has(RST), all::toString);
    for (Sent s : all) {
      assertNotEquals(0, s.flowLabel);
      assertEquals(all.getFirst().flowLabel, s.flowLabel, s::toString);
    }
  }

  @Test
  @Tag("rfc6437-b")
  void givenManyConnections_whenTheirLabelsAreCompared_thenTheyDifferAndDontCount() {
    var tcp = ipv6().listening();
    var labels = new ArrayList<Integer>();
    for (int port = 10_000; port < 10_500; port++) {
      var other = tcp.another(port);
      other.receives(Seg.syn());
      labels.add(other.sends(SYN | ACK).flowLabel);
    }
    assertTrue(new HashSet<>(labels).size() > 495, "20 bits: few may meet");
    var steps = new HashSet<Integer>();
    for (int i = 1; i < labels.size(); i++) {
      steps.add(labels.get(i) - labels.get(i - 1));
    }
    assertTrue(steps.size() > 480, "from one to the next");
    long high = labels.stream().filter(l -> l >= 1 << 19).count();
    assertTrue(high > 150 && high < 350, "all bits are in use");
  }

  // ---- Extension headers
  // ---------------------------------------------------------------------------

  private static final Extension PAD_N = Extension.of(Raw.DESTINATION, 0, 1, 4, 0, 0, 0, 0);

  private static Extension option(int header, int type) {
    return Extension.of(header, 0, type, 4, 1, 2, 3, 4);
  }

  private static List<Extension[]> harmless() {
    Extension hop = Extension.of(Raw.HOP_BY_HOP, 0, 1, 4, 0, 0, 0, 0);
    Extension pads = Extension.of(Raw.HOP_BY_HOP, 0, 0, 0, 0, 0, 0, 0);
    Extension routing =
        Extension.of(
            Raw.ROUTING,
            2,
            4,
            0,
            0,
            0,
            0,
            0,
            1,
            2,
            3,
            4,
            5,
            6,
            7,
            8,
            9,
            10,
            11,
            12,
            13,
            14,
            15,
            16);
    return List.of(
        new Extension[] {hop},
        new Extension[] {pads},
        new Extension[] {PAD_N},
        new Extension[] {routing},
        new Extension[] {option(Raw.DESTINATION, 0x1E)},
        new Extension[] {hop, PAD_N, routing, PAD_N},
        new Extension[] {Extension.fragment(0, false, 7)},
        new Extension[] {hop, Extension.fragment(0, false, 7), PAD_N});
  }

  @Test
  void givenHeadersThatWeMayPass_whenTheyComeBeforeTcp_thenTheSegmentIsDelivered() {
    for (Extension[] extensions : harmless()) {
      var tcp = ipv6().listening();
      feed(tcp, Raw.extend(tcp.packet(Seg.syn()), extensions));
      tcp.sends(SYN | ACK);
      feed(tcp, Raw.extend(tcp.packet(Seg.ack()), extensions)).isIn(ESTABLISHED);
      byte[] one = Raw.extend(tcp.packet(Seg.data(100)), extensions);
      byte[] two = tcp.packet(Seg.data(100)); // a burst: the glance ahead sees both
      feed(tcp, one, two).delivered(200);
      assertEquals(0, tcp.context.counters().drops());
    }
  }

  @Test
  @DisplayName(
      "A port-like pattern in an extension header brings no segment to the wrong connection")
  void givenExtensionHeadersThatLookLikePorts_whenInABurst_thenTheRightConnectionGetsIt() {
    var tcp = ipv6().established();
    var other = tcp.another(6_000).handshake();
    int port = 5_000;
    var fake = Extension.of(Raw.DESTINATION, 0, 0x1E, 4, port >>> 8, port, 0, TcpFixture.SERVICE);
    feed(
        tcp,
        Raw.extend(other.packet(Seg.data(50)), fake),
        Raw.extend(other.packet(Seg.data(50)), fake));
    other.delivered(100);
    tcp.delivered(0);
  }

  /** type, unicast answered, multicast answered. */
  @ParameterizedTest
  @Tag("rfc8200-b")
  @Tag("rfc4443-c")
  @CsvSource({"0x3E, pass", "0x7E, silent", "0xBE, always", "0xFE, unicast"})
  void givenAnUnknownOption_whenItsTopBitsSpeak_thenTheyAreObeyed(String text, String what) {
    int type = Integer.decode(text);
    for (int header : new int[] {Raw.HOP_BY_HOP, Raw.DESTINATION}) {
      for (boolean multicast : new boolean[] {false, true}) {
        var tcp = ipv6().listening();
        byte[] inner =
            multicast ? Raw.icmp(PEER, ALL_NODES, 128, 0, 1, new byte[8]) : tcp.packet(Seg.syn());
        byte[] b = Raw.extend(inner, option(header, type));
        feed(tcp, b);
        String where = text + " in " + header + (multicast ? " to a group" : "");
        if (what.equals("pass")) {
          assertEquals(multicast ? 0 : 1, tcp.out.size(), where);
          assertTrue(tcp.host.others.isEmpty(), where);
          continue;
        }
        assertTrue(tcp.out.isEmpty(), where);
        assertEquals(1, tcp.counted(Event.DROP_IP_EXTENSION), where);
        boolean answered = what.equals("always") || (what.equals("unicast") && !multicast);
        assertEquals(answered ? 1 : 0, tcp.host.others.size(), where);
        if (answered) {
          problem(tcp.host.others.remove(), b, 2, 42);
        }
      }
    }
  }

  private static void problem(byte[] error, byte[] about, int code, int pointer) {
    assertEquals(Raw.ICMPV6, error[6]);
    assertEquals(HOST, Raw.source(error));
    assertEquals(PEER, Raw.destination(error));
    assertTrue(Raw.icmpChecksumOk(error));
    assertEquals(4, error[40]);
    assertEquals(code, error[41]);
    assertEquals(pointer, ByteBuffer.wrap(error).getInt(44));
    assertArrayEquals(
        Arrays.copyOf(about, Math.min(about.length, 1_280 - 48)),
        Arrays.copyOfRange(error, 48, error.length));
  }

  @Test
  @Tag("rfc8200-a")
  void givenAnUnknownNextHeader_whenItArrives_thenParameterProblemPointsAtIt() {
    var tcp = ipv6().listening();
    for (int next : new int[] {143, 253, 47}) {
      byte[] b = Raw.ipv6(next, PEER, HOST, Raw.bytes(30, 1));
      feed(tcp, b);
      problem(tcp.host.others.remove(), b, 1, 6);
      byte[] extended = Raw.extend(b, PAD_N, PAD_N);
      feed(tcp, extended);
      problem(tcp.host.others.remove(), extended, 1, 48);
    }
    byte[] late =
        Raw.extend(tcp.packet(Seg.syn()), PAD_N, Extension.of(Raw.HOP_BY_HOP, 0, 1, 4, 0, 0, 0, 0));
    feed(tcp, late);
    problem(tcp.host.others.remove(), late, 1, 40);
    isDropped(tcp, Event.DROP_IP_PROTOCOL, Raw.ipv6(Raw.NOTHING, PEER, HOST, new byte[9]));
  }

  @Test
  void givenARouteThatGoesOn_whenItArrives_thenParameterProblem() {
    var tcp = ipv6().listening();
    byte[] b = Raw.extend(tcp.packet(Seg.syn()), Extension.of(Raw.ROUTING, 0, 9, 1, 0, 0, 0, 0));
    feed(tcp, b);
    problem(tcp.host.others.remove(), b, 0, 42);
    tcp.sendsNothing();
  }

  @Test
  @DisplayName(
      "Whatever the packet before was, a refused extension header is read in its own packet")
  void givenALongPacketBefore_whenAShortOneIsRefused_thenItsOwnBytesCount() {
    var tcp = ipv6().listening();
    byte[] longEcho = Raw.icmp(PEER, HOST, 128, 0, 1, new byte[1_200]);
    byte[] longError = Raw.icmp(PEER, HOST, 3, 0, 0, new byte[1_200]);
    byte[] refused =
        Raw.extend(Raw.ipv6(Raw.NOTHING, PEER, HOST, new byte[0]), option(Raw.DESTINATION, 0x81));
    for (byte[] before : List.of(longEcho, longError)) {
      feed(tcp, before);
      tcp.host.others.clear();
      feed(tcp, refused);
      problem(tcp.host.others.remove(), refused, 2, 42);
    }
    assertEquals(List.of(), tcp.host.failures);
  }

  @Test
  @DisplayName(
      "RFC 4443 §2.4 e.1: no error about an error, even if its extension headers are wrong")
  void givenAnErrorWithAnUnknownOption_whenItArrives_thenSilence() {
    var tcp = ipv6().listening();
    byte[] error = Raw.icmp(PEER, HOST, 1, 0, 0, tcp.packet(Seg.syn()));
    isDropped(tcp, Event.DROP_IP_EXTENSION, Raw.extend(error, option(Raw.DESTINATION, 0x81)));
    isDropped(
        tcp, Event.DROP_IP_EXTENSION, Raw.extend(error, PAD_N, option(Raw.DESTINATION, 0xC1)));
    byte[] piece = Raw.fragments(error, 40, 9).getFirst();
    feed(tcp, piece).advance(61_000);
    assertTrue(tcp.host.others.isEmpty());
  }

  // ---- Fragments
  // -----------------------------------------------------------------------------------

  @Test
  @Tag("rfc7112-b")
  void givenASegmentInFragments_whenTheyComeInAnyOrder_thenItIsDelivered() {
    int[][] orders = {{0, 1, 2, 3}, {3, 2, 1, 0}, {2, 0, 3, 1}, {1, 3, 0, 2}};
    for (int[] order : orders) {
      var tcp = ipv6().established();
      var pieces = Raw.fragments(tcp.packet(Seg.data(1_000)), 256, 77);
      assertEquals(4, pieces.size());
      for (int i : order) {
        feed(tcp, pieces.get(i));
      }
      tcp.delivered(1_000);
      assertEquals(0, tcp.blocksInUse());
      byte[] wrong = tcp.packet(Seg.data(1_000).corrupt());
      Raw.fragments(wrong, 256, 78).forEach(p -> feed(tcp, p));
      assertEquals(1, tcp.counted(Event.DROP_TCP_CHECKSUM), "checked after the parts are joined");
    }
  }

  @Test
  @Tag("rfc8200-c")
  void givenWrongLengths_whenFragmentsArrive_thenParameterProblem() {
    var tcp = ipv6().listening();
    byte[] odd =
        Raw.extend(Raw.ipv6(Raw.UDP, PEER, HOST, new byte[100]), Extension.fragment(0, true, 5));
    feed(tcp, odd);
    problem(tcp.host.others.remove(), odd, 0, 4);
    byte[] far =
        Raw.extend(
            Raw.ipv6(Raw.UDP, PEER, HOST, new byte[104]), Extension.fragment(65_440, true, 6));
    feed(tcp, far);
    problem(tcp.host.others.remove(), far, 0, 42);
    assertEquals(0, tcp.blocksInUse());
  }

  @Test
  @Tag("rfc8200-d")
  void givenOverlappingFragments_whenTheRestComes_thenNothingIsDeliveredOrSaid() {
    var tcp = ipv6().established();
    byte[] segment = tcp.packet(Seg.data(1_000));
    var pieces = Raw.fragments(segment, 512, 5);
    byte[] middle = Arrays.copyOf(segment, 40 + 512);
    System.arraycopy(segment, 40 + 256, middle, 40, 512);
    feed(tcp, pieces.get(0), Raw.extend(middle, Extension.fragment(256, true, 5)));
    feed(tcp, pieces.get(1)).advance(1_000).delivered(0).sendsNothing();
    assertTrue(tcp.host.others.isEmpty());
  }

  @ParameterizedTest
  @Tag("rfc8200-d")
  @ValueSource(booleans = {true, false})
  void givenAFragmentMissing_whenSixtySecondsHavePassed_thenTimeExceededIfTheFirstCame(
      boolean first) {
    var tcp = ipv6().listening();
    var pieces = Raw.fragments(Raw.ipv6(Raw.UDP, PEER, HOST, Raw.bytes(1_000, 3)), 512, 5);
    feed(tcp, pieces.get(first ? 0 : 1)).advance(59_999);
    assertTrue(tcp.host.others.isEmpty());
    tcp.advance(2);
    assertEquals(first ? 1 : 0, tcp.host.others.size());
    if (first) {
      byte[] error = tcp.host.others.remove();
      assertEquals(3, error[40]);
      assertEquals(1, error[41]);
      assertTrue(Raw.icmpChecksumOk(error));
      assertArrayEquals(pieces.getFirst(), Arrays.copyOfRange(error, 48, error.length));
    }
    assertEquals(0, tcp.blocksInUse());
  }

  @Test
  @Tag("rfc6946-a")
  void givenAnAtomicFragment_whenOthersWithItsNumberWait_thenItIsDeliveredAndTheyTooLater() {
    var tcp = ipv6().established();
    var pieces = Raw.fragments(tcp.packet(Seg.data(1_000)), 512, 5);
    feed(tcp, pieces.getFirst());
    byte[] atomic = Raw.extend(tcp.packet(Seg.data(10)), Extension.fragment(0, false, 5));
    feed(tcp, atomic).delivered(0);
    assertEquals(10, tcp.number(t -> t.held.isEmpty() ? 0 : 10), "it is held beyond the hole");
    feed(tcp, pieces.get(1)).delivered(1_010);
  }

  @Test
  @Tag("rfc7112-a")
  void givenAFirstFragmentWithoutAllHeaders_whenItArrives_thenDropped() {
    var tcp = ipv6().established();
    byte[] segment = Raw.extend(tcp.packet(Seg.data(200)), PAD_N);
    for (int most : new int[] {8, 16, 24}) {
      var pieces = Raw.fragments(segment, most, most);
      long before = tcp.counted(Event.DROP_IP_FRAGMENT);
      pieces.forEach(p -> feed(tcp, p));
      assertEquals(before + 1, tcp.counted(Event.DROP_IP_FRAGMENT));
      byte[] error = tcp.host.others.remove();
      assertEquals(4, error[40]);
      assertEquals(3, error[41]);
      assertEquals(0, ByteBuffer.wrap(error).getInt(44));
      tcp.delivered(0);
    }
    Raw.fragments(segment, 32, 99).forEach(p -> feed(tcp, p));
    tcp.delivered(200);
  }

  // ---- Addresses
  // -----------------------------------------------------------------------------------

  @Test
  @Tag("MUST-57")
  @Tag("MUST-63")
  void givenAddressesThatCantBe_whenTheyArrive_thenDropped() {
    var tcp =
        TcpFixture.with()
            .config(ContextConfig.of(IpPrefix.of(HOST), IpPrefix.parse("10.0.0.1")))
            .ipv6Only()
            .listening();
    byte[] syn = tcp.packet(Seg.syn());
    for (String source :
        new String[] {"::", "::1", "ff02::1", "ff0e::5", "::ffff:10.0.0.2", "2001:db8::1"}) {
      isDropped(tcp, Event.DROP_IP_SOURCE, fromTo(syn, IpAddress.parse(source), HOST));
    }
    for (String to : new String[] {"::", "::1", "2001:db8::3", "ff02::2", "::ffff:10.0.0.1"}) {
      isDropped(tcp, Event.DROP_IP_DESTINATION, fromTo(syn, PEER, IpAddress.parse(to)));
    }
    isDropped(tcp, Event.DROP_IP_DESTINATION, fromTo(syn, PEER, ALL_NODES));
    assertEquals(0, tcp.context.connections());
  }

  @Test
  void givenAnIpv4OnlyContext_whenIpv6Arrives_thenDroppedAndNothingReserved() {
    var v4 = TcpFixture.listening();
    var before = new Footprint();
    v4.context.footprint(before);
    byte[] syn = ipv6().listening().packet(Seg.syn());
    isDropped(v4, Event.DROP_IP_DESTINATION, syn);
    isDropped(
        v4,
        Event.DROP_IP_EXTENSION,
        Raw.extend(
            Raw.icmp(PEER, ALL_NODES, 128, 0, 1, new byte[8]), option(Raw.DESTINATION, 0x81)));
    var after = new Footprint();
    v4.context.footprint(after);
    for (Footprint.Kind kind : Footprint.Kind.values()) {
      assertEquals(before.reservedBytes(kind), after.reservedBytes(kind), kind.toString());
    }
    assertEquals(
        Context.NO_ROUTE,
        v4.context.connect(
            null, Endpoint.of("2001:db8::2", 7), ConnectionProfile.DEFAULT, new Deaf()));
  }

  /** Both families in one context; the fixture speaks IPv6, IPv4 is fed by hand. */
  private static TcpFixture dual() {
    return TcpFixture.with()
        .config(ContextConfig.of(IpPrefix.of(HOST), IpPrefix.parse("10.0.0.1")))
        .ipv6Only()
        .closed();
  }

  private static byte[] ipv4Syn(int port) {
    byte[] b = TcpFixture.listening().another(port).packet(Seg.syn());
    return b;
  }

  @Test
  void givenAListenerForAny_whenBothFamiliesConnect_thenBothAreAccepted() {
    var tcp = dual().listen();
    tcp.receives(Seg.syn()).sends(SYN | ACK);
    feed(tcp, ipv4Syn(5_000));
    byte[] synAck = tcp.host.others.remove();
    assertEquals(0x45, synAck[0]);
    assertEquals(0x12, synAck[33]);
    assertEquals(2, tcp.context.connections());
  }

  @Test
  void givenAListenerForAnyIpv4_whenBothFamiliesConnect_thenIpv4Only() {
    var tcp = dual();
    tcp.context.listen(
        new Endpoint(Endpoint.ANY_IPV4, TcpFixture.SERVICE), ConnectionProfile.DEFAULT, new Deaf());
    tcp.receives(Seg.syn()).sends(RST | ACK);
    feed(tcp, ipv4Syn(5_000));
    assertEquals(0x12, tcp.host.others.remove()[33]);
  }

  @Test
  void givenThreeListenersOfOnePort_whenSynsCome_thenTheNearestAccepts() {
    for (int order = 0; order < 3; order++) {
      var tcp = dual();
      var accepted = new ArrayList<String>();
      String[] names = {"::", "0.0.0.0", "10.0.0.1"};
      for (int i = 0; i < 3; i++) {
        String name = names[(i + order) % 3];
        tcp.context.listen(
            new Endpoint(IpAddress.parse(name), TcpFixture.SERVICE),
            ConnectionProfile.DEFAULT,
            new Deaf() {
              @Override
              public void onOpen(Context c, long connection) {
                accepted.add(name);
              }
            });
      }
      feed(tcp, ipv4Syn(5_000));
      feed(tcp, ackOf(tcp.host.others.remove()));
      tcp.receives(Seg.syn()).sends(SYN | ACK);
      tcp.receives(Seg.ack());
      assertTrue(tcp.context.unlisten(Endpoint.of("10.0.0.1", TcpFixture.SERVICE)));
      feed(tcp, ipv4Syn(5_001));
      feed(tcp, ackOf(tcp.host.others.remove()));
      assertEquals(List.of("10.0.0.1", "::", "0.0.0.0"), accepted);
    }
  }

  /** The third packet of a handshake, of either family, from the second. */
  private static byte[] ackOf(byte[] synAck) {
    boolean ipv6 = synAck[0] >>> 4 == 6;
    int ip = ipv6 ? 40 : 20;
    ByteBuffer in = ByteBuffer.wrap(synAck);
    byte[] tcp = new byte[20];
    ByteBuffer out = ByteBuffer.wrap(tcp);
    out.putShort(0, in.getShort(ip + 2)).putShort(2, in.getShort(ip));
    out.putInt(4, in.getInt(ip + 8)).putInt(8, in.getInt(ip + 4) + 1);
    out.put(12, (byte) 0x50).put(13, (byte) ACK).putShort(14, (short) 65_535);
    byte[] b = Raw.ip(Raw.TCP, Raw.destination(synAck), Raw.source(synAck), tcp);
    TcpFixture.sign(b);
    return b;
  }

  @Test
  void givenConnects_whenLocalAndRemoteDifferInFamily_thenNoRoute() {
    var tcp = dual();
    var handler = new Deaf();
    String[][] refused = {
      {"10.0.0.1", "2001:db8::2"},
      {"2001:db8::1", "10.0.0.2"},
      {"0.0.0.0", "2001:db8::2"},
      {"::", "ff02::1"},
      {"::", "::"},
      {"::", "0.0.0.0"},
      {"::", "::1"},
      {"2001:db8::9", "2001:db8::2"}
    };
    for (String[] pair : refused) {
      assertEquals(
          Context.NO_ROUTE,
          tcp.context.connect(
              Endpoint.of(pair[0], 0),
              Endpoint.of(pair[1], 80),
              ConnectionProfile.DEFAULT,
              handler),
          Arrays.toString(pair));
    }
    for (String[] pair :
        new String[][] {{"::", "10.0.0.2"}, {"0.0.0.0", "10.0.0.2"}, {"::", "2001:db8::2"}}) {
      long c =
          tcp.context.connect(
              Endpoint.of(pair[0], 0),
              Endpoint.of(pair[1], 80),
              ConnectionProfile.DEFAULT,
              handler);
      assertTrue(c >= 0);
      assertEquals(pair[1].indexOf(':') >= 0, Context.isIpv6(c));
    }
  }

  @Test
  void givenBothFamilies_whenConnectionsGetTheSamePlace_thenTheyDontClash() {
    var tcp = dual().listen();
    tcp.context.listen(
        Endpoint.of("10.0.0.1", TcpFixture.SERVICE), ConnectionProfile.DEFAULT, new Deaf());
    tcp.handshake();
    feed(tcp, ipv4Syn(5_000));
    byte[] synAck = tcp.host.others.remove();
    feed(tcp, ackOf(synAck));
    assertEquals(2, tcp.counted(Event.ACCEPTED));
    assertEquals(0, Context.slot(tcp.connection));
    tcp.receives(Seg.data(100)).delivered(100).sends(ACK).ack(101);
    tcp.send(100);
    tcp.sends(ACK).length(100).ack(101);
    tcp.receives(Seg.ack());
    tcp.abort();
    tcp.sends(RST | ACK);
    assertEquals(1, tcp.context.connections());
    tcp.allReturns();
  }

  @Test
  void givenALinkLocalPeer_whenAZoneIsNamed_thenItMustBeTheContextsLink() {
    var tcp =
        TcpFixture.with()
            .config(ContextConfig.of(IpPrefix.parse("fe80::9"), IpPrefix.of(HOST)))
            .ipv6Only()
            .closed();
    var handler = new Deaf();
    long c =
        tcp.context.connect(
            null, Endpoint.of("fe80::1%test", 80), ConnectionProfile.DEFAULT, handler);
    assertTrue(c >= 0);
    assertEquals("fe80::9", tcp.context.local(c).address().toString());
    assertEquals("[fe80::1]:80", tcp.context.remote(c).toString());
    for (String zone : new String[] {"eth0", "tes", "est", "x:test"}) {
      assertThrows(
          IllegalArgumentException.class,
          () ->
              tcp.context.connect(
                  null, Endpoint.of("fe80::1%" + zone, 80), ConnectionProfile.DEFAULT, handler));
    }
    tcp.context.listen(Endpoint.of("fe80::9%test", 7), ConnectionProfile.DEFAULT, handler);
    assertThrows(
        IllegalStateException.class,
        () -> tcp.context.listen(Endpoint.of("fe80::9", 7), ConnectionProfile.DEFAULT, handler));
    assertTrue(tcp.context.unlisten(Endpoint.of("fe80::9", 7)));
  }

  @Test
  @Tag("rfc6724-c")
  @Tag("MUST-45")
  void givenAConnection_whenABetterAddressComes_thenItKeepsItsOwn() {
    var tcp = ipv6().actively().established();
    var own = tcp.host.machinery().network.own;
    own.add(IpPrefix.parse("2001:db8::3"));
    own.deprecate(IpPrefix.of(HOST));
    tcp.send(100);
    assertEquals(HOST, tcp.sends(ACK).source);
    tcp.advance(1_500);
    assertEquals(HOST, tcp.sends(ACK).source);
    long c =
        tcp.context.connect(null, new Endpoint(PEER, 99), ConnectionProfile.DEFAULT, new Deaf());
    assertEquals("2001:db8::3", tcp.context.local(c).address().toString());
  }

  // ---- Many
  // ------------------------------------------------------------------------------------------

  @Test
  void givenAThousandPortsOfOneAddress_whenTheyConnect_thenEachIsItsOwn() {
    var tcp = ipv6().listening();
    var all = new ArrayList<TcpFixture>();
    for (int port = 10_000; port < 11_000; port++) {
      all.add(tcp.another(port));
      all.getLast().handshake();
    }
    assertEquals(1_000, tcp.context.connections());
    for (int i = 0; i < 1_000; i += 7) {
      all.get(i).receives(Seg.data(i + 1)).delivered(i + 1);
    }
    var footprint = new Footprint();
    tcp.context.footprint(footprint);
    assertEquals(1_000 * 36, footprint.inUseBytes(Footprint.Kind.RECORDS));
    assertEquals(0, footprint.inUseBytes(Footprint.Kind.BLOCKS));
    tcp.allReturns();
  }

  @Test
  void givenAThousandAddresses_whenTheyConnectFromOnePort_thenEachIsItsOwn() {
    var tcp = ipv6().listening();
    byte[] syn = tcp.packet(Seg.syn());
    for (int i = 0; i < 1_000; i++) {
      // alike in the low half, in the high half, and in what their halves XOR to
      long high = 0x2001_0DB8_0000_0000L | (i % 3 == 0 ? 0 : i);
      long low = i % 3 == 1 ? 5 : 0x1_0000L + i;
      tcp.host.link.incoming.add(fromTo(syn, new IpAddress(high, low), HOST));
    }
    while (!tcp.host.link.incoming.isEmpty()) {
      tcp.host.poll();
    }
    var synAcks = new ArrayList<>(tcp.host.others);
    tcp.host.others.clear();
    assertEquals(1_000, synAcks.size());
    assertEquals(1_000, synAcks.stream().map(Raw::destination).distinct().count());
    for (byte[] synAck : synAcks) {
      feed(tcp, ackOf(synAck));
    }
    assertEquals(1_000, tcp.counted(Event.ACCEPTED));
    assertEquals(1_000, tcp.context.connections());
    assertEquals(0, tcp.context.counters().drops());
    tcp.allReturns();
  }

  // ---- Sleep
  // -----------------------------------------------------------------------------------------

  private static TcpFixture asleep(TcpFixture tcp) {
    assertEquals(0, tcp.blocksInUse(), "it has a block");
    var other = tcp.another(9_999);
    other.receives(Seg.flags(SYN).seq(0).options(mss(1_440)));
    other.receives(Seg.rst().seq(1));
    assertTrue(tcp.is(t -> t.block == BlockPool.NONE));
    return tcp;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void givenOptionsAndNumbers_whenItSleepsAndWakes_thenTheyAreTheSame(boolean active) {
    byte[][] options = {mss(1_234), scale(9), sackPermitted(), timestamp(5_000, 0)};
    var tcp = ipv6().actively(active).options(options).established();
    tcp.receives(Seg.data(100)).send(50);
    tcp.sent();
    tcp.receives(Seg.ack());
    if (!active) {
      asleep(tcp);
    }
    assertEquals(9, tcp.number(t -> t.sndScale));
    assertEquals(5, tcp.number(t -> t.rcvScale));
    assertTrue(tcp.is(t -> t.windowScaling && t.sackPermitted && t.timestamps && t.isIpv6()));
    assertTrue(tcp.is(t -> t.passive != active));
    assertEquals(1_234, tcp.number(t -> t.peerMss));
    assertEquals(1_222, tcp.number(t -> t.effectiveMss()));
    assertEquals(tcp.iss + 51, tcp.number(t -> t.sndNxt));
    assertEquals(tcp.irs + 101, tcp.number(t -> t.rcvNxt));
    assertEquals(PEER, tcp.context.remote(tcp.connection).address());
    assertEquals(HOST, tcp.context.local(tcp.connection).address());
    tcp.send(10);
    assertTrue(tcp.sends(ACK).seq(51).ack(101).hasTimestamp);
  }

  @Test
  void givenTheOtherFlags_whenItSleepsAndWakes_thenTheyAreTheSame() {
    var shut = ipv6().receiveWindow(1_000).established().pause().receives(Seg.data(1_000));
    shut.advance(100).sends(ACK).window(0);
    assertTrue(asleep(shut).is(t -> t.paused && t.rcvAdv == t.rcvNxt));
    asleep(shut).resume();
    shut.sends(ACK).window(1_000);

    var owed = asleep(ipv6().established().receives(Seg.data(10)));
    assertTrue(owed.is(t -> t.ackOwed));
    owed.advance(50).sends(ACK).ack(11);

    var closed = ipv6().established().close();
    closed.receives(Seg.ack()).sent();
    assertTrue(asleep(closed).is(t -> t.applicationClosed));
    closed.receives(Seg.data(10)).sends(RST);

    var none = asleep(ipv6().options().established());
    assertTrue(none.is(t -> !t.windowScaling && !t.sackPermitted && !t.timestamps));
    assertEquals(1_220, none.number(t -> t.peerMss));
  }

  @ParameterizedTest
  @EnumSource(
      value = State.class,
      names = {"CLOSED", "LISTEN"},
      mode = EnumSource.Mode.EXCLUDE)
  void givenAnyState_whenTheContextCloses_thenEverythingReturns(State state) {
    var tcp = ipv6().in(state);
    assertFalse(tcp.context.connections() + tcp.context.timeWaits() == 0);
    tcp.allReturns();
  }

  @Test
  void givenTimeWait_whenANewSynComes_thenItReopens() {
    var tcp = ipv6().in(TIME_WAIT);
    tcp.receives(Seg.flags(SYN).seq(1_000_000).options(mss(1_440)));
    tcp.sends(SYN | ACK);
    assertEquals(0, tcp.context.timeWaits());
    assertEquals(1, tcp.context.connections());
  }
}
