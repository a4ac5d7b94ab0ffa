package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.tcp.State.CLOSED;
import static wisp.core.tcp.State.ESTABLISHED;
import static wisp.core.tcp.State.SYN_RECEIVED;
import static wisp.core.tcp.State.SYN_SENT;
import static wisp.core.tcp.State.TIME_WAIT;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;
import wisp.core.ip.IpAddress;
import wisp.core.ip.NetworkConfig;
import wisp.core.tcp.State;

@DisplayName("RFC 792, RFC 4443, RFC 1122 §3.2.2: ICMP of both families, and what errors do to TCP")
class IcmpTest {
  private static TcpFixture.Setup family(boolean ipv6) {
    return TcpFixture.with().ipv6(ipv6);
  }

  private static TcpFixture feed(TcpFixture tcp, byte[]... packets) {
    Collections.addAll(tcp.host.link.incoming, packets);
    while (!tcp.host.link.incoming.isEmpty()) {
      tcp.host.poll();
    }
    return tcp;
  }

  private static IpAddress router(boolean ipv6) {
    return IpAddress.parse(ipv6 ? "2001:db8:9::1" : "10.9.9.9");
  }

  /** An error of a router's about a packet that was sent, as much quoted as usual. */
  static byte[] error(TcpFixture tcp, int type, int code, int word, byte[] about) {
    boolean ipv6 = about[0] >>> 4 == 6;
    byte[] quoted = Arrays.copyOf(about, Math.min(about.length, ipv6 ? 1_232 : 28));
    return Raw.icmp(router(ipv6), tcp.own(), type, code, word, quoted);
  }

  // ---- Echo
  // ----------------------------------------------------------------------------------------

  private static byte[] echoRequest(TcpFixture tcp, int bytes) {
    boolean ipv6 = !tcp.own().isIpv4();
    return Raw.icmp(tcp.peer(), tcp.own(), ipv6 ? 128 : 8, 0, 0x1234_0007, Raw.bytes(bytes, 5));
  }

  /** Puts the pieces of a reply together, each checked for its size. */
  private static byte[] joined(List<byte[]> pieces, int mtu) {
    boolean ipv6 = pieces.getFirst()[0] >>> 4 == 6;
    byte[] whole = new byte[70_000];
    int end = 0;
    for (byte[] piece : pieces) {
      assertTrue(piece.length <= mtu);
      ByteBuffer p = ByteBuffer.wrap(piece);
      assertEquals(ipv6 ? Raw.FRAGMENT : 1, piece[ipv6 ? 6 : 9]);
      int offset = ipv6 ? p.getShort(42) & 0xFFF8 : (p.getShort(6) & 0x1FFF) * 8;
      boolean more = ipv6 ? (p.getShort(42) & 1) != 0 : (p.getShort(6) & 0x2000) != 0;
      assertEquals(0, ipv6 ? 0 : p.getShort(6) & 0x4000, "no DF on a fragment");
      int from = ipv6 ? 48 : 20;
      int length = piece.length - from;
      assertTrue(!more || length % 8 == 0);
      assertEquals(end, offset, "in order");
      System.arraycopy(piece, from, whole, offset, length);
      end = offset + length;
      assertEquals(piece == pieces.getLast(), !more);
    }
    byte[] first = pieces.getFirst();
    return Raw.ip(
        ipv6 ? Raw.ICMPV6 : Raw.ICMP,
        Raw.source(first),
        Raw.destination(first),
        Arrays.copyOf(whole, end));
  }

  private static void isReply(TcpFixture tcp, byte[] request, byte[] reply) {
    int ip = tcp.ipHeader();
    assertEquals(tcp.own(), Raw.source(reply));
    assertEquals(tcp.peer(), Raw.destination(reply));
    assertTrue(Raw.icmpChecksumOk(reply));
    assertEquals(ip == 40 ? 129 : 0, reply[ip] & 0xFF);
    assertEquals(0, reply[ip + 1]);
    assertArrayEquals(
        Arrays.copyOfRange(request, ip + 4, request.length),
        Arrays.copyOfRange(reply, ip + 4, reply.length));
  }

