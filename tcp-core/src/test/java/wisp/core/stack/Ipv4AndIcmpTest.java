package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;

@DisplayName("RFC 791, RFC 1122 §3.2, RFC 792: what IP lets through and what ICMP answers")
class Ipv4AndIcmpTest {
  private static final int ICMP = 1;
  private static final int UDP = 17;
  private final TcpFixture tcp = TcpFixture.listening();

  private static byte[] ip(int protocol, int source, int destination, byte[] payload) {
    byte[] b = new byte[20 + payload.length];
    ByteBuffer p = ByteBuffer.wrap(b);
    p.put(0, (byte) 0x45).putShort(2, (short) b.length).put(8, (byte) 64);
    p.put(9, (byte) protocol).putInt(12, source).putInt(16, destination);
    System.arraycopy(payload, 0, b, 20, payload.length);
    return signed(b);
  }

  private static byte[] signed(byte[] b) {
    ByteBuffer p = ByteBuffer.wrap(b);
    p.putShort(10, (short) 0).putShort(10, (short) ~TcpFixture.sum(b, 0, 20, 0));
    return b;
  }

  private static byte[] icmp(int type, int code, int bytes) {
    byte[] b = new byte[8 + bytes];
    b[0] = (byte) type;
    b[1] = (byte) code;
    for (int i = 4; i < b.length; i++) {
      b[i] = (byte) (i * 3);
    }
    ByteBuffer.wrap(b).putShort(2, (short) ~TcpFixture.sum(b, 0, b.length, 0));
    return b;
  }

  /** To port 9, without a checksum. */
  private static byte[] datagram(int bytes) {
    byte[] b = new byte[bytes];
    ByteBuffer.wrap(b).putShort(0, (short) 9).putShort(2, (short) 9).putShort(4, (short) bytes);
    return b;
  }

  private void feed(byte[] packet) {
    tcp.host.link.incoming.add(packet);
    tcp.host.poll();
  }

  private void isDropped(Event reason, byte[] packet) {
    long before = tcp.counted(reason);
    long drops = tcp.context.counters().drops();
    feed(packet);
    assertEquals(before + 1, tcp.counted(reason), reason.toString());
    assertEquals(drops + 1, tcp.context.counters().drops(), "counted once");
    assertTrue(tcp.out.isEmpty() && tcp.host.others.isEmpty(), () -> reason + " was answered");
  }

  private byte[] syn() {
    return tcp.packet(Seg.syn());
  }

  private byte[] synFrom(int source, int destination) {
    byte[] b = syn();
    ByteBuffer.wrap(b).putInt(12, source).putInt(16, destination);
    TcpFixture.sign(b);
    return b;
  }

  // ---- IP --------------------------------------------------------------------------------------

  @Test
  @Tag("rfc791-a")
  void givenBadLengths_whenTheyArrive_thenEachIsCountedByItsReason() {
    for (int n = 0; n < 20; n++) {
      isDropped(Event.DROP_IP_LENGTH, Arrays.copyOf(syn(), n));
    }
    byte[] cut = syn();
    isDropped(Event.DROP_IP_LENGTH, Arrays.copyOf(cut, cut.length - 1));
    for (int total : new int[] {0, 19, 65_535}) {
      byte[] b = syn();
      ByteBuffer.wrap(b).putShort(2, (short) total);
      isDropped(Event.DROP_IP_LENGTH, signed(b));
    }
    for (int ihl : new int[] {0, 4, 15}) {
      byte[] b = syn();
      b[0] = (byte) (0x40 | ihl);
      isDropped(Event.DROP_IP_LENGTH, signed(b));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3, 5, 15})
  @Tag("rfc791-a")
  void givenAnotherVersion_whenItArrives_thenDropped(int version) {
    byte[] b = syn();
    b[0] = (byte) (version << 4 | 5);
    isDropped(Event.DROP_IP_VERSION, signed(b));
  }

  @Test
  @Tag("rfc791-a")
  void givenAWrongHeaderChecksum_whenItArrives_thenDropped() {
    byte[] b = syn();
    b[10] ^= 1;
    isDropped(Event.DROP_IP_CHECKSUM, b);
  }