  @ParameterizedTest
  @Tag("rfc792-a")
  @Tag("rfc4443-a")
  @CsvSource({"false, 0", "false, 1", "false, 1472", "true, 0", "true, 1", "true, 1452"})
  void givenAnEchoRequest_whenItFits_thenItsReplyIsTheSameBytesInOnePacket(
      boolean ipv6, int bytes) {
    var tcp = family(ipv6).listening();
    byte[] request = echoRequest(tcp, bytes);
    feed(tcp, request);
    isReply(tcp, request, tcp.host.others.remove());
    assertTrue(tcp.host.others.isEmpty());
  }

  @ParameterizedTest
  @Tag("rfc792-a")
  @Tag("rfc4443-a")
  @Tag("rfc791-d")
  @CsvSource({
    "false, 1473", "false, 3000", "false, 60000", "false, 65507",
    "true, 1453", "true, 3000", "true, 60000", "true, 65519"
  })
  void givenAnEchoRequestInFragments_whenWhole_thenItsReplyGoesInFragments(
      boolean ipv6, int bytes) {
    var tcp = family(ipv6).listening();
    byte[] request = echoRequest(tcp, bytes);
    var pieces = Raw.fragments(request, 1_448, 3);
    Collections.reverse(pieces);
    feed(tcp, pieces.toArray(byte[][]::new));
    isReply(tcp, request, joined(List.copyOf(tcp.host.others), 1_500));
    assertEquals(1, tcp.counted(Event.ECHO_REPLIES));
    assertEquals(0, tcp.blocksInUse());
  }

  @ParameterizedTest(name = "IPv6: {0}")
  @ValueSource(booleans = {false, true})
  void givenNoMemoryForFragments_whenTheyCome_thenTheyAreDropped(boolean ipv6) {
    var setup = family(ipv6);
    setup.config = setup.config.withNetwork(NetworkConfig.DEFAULT.withFragments(0, 1));
    var tcp = setup.listening();
    feed(tcp, Raw.fragments(echoRequest(tcp, 3_000), 1_448, 3).toArray(byte[][]::new));
    assertTrue(tcp.host.others.isEmpty());
    assertEquals(0, tcp.counted(Event.ECHO_REPLIES));
    assertEquals(0, tcp.blocksInUse());
  }

  @Test
  @Tag("rfc6864-a")
  @Tag("rfc6864-b")
  @Tag("rfc6864-c")
  void givenFragmentsAndWholePackets_whenTheyLeave_thenOnlyFragmentsCountIdentifications() {
    var tcp = TcpFixture.established();
    byte[][] request = Raw.fragments(echoRequest(tcp, 2_000), 1_448, 3).toArray(byte[][]::new);
    int before = -1;
    for (int i = 0; i < 300; i++) {
      feed(tcp, request);
      byte[] one = tcp.host.others.remove();
      byte[] two = tcp.host.others.remove();
      int id = ByteBuffer.wrap(one).getShort(4) & 0xFFFF;
      assertEquals(id, ByteBuffer.wrap(two).getShort(4) & 0xFFFF, "of one datagram");
      assertTrue(before < 0 || id == (before + 1 & 0xFFFF), "the next: none comes again in 65,536");
      before = id;
      feed(tcp, echoRequest(tcp, 100));
      byte[] whole = tcp.host.others.remove();
      assertEquals(0, ByteBuffer.wrap(whole).getShort(6), "a router may cut it");
      before = before + 1 & 0xFFFF;
      assertEquals(before, ByteBuffer.wrap(whole).getShort(4) & 0xFFFF, "so it counts too");
    }
    for (int i = 0; i < 5; i++) { // nor is that of what arrives with DF
      tcp.receives(Seg.data(10));
    }
    tcp.delivered(50);
    tcp.sent().clear();
    tcp.send(3_000);
    for (Sent segment : tcp.sent()) { // DF, which the parser asserts
      assertEquals(0, ByteBuffer.wrap(segment.packet).getShort(4));
    }
  }

  @Test
  @Tag("rfc4443-d")
  void givenAWrongChecksum_whenItArrives_thenSilence() {
    var tcp = family(true).listening();
    byte[] echo = echoRequest(tcp, 20);
    for (int at : new int[] {23, 40, 41, 42, 44, 67}) { // an address counts too
      byte[] wrong = echo.clone();
      wrong[at] ^= 4;
      feed(tcp, wrong);
    }
    for (int n = 0; n < 8; n++) {
      feed(tcp, Raw.ipv6(Raw.ICMPV6, tcp.peer(), tcp.own(), Arrays.copyOfRange(echo, 40, 40 + n)));
    }
    assertTrue(tcp.host.others.isEmpty());
    assertEquals(14, tcp.counted(Event.DROP_ICMP));
  }

  @Test
  void givenEchoToAGroup_whenItArrives_thenSilence() {
    var tcp = family(true).listening();
    feed(tcp, Raw.icmp(tcp.peer(), IpAddress.parse("ff02::1"), 128, 0, 7, new byte[8]));
    assertTrue(tcp.host.others.isEmpty());
  }

  // ---- Errors that we send
  // -------------------------------------------------------------------------

  private static byte[] udp(TcpFixture tcp, int bytes) {
    byte[] datagram = Raw.bytes(bytes, 9);
    ByteBuffer.wrap(datagram).putShort(4, (short) bytes).putShort(6, (short) 0);
    byte[] packet = Raw.ip(Raw.UDP, tcp.peer(), tcp.own(), datagram);
    int ip = tcp.ipHeader();
    int pseudo = TcpFixture.sum(packet, ip == 40 ? 8 : 12, ip == 40 ? 32 : 8, Raw.UDP + bytes);
    int sum = ~TcpFixture.sum(packet, ip, bytes, pseudo) & 0xFFFF;
    ByteBuffer.wrap(packet).putShort(ip + 6, (short) (sum == 0 ? 0xFFFF : sum));
    return packet;
  }

  @ParameterizedTest
  @Tag("rfc4443-b")
  @Tag("rfc792-d")
  @CsvSource({
    "false, 8, 1500, 56",
    "false, 520, 1500, 568",
    "false, 528, 1500, 576",
    "false, 1480, 1500, 576",
    "false, 380, 400, 400",
    "false, 48, 68, 68",
    "true, 8, 1500, 96",
    "true, 1192, 1500, 1280",
    "true, 1193, 1500, 1280",
    "true, 1460, 1500, 1280"
  })
  void givenADatagramForNobody_whenItArrives_thenTheErrorQuotesWhatFits(
      boolean ipv6, int bytes, int mtu, int expected) {
    var tcp = family(ipv6).mtu(mtu).closed();
    byte[] datagram = udp(tcp, bytes);
    feed(tcp, datagram);
    byte[] error = tcp.host.others.remove();
    int ip = tcp.ipHeader();
    assertEquals(expected, error.length);
    assertEquals(ipv6 ? 1 : 3, error[ip]);
    assertEquals(ipv6 ? 4 : 3, error[ip + 1]);
    assertTrue(Raw.icmpChecksumOk(error));
    assertArrayEquals(
        Arrays.copyOf(datagram, error.length - ip - 8),
        Arrays.copyOfRange(error, ip + 8, error.length));
  }