  @Test
  @Tag("MUST-63")
  @Tag("MUST-57")
  @Tag("rfc1122-ip-a")
  @Tag("rfc1122-ip-b")
  @Tag("rfc792-b")
  void givenAddressesThatCantBe_whenTheyArrive_thenDropped() {
    int host = TcpFixture.HOST;
    int peer = TcpFixture.PEER;
    for (int source :
        new int[] {0, 0x7F00_0001, 0xE000_0001, 0xFFFF_FFFF, 0xF000_0001, host, 0x0001_0203}) {
      isDropped(Event.DROP_IP_SOURCE, synFrom(source, host));
    }
    for (int destination : new int[] {0xFFFF_FFFF, 0xE000_0001, 0x0A00_00FF, 0, 0x0A00_0003}) {
      isDropped(Event.DROP_IP_DESTINATION, synFrom(peer, destination));
    }
    assertEquals(0, tcp.context.connections());
  }

  @Test
  void givenAnIpv4PacketThatSaysVersion6_whenItArrives_thenItIsForNobodyHere() {
    byte[] b = syn();
    b[0] = 0x65;
    isDropped(Event.DROP_IP_DESTINATION, signed(b));
  }

  @Test
  @Tag("rfc791-b")
  void givenTrailingBytes_whenItArrives_thenTheTotalLengthCounts() {
    feed(Arrays.copyOf(syn(), 200));
    tcp.sends(Seg.SYN | Seg.ACK);
    tcp.receives(Seg.ack());
    feed(Arrays.copyOf(tcp.packet(Seg.data(3)), 60 + 20));
    tcp.delivered(3);
  }

  @Test
  @Tag("MUST-50")
  @Tag("rfc791-c")
  void givenIpOptions_whenItArrives_thenTheyAreSkipped() {
    byte[] plain = syn();
    byte[] b = new byte[plain.length + 8];
    System.arraycopy(plain, 0, b, 0, 20);
    Arrays.fill(b, 20, 28, (byte) 1);
    System.arraycopy(plain, 20, b, 28, plain.length - 20);
    b[0] = 0x47;
    ByteBuffer p = ByteBuffer.wrap(b);
    p.putShort(2, (short) b.length).putShort(10, (short) 0);
    p.putShort(10, (short) ~TcpFixture.sum(b, 0, 28, 0));
    feed(b);
    tcp.sends(Seg.SYN | Seg.ACK);
  }

  @ParameterizedTest(name = "option {0}")
  @ValueSource(ints = {7, 25, 30, 68, 82, 94, 130, 134, 136, 148, 222, 255})
  @Tag("MUST-50")
  void givenAnIpOptionThatTcpDoesNotKnow_whenItArrives_thenItIsIgnored(int kind) {
    feed(withOption(tcp.packet(Seg.syn()), kind));
    tcp.sends(Seg.SYN | Seg.ACK);
    tcp.receives(Seg.ack()).isEstablished();
    feed(withOption(tcp.packet(Seg.data(10)), kind));
    tcp.delivered(10);
  }

  private static byte[] withOption(byte[] plain, int kind) {
    byte[] b = new byte[plain.length + 8];
    System.arraycopy(plain, 0, b, 0, 20);
    System.arraycopy(plain, 20, b, 28, plain.length - 20);
    b[0] = 0x47;
    b[20] = (byte) kind;
    b[21] = 8;
    b[22] = 9; // where a pointer would be: beyond the end
    ByteBuffer p = ByteBuffer.wrap(b);
    p.putShort(2, (short) b.length).putShort(10, (short) 0);
    p.putShort(10, (short) ~TcpFixture.sum(b, 0, 28, 0));
    return b;
  }

  @Test
  void givenBadTcpHeaders_whenTheyArrive_thenEachIsCountedByItsReason() {
    for (int n = 0; n < 20; n++) {
      isDropped(Event.DROP_TCP_LENGTH, ip(6, TcpFixture.PEER, TcpFixture.HOST, new byte[n]));
    }
    for (int offset : new int[] {0, 4, 15}) {
      byte[] b = syn();
      b[32] = (byte) (offset << 4);
      TcpFixture.sign(b);
      isDropped(Event.DROP_TCP_LENGTH, b);
    }
    for (int place : new int[] {20, 22}) {
      byte[] b = syn();
      ByteBuffer.wrap(b).putShort(place, (short) 0);
      TcpFixture.sign(b);
      isDropped(Event.DROP_TCP_PORT, b);
    }
    byte[] b = syn();
    b[36] ^= 1;
    isDropped(Event.DROP_TCP_CHECKSUM, b);
  }

  @Test
  void givenReservedBits_whenOnASyn_thenIgnored() {
    byte[] b = syn();
    b[32] |= 0x0E;
    TcpFixture.sign(b);
    feed(b);
    tcp.sends(Seg.SYN | Seg.ACK);
  }