  @Test
  @Tag("rfc4443-c")
  void givenWhatWentToAGroup_whenNobodyWantsIt_thenSilence() {
    var tcp = family(true).listening();
    IpAddress group = IpAddress.parse("ff02::1");
    feed(tcp, Raw.ipv6(Raw.UDP, tcp.peer(), group, new byte[20]));
    feed(tcp, Raw.ipv6(253, tcp.peer(), group, new byte[20]));
    feed(tcp, Raw.ipv6(Raw.UDP, IpAddress.parse("::"), group, new byte[20]));
    var routing = Raw.Extension.of(Raw.ROUTING, 0, 9, 1, 0, 0, 0, 0);
    feed(tcp, Raw.extend(Raw.ipv6(Raw.UDP, tcp.peer(), group, new byte[20]), routing));
    feed(tcp, Raw.fragments(Raw.ipv6(Raw.UDP, tcp.peer(), group, new byte[90]), 48, 1).getFirst());
    tcp.advance(61_000);
    assertTrue(tcp.host.others.isEmpty());
  }

  @ParameterizedTest
  @Tag("rfc792-b")
  @Tag("rfc792-c")
  @ValueSource(booleans = {false, true})
  void givenErrorsAndUnknownTypes_whenTheyArrive_thenSilence(boolean ipv6) {
    var tcp = family(ipv6).listening();
    for (int type = 0; type < 256; type++) {
      if (type != (ipv6 ? 128 : 8)) {
        feed(tcp, Raw.icmp(tcp.peer(), tcp.own(), type, 0, 0, udp(tcp, 40)));
      }
    }
    assertTrue(tcp.host.others.isEmpty());
    assertEquals(0, tcp.counted(Event.ICMP_ERRORS_SENT));
  }

  @ParameterizedTest
  @Tag("rfc1812-a")
  @Tag("rfc1812-b")
  @Tag("rfc6633-b")
  @ValueSource(booleans = {false, true})
  void givenAFlood_whenErrorsWouldFollow_thenTheyAreLimitedAndEchoIsNot(boolean ipv6) {
    var tcp = family(ipv6).listening();
    byte[] datagram = udp(tcp, 20);
    for (int i = 0; i < 5_000; i++) {
      feed(tcp, datagram);
    }
    int errors = tcp.host.others.size();
    assertTrue(errors > 0 && errors <= 1_000, "in one moment: " + errors);
    for (byte[] e : tcp.host.others) {
      assertEquals(ipv6 ? 1 : 3, e[tcp.ipHeader()], "unreachable, never source quench");
    }
    tcp.host.others.clear();
    byte[] request = echoRequest(tcp, 50);
    for (int i = 0; i < 2_000; i++) {
      feed(tcp, request);
      isReply(tcp, request, tcp.host.others.remove());
    }
    tcp.advance(1_001);
    feed(tcp, datagram);
    assertEquals(1, tcp.host.others.size(), "a second later there are errors again");
  }

  @Test
  @DisplayName("RFC 1812 §4.3.2.8, RFC 4443 §2.4f: who counts errors can't tell what others got")
  void givenFloods_whenSecondsPass_thenTheLimitChangesAndIsNeverAboveAThousand() {
    var tcp = TcpFixture.listening();
    byte[][] datagrams = new byte[1_100][];
    Arrays.fill(datagrams, udp(tcp, 20));
    var limits = new HashSet<Integer>();
    for (int second = 0; second < 8; second++) {
      feed(tcp, datagrams);
      int errors = tcp.host.others.size();
      assertTrue(errors > 700 && errors <= 1_000, "in one second: " + errors);
      limits.add(errors);
      tcp.host.others.clear();
      tcp.advance(1_000);
    }
    assertTrue(limits.size() > 4, limits::toString);
  }

  @ParameterizedTest
  @Tag("rfc1122-ip-c")
  @ValueSource(booleans = {true, false})
  void givenAnIpv4FragmentMissing_whenTimeIsOver_thenTimeExceededIfTheFirstCame(boolean first) {
    var tcp = TcpFixture.listening();
    var pieces = Raw.fragments(udp(tcp, 1_000), 512, 5);
    feed(tcp, pieces.get(first ? 0 : 1)).advance(59_999);
    assertTrue(tcp.host.others.isEmpty());
    tcp.advance(60_002);
    assertEquals(first ? 1 : 0, tcp.host.others.size());
    if (first) {
      byte[] error = tcp.host.others.remove();
      assertEquals(11, error[20]);
      assertEquals(1, error[21]);
      assertArrayEquals(pieces.getFirst(), Arrays.copyOfRange(error, 28, error.length));
    }
    assertEquals(0, tcp.blocksInUse());
  }

  @Test
  @Tag("rfc1122-ip-d")
  void givenADatagramOf576_whenItComesInFragments_thenItIsPutTogetherAndTheTtlCanBeSet() {
    var profile = new ConnectionProfile(true, 900_000_000_000L, 99, 0);
    var tcp = TcpFixture.with().profile(profile).established();
    Raw.fragments(tcp.packet(Seg.data(536)), 64, 5).forEach(p -> feed(tcp, p));
    tcp.delivered(536).advance(100);
    assertEquals(99, tcp.sends(ACK).ttl);
  }

  @Test
  @Tag("rfc1122-ip-a")
  @Tag("rfc1122-ip-b")
  void givenPacketsForOthersOrFromNobody_whenTheyArrive_thenSilence() {
    for (boolean ipv6 : new boolean[] {false, true}) {
      var tcp = family(ipv6).listening();
      String[] sources =
          ipv6
              ? new String[] {"ff02::1", "::1", "::"}
              : new String[] {"224.0.0.1", "255.255.255.255", "127.0.0.1", "0.0.0.0", "240.0.0.1"};
      for (String source : sources) {
        feed(tcp, Raw.ip(Raw.UDP, IpAddress.parse(source), tcp.own(), new byte[20]));
      }
      assertEquals(sources.length, tcp.counted(Event.DROP_IP_SOURCE));
      IpAddress other = IpAddress.parse(ipv6 ? "2001:db8::77" : "10.0.0.77");
      feed(tcp, Raw.ip(Raw.UDP, tcp.peer(), other, new byte[20]));
      assertEquals(1, tcp.counted(Event.DROP_IP_DESTINATION));
      assertTrue(tcp.host.others.isEmpty());
    }
  }

  // ---- Errors about TCP
  // ----------------------------------------------------------------------------

  private static final int[][] HARD_IPV4 = {
    {3, 2}, {3, 3}, {3, 6}, {3, 7}, {3, 9}, {3, 10}, {3, 13}
  };
  private static final int[][] SOFT_IPV4 = {
    {3, 0}, {3, 1}, {3, 5}, {3, 11}, {3, 12}, {11, 0}, {11, 1}, {12, 0}
  };
  private static final int[][] HARD_IPV6 = {{1, 1}, {1, 4}, {1, 5}, {1, 6}};
  private static final int[][] SOFT_IPV6 = {{1, 0}, {1, 3}, {3, 0}, {3, 1}, {4, 0}, {4, 1}, {4, 2}};

  @ParameterizedTest
  @Tag("rfc5461-a")
  @ValueSource(booleans = {false, true})
  @Tag("MUST-54")
  @Tag("MUST-47")
  @Tag("MUST-56")
  @Tag("SHLD-25")
  @Tag("D38")
  void givenSynSent_whenAnErrorComes_thenAHardOneEndsItAndASoftOneIsToldOnly(boolean ipv6) {
    for (int[] hard : ipv6 ? HARD_IPV6 : HARD_IPV4) {
      var tcp = family(ipv6).actively().closed().connect();
      Sent syn = tcp.sends(Seg.SYN);
      feed(tcp, error(tcp, hard[0], hard[1], 0, syn.packet)).isIn(CLOSED);
      assertEquals(new CloseReason.Unreachable(hard[0], hard[1]), tcp.reason);
      tcp.heard("closed Unreachable").sendsNothing();
      tcp.allReturns();
    }
    for (int[] soft : ipv6 ? SOFT_IPV6 : SOFT_IPV4) {
      var tcp = family(ipv6).actively().closed().connect();
      Sent syn = tcp.sends(Seg.SYN);
      feed(tcp, error(tcp, soft[0], soft[1], 0, syn.packet)).isIn(SYN_SENT);
      tcp.heard("unreachable " + soft[0] + "/" + soft[1]).advance(1_001).sends(Seg.SYN);
      tcp.receives(Seg.synAck()).isIn(ESTABLISHED);
    }
  }