  // ---- ICMP ------------------------------------------------------------------------------------

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 32, 56, 1_001, 1_472})
  void givenAnEchoRequest_whenItArrives_thenItsReplyIsTheSameBytes(int bytes) {
    byte[] request = icmp(8, 0, bytes);
    feed(ip(ICMP, TcpFixture.PEER, TcpFixture.HOST, request));
    byte[] reply = tcp.host.others.remove();
    assertEquals(TcpFixture.PEER, ByteBuffer.wrap(reply).getInt(16));
    assertEquals(0xFFFF, TcpFixture.sum(reply, 0, 20, 0));
    assertEquals(0xFFFF, TcpFixture.sum(reply, 20, reply.length - 20, 0));
    assertEquals(0, reply[20]);
    assertArrayEquals(
        Arrays.copyOfRange(request, 4, request.length),
        Arrays.copyOfRange(reply, 24, reply.length));
    assertEquals(1, tcp.counted(Event.ECHO_REPLIES));
  }

  @Test
  void givenMalformedIcmp_whenItArrives_thenSilence() {
    for (int n = 0; n < 8; n++) {
      isDropped(
          Event.DROP_ICMP,
          ip(ICMP, TcpFixture.PEER, TcpFixture.HOST, Arrays.copyOf(icmp(8, 0, 8), n)));
    }
    byte[] wrong = icmp(8, 0, 8);
    wrong[9] ^= 1;
    isDropped(Event.DROP_ICMP, ip(ICMP, TcpFixture.PEER, TcpFixture.HOST, wrong));
    isDropped(Event.DROP_ICMP, ip(ICMP, TcpFixture.PEER, TcpFixture.HOST, icmp(8, 1, 8)));
  }

  @Test
  @Tag("MUST-55")
  @DisplayName("RFC 1122 §3.2.2: no ICMP error about an ICMP error, a broadcast, a fragment")
  @Tag("rfc792-b")
  @Tag("rfc792-c")
  void givenWhatMustNotBeAnswered_whenItArrives_thenSilence() {
    for (int type : new int[] {0, 3, 4, 5, 11, 12, 13, 255}) {
      isDropped(Event.DROP_ICMP, ip(ICMP, TcpFixture.PEER, TcpFixture.HOST, icmp(type, 0, 28)));
    }
    byte[] datagram = datagram(12);
    isDropped(Event.DROP_IP_DESTINATION, ip(UDP, TcpFixture.PEER, 0xFFFF_FFFF, datagram));
    isDropped(Event.DROP_IP_DESTINATION, ip(UDP, TcpFixture.PEER, 0xE000_0001, datagram));
    isDropped(Event.DROP_IP_SOURCE, ip(UDP, 0xFFFF_FFFF, TcpFixture.HOST, datagram));
  }

  @Test
  @Tag("rfc792-d")
  void givenUdp_whenItArrives_thenPortUnreachableQuotesIt() {
    byte[] datagram = datagram(600);
    byte[] packet = ip(UDP, TcpFixture.PEER, TcpFixture.HOST, datagram);
    feed(packet);
    byte[] error = tcp.host.others.remove();
    assertEquals(ICMP, error[9]);
    assertEquals(3, error[20]);
    assertEquals(3, error[21]);
    assertEquals(0xFFFF, TcpFixture.sum(error, 20, error.length - 20, 0));
    assertTrue(error.length <= 576, "RFC 1812 §4.3.2.3");
    assertArrayEquals(
        Arrays.copyOf(packet, error.length - 28), Arrays.copyOfRange(error, 28, error.length));
    assertEquals(1, tcp.counted(Event.DROP_UDP));
  }

  @Test
  @Tag("rfc792-d")
  void givenAnUnknownProtocol_whenItArrives_thenProtocolUnreachable() {
    byte[] packet = ip(47, TcpFixture.PEER, TcpFixture.HOST, new byte[30]);
    feed(packet);
    byte[] error = tcp.host.others.remove();
    assertEquals(3, error[20]);
    assertEquals(2, error[21]);
    assertArrayEquals(packet, Arrays.copyOfRange(error, 28, error.length));
    assertEquals(1, tcp.counted(Event.DROP_IP_PROTOCOL));
  }

  @Test
  @Tag("rfc1812-a")
  void givenAFlood_whenErrorsWouldFollow_thenTheyAreLimited() {
    byte[] datagram = datagram(12);
    for (int i = 0; i < 5_000; i++) {
      feed(ip(UDP, TcpFixture.PEER, TcpFixture.HOST, datagram));
    }
    assertTrue(tcp.host.others.size() <= 2_000);
    assertEquals(5_000, tcp.counted(Event.DROP_UDP));
  }
}