  @ParameterizedTest
  @Tag("rfc5927-b")
  @Tag("rfc5461-b")
  @ValueSource(booleans = {false, true})
  @Tag("MUST-54")
  @Tag("MUST-47")
  @Tag("MUST-56")
  @Tag("SHLD-25")
  @Tag("D38")
  void givenAConnectionThatHasBegun_whenAnyErrorComes_thenItLivesAndIsTold(boolean ipv6) {
    for (int[][] kind :
        ipv6 ? new int[][][] {HARD_IPV6, SOFT_IPV6} : new int[][][] {HARD_IPV4, SOFT_IPV4}) {
      for (int[] e : kind) {
        var tcp = family(ipv6).established().send(100);
        Sent data = tcp.sends(ACK);
        int cwnd = tcp.number(t -> t.congestion.cwndBytes);
        feed(tcp, error(tcp, e[0], e[1], 0, data.packet)).isIn(ESTABLISHED).sendsNothing();
        tcp.heard("unreachable " + e[0] + "/" + e[1]);
        assertEquals(cwnd, tcp.number(t -> t.congestion.cwndBytes));
        tcp.receives(Seg.ack()).heard("acked 100", "released 100/100");
      }
    }
    for (State state : State.values()) {
      if (state.ordinal() < SYN_RECEIVED.ordinal() || state == TIME_WAIT) {
        continue;
      }
      var tcp = family(ipv6).in(state);
      byte[] guess = tcp.packet(Seg.data(8));
      byte[] ours = Raw.ip(Raw.TCP, tcp.own(), tcp.peer(), new byte[20]);
      int ip = tcp.ipHeader();
      ByteBuffer.wrap(ours)
          .putShort(ip, ByteBuffer.wrap(guess).getShort(ip + 2))
          .putShort(ip + 2, ByteBuffer.wrap(guess).getShort(ip));
      for (int seq = -2; seq < 4; seq++) {
        ByteBuffer.wrap(ours).putInt(ip + 4, tcp.iss + seq);
        feed(tcp, error(tcp, ipv6 ? 1 : 3, ipv6 ? 4 : 3, 0, ours)).isIn(state);
      }
    }
  }

  @ParameterizedTest
  @Tag("rfc5927-a")
  @Tag("rfc8201-c")
  @ValueSource(booleans = {false, true})
  @Tag("MUST-54")
  @Tag("D38")
  void givenAnErrorThatQuotesNothingInFlight_whenItComes_thenIgnored(boolean ipv6) {
    int unreachable = ipv6 ? 1 : 3;
    int port = ipv6 ? 4 : 3;
    var syn = family(ipv6).actively().closed().connect();
    byte[] sentSyn = syn.sends(Seg.SYN).packet;
    int ip = syn.ipHeader();
    for (int off : new int[] {-1, 1, 1 << 30, Integer.MIN_VALUE}) {
      byte[] forged = sentSyn.clone();
      ByteBuffer.wrap(forged).putInt(ip + 4, syn.iss + off);
      feed(syn, error(syn, unreachable, port, 0, forged)).isIn(SYN_SENT).heardNothing();
    }
    var tcp = family(ipv6).established().send(3_000);
    Sent first = tcp.sent().getFirst();
    for (int off : new int[] {0, -1, 3_001, 3_000_000, Integer.MIN_VALUE}) {
      byte[] forged = first.packet.clone();
      ByteBuffer.wrap(forged).putInt(ip + 4, tcp.iss + off);
      feed(tcp, error(tcp, unreachable, port, 0, forged)).heardNothing();
      feed(tcp, tooBig(tcp, forged, 1_300)).sendsNothing();
    }
    byte[] otherPort = first.packet.clone();
    otherPort[ip] ^= 1;
    feed(tcp, tooBig(tcp, otherPort, 1_300)).sendsNothing();
    byte[] otherPeer = first.packet.clone();
    otherPeer[ip - 1] ^= 1;
    feed(tcp, tooBig(tcp, otherPeer, 1_300)).sendsNothing();
    byte[] otherSource = first.packet.clone();
    otherSource[ipv6 ? 23 : 15] ^= 8;
    feed(tcp, tooBig(tcp, otherSource, 1_300)).sendsNothing();
    assertEquals(0, tcp.host.machinery().network.paths.known());
    assertNotEquals(0, tcp.counted(Event.DROP_ICMP));
    assertEquals(0, tcp.counted(Event.ICMP_ERRORS_RECEIVED));
  }

  static byte[] tooBig(TcpFixture tcp, byte[] about, int mtu) {
    boolean ipv6 = about[0] >>> 4 == 6;
    return ipv6 ? error(tcp, 2, 0, mtu, about) : error(tcp, 3, 4, mtu, about);
  }

  @Test
  @DisplayName("An ICMP message of one family never speaks for a packet of the other")
  void givenAQuoteOfTheOtherFamily_whenItComes_thenIgnored() {
    var tcp = TcpFixture.with().actively().closed().connect();
    Sent syn = tcp.sends(Seg.SYN);
    byte[] mapped = new byte[60];
    System.arraycopy(
        Raw.ipv6(Raw.TCP, syn.source, syn.destination, new byte[20]), 0, mapped, 0, 40);
    System.arraycopy(syn.packet, 20, mapped, 40, 20);
    feed(tcp, error(tcp, 3, 3, 0, mapped)).isIn(SYN_SENT);
    byte[] inIpv4 = Raw.icmp(router(false), tcp.own(), 3, 3, 0, mapped);
    feed(tcp, inIpv4).isIn(SYN_SENT).heardNothing();
  }

  @Test
  @Tag("rfc6633-a")
  @Tag("MUST-55")
  @Tag("D38")
  void givenSourceQuench_whenItComesInAnyState_thenIgnored() {
    for (State state : State.values()) {
      if (state == CLOSED || state == State.LISTEN || state == TIME_WAIT) {
        continue;
      }
      var tcp = TcpFixture.with().actively(state == SYN_SENT).in(state);
      if (state == ESTABLISHED || state == State.CLOSE_WAIT) {
        tcp.send(5_000);
        tcp.sent();
      }
      int cwnd = tcp.number(t -> t.congestion.cwndBytes);
      int threshold = tcp.number(t -> t.congestion.ssthreshBytes);
      int una = tcp.number(t -> t.sndUna);
      byte[] ours = Raw.ip(Raw.TCP, tcp.own(), tcp.peer(), new byte[20]);
      byte[] peers = tcp.packet(Seg.data(1));
      ByteBuffer.wrap(ours)
          .putShort(20, ByteBuffer.wrap(peers).getShort(22))
          .putShort(22, ByteBuffer.wrap(peers).getShort(20))
          .putInt(24, una);
      tcp.events.clear();
      feed(tcp, error(tcp, 4, 0, 0, ours)).isIn(state).sendsNothing().heardNothing();
      assertEquals(cwnd, tcp.number(t -> t.congestion.cwndBytes));
      assertEquals(threshold, tcp.number(t -> t.congestion.ssthreshBytes));
    }
  }
}
