package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;
import wisp.core.ip.IpAddress;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.Footprint;
import wisp.core.spi.TestLink;
import wisp.core.spi.TestMemory;

@DisplayName("RFC 768, RFC 1122 §4.1, RFC 8085: datagrams in, out and back")
class UdpTest {
  private static final int UDP = 17;
  private static final int ICMP = 1;
  private static final int ICMPV6 = 58;
  private static final int MTU = 1_500;
  private static final Endpoint US4 = Endpoint.of("10.0.0.1", 53);
  private static final Endpoint US6 = Endpoint.of("fd00::1", 53);
  private static final Endpoint ALSO_US4 = Endpoint.of("10.0.0.9", 53);
  private static final Endpoint ALSO_US6 = Endpoint.of("fd00::9", 53);
  private static final Endpoint PEER4 = Endpoint.of("10.0.0.2", 4_444);
  private static final Endpoint PEER6 = Endpoint.of("fd00::2", 4_444);

  private final TestLink link = new TestLink(MTU);
  private final TestMemory memory = new TestMemory();
  private final Context context =
      new Context(
          ContextConfig.of(
              IpPrefix.parse("10.0.0.1/32"),
              IpPrefix.parse("10.0.0.9/32"),
              IpPrefix.parse("fd00::1/128"),
              IpPrefix.parse("fd00::9/128")),
          memory,
          link,
          new SplittableRandom(7)::nextLong);
  private final List<Throwable> failures = new ArrayList<>();
  private long now = 1_000_000_000L;

  UdpTest() {
    context.onHandlerFailure(failures::add);
  }

  @AfterEach
  void everythingReturns() {
    context.close();
    memory.close();
  }

  /** What a handler has heard, copied. */
  private record Got(Endpoint source, Endpoint destination, byte[] payload) {}

  /** Keeps all it hears. */
  private static final class Ear implements DatagramHandler {
    final List<Got> got = new ArrayList<>();
    final List<String> errors = new ArrayList<>();

    @Override
    public void onDatagram(Context c, DatagramPort port, Datagram d) {
      byte[] payload = d.memory().asSlice(d.start(), d.length()).toArray(ValueLayout.JAVA_BYTE);
      got.add(new Got(d.source(), d.destination(), payload));
    }

    @Override
    public void onError(Context c, DatagramPort port, int type, int code) {
      errors.add(type + "/" + code);
    }

    Got only() {
      assertEquals(1, got.size());
      return got.getFirst();
    }
  }

  // ---- Packets by the book ----------------------------------------------------------------------

  static byte[] bytes(int n) {
    byte[] b = new byte[n];
    for (int i = 0; i < n; i++) {
      b[i] = (byte) (i * 31 + (i >>> 8));
    }
    return b;
  }

  /** A whole IP packet with a UDP datagram, checksums right. */
  static byte[] packet(Endpoint from, Endpoint to, byte[] payload) {
    return ip(UDP, from.address(), to.address(), datagram(from, to, payload));
  }

  private static byte[] datagram(Endpoint from, Endpoint to, byte[] payload) {
    ByteBuffer b = ByteBuffer.allocate(8 + payload.length);
    b.putShort((short) from.port()).putShort((short) to.port());
    b.putShort((short) b.capacity()).putShort((short) 0).put(payload);
    int sum = ~sum(UDP, from.address(), to.address(), b.array()) & 0xFFFF;
    b.putShort(6, (short) (sum == 0 ? 0xFFFF : sum));
    return b.array();
  }

  /** Over pseudo-header and transport part: 0xFFFF when the checksum in it is right. */
  private static int sum(int protocol, IpAddress from, IpAddress to, byte[] transport) {
    ByteBuffer pseudo = ByteBuffer.allocate(40);
    if (to.isIpv4()) {
      pseudo.putInt(from.ipv4()).putInt(to.ipv4()).putInt(protocol).putInt(transport.length);
    } else {
      pseudo.putLong(from.high()).putLong(from.low()).putLong(to.high()).putLong(to.low());
      pseudo.putInt(transport.length).putInt(protocol);
    }
    int initial = TcpFixture.sum(pseudo.array(), 0, 40, 0);
    return TcpFixture.sum(transport, 0, transport.length, initial);
  }

  private static byte[] ip(int protocol, IpAddress from, IpAddress to, byte[] transport) {
    return to.isIpv4()
        ? ipv4(protocol, from, to, transport, 0, false)
        : ipv6(protocol, from, to, transport);
  }

  private static byte[] ipv4(
      int protocol, IpAddress from, IpAddress to, byte[] transport, int offset, boolean more) {
    ByteBuffer b = ByteBuffer.allocate(20 + transport.length);
    b.put(0, (byte) 0x45).put(1, (byte) (46 << 2 | 2)).putShort(2, (short) b.capacity());
    b.putShort(4, (short) 77).putShort(6, (short) (offset / 8 | (more ? 0x2000 : 0)));
    b.put(8, (byte) 61).put(9, (byte) protocol).putInt(12, from.ipv4()).putInt(16, to.ipv4());
    b.putShort(10, (short) ~TcpFixture.sum(b.array(), 0, 20, 0));
    return b.put(20, transport).array();
  }

  private static byte[] ipv6(int next, IpAddress from, IpAddress to, byte[] payload) {
    ByteBuffer b = ByteBuffer.allocate(40 + payload.length);
    b.putInt(0x6000_0000 | (46 << 2 | 2) << 20).putShort((short) payload.length);
    b.put((byte) next).put((byte) 61);
    b.putLong(from.high()).putLong(from.low()).putLong(to.high()).putLong(to.low());
    return b.put(payload).array();
  }

  private static List<byte[]> fragments(Endpoint from, Endpoint to, byte[] payload) {
    byte[] whole = datagram(from, to, payload);
    boolean ipv4 = to.address().isIpv4();
    int most = ipv4 ? 1_480 : 1_448;
    List<byte[]> all = new ArrayList<>();
    for (int at = 0; at < whole.length; at += most) {
      byte[] part = Arrays.copyOfRange(whole, at, Math.min(at + most, whole.length));
      boolean more = at + part.length < whole.length;
      if (ipv4) {
        all.add(ipv4(UDP, from.address(), to.address(), part, at, more));
      } else {
        ByteBuffer b = ByteBuffer.allocate(8 + part.length);
        b.put((byte) UDP).put((byte) 0).putShort((short) (at | (more ? 1 : 0))).putInt(4_711);
        all.add(ipv6(44, from.address(), to.address(), b.put(part).array()));
      }
    }
    return all;
  }

  private void feed(byte[]... packets) {
    link.incoming.addAll(List.of(packets));
    context.poll(now);
  }

  /** The one datagram that was sent, put together and checked. */
  private Got sent() {
    List<byte[]> packets = new ArrayList<>(link.outgoing);
    link.outgoing.clear();
    boolean ipv4 = packets.getFirst()[0] >>> 4 == 4;
    ByteBuffer whole = ByteBuffer.allocate(65_535);
    int length = 0;
    IpAddress from = null;
    IpAddress to = null;
    int identification = -1;
    for (byte[] packet : packets) {
      ByteBuffer p = ByteBuffer.wrap(packet);
      assertTrue(packet.length <= MTU);
      int header = ipv4 ? 20 : 40;
      int offset = 0;
      boolean more = false;
      if (ipv4) {
        assertEquals(0xFFFF, TcpFixture.sum(packet, 0, 20, 0));
        assertEquals(UDP, packet[9]);
        assertEquals(packet.length, p.getShort(2) & 0xFFFF);
        offset = (p.getShort(6) & 0x1FFF) * 8;
        more = (p.getShort(6) & 0x2000) != 0;
        from = IpAddress.ofIpv4(p.getInt(12));
        to = IpAddress.ofIpv4(p.getInt(16));
      } else {
        from = new IpAddress(p.getLong(8), p.getLong(16));
        to = new IpAddress(p.getLong(24), p.getLong(32));
        assertEquals(packet.length - 40, p.getShort(4) & 0xFFFF);
        if (packet[6] == 44) {
          header = 48;
          assertEquals(UDP, packet[40]);
          offset = p.getShort(42) & 0xFFF8;
          more = (p.getShort(42) & 1) != 0;
        } else {
          assertEquals(UDP, packet[6]);
        }
      }
      if (packets.size() > 1) {
        int id = ipv4 ? p.getShort(4) & 0xFFFF : p.getInt(44);
        assertTrue(identification == -1 || identification == id);
        identification = id;
      }
      assertEquals(length, offset, "in order and without holes");
      whole.put(offset, packet, header, packet.length - header);
      length = offset + packet.length - header;
      assertEquals(packet != packets.getLast(), more);
    }
    byte[] datagram = Arrays.copyOf(whole.array(), length);
    assertEquals(length, whole.getShort(4) & 0xFFFF);
    assertNotEquals(0, whole.getShort(6), "always with a checksum (RFC 1122 §4.1.3.4)");
    assertEquals(0xFFFF, sum(UDP, from, to, datagram));
    return new Got(
        new Endpoint(from, whole.getShort(0) & 0xFFFF),
        new Endpoint(to, whole.getShort(2) & 0xFFFF),
        Arrays.copyOfRange(datagram, 8, length));
  }

  private void isDropped(Event reason, byte[] packet) {
    long before = counted(reason);
    long drops = context.counters().drops();
    feed(packet);
    assertEquals(before + 1, counted(reason), reason.toString());
    assertEquals(drops + 1, context.counters().drops(), "counted once");
  }

  private long counted(Event event) {
    return context.counters().get(event);
  }

  private static MemorySegment segment(byte[] b) {
    return MemorySegment.ofArray(b);
  }

  private static boolean send(DatagramPort port, Endpoint to, byte[] b) {
    return port.send(to, segment(b), 0, b.length);
  }

  private static void same(Got got, Endpoint from, Endpoint to, byte[] payload) {
    assertEquals(from, got.source());
    assertEquals(to, got.destination());
    assertArrayEquals(payload, got.payload());
  }

  // ---- Coming in --------------------------------------------------------------------------------

  @Nested
  @DisplayName("What comes in")
  class Input {
    private final Ear ear = new Ear();

    @Test
    @DisplayName("RFC 768: a datagram reaches its port, with all that its headers say")
    void aDatagramReachesItsPort() {
      AtomicReference<String> said = new AtomicReference<>("");
      context.bind(
          Endpoint.any(53),
          (c, port, d) -> {
            assertEquals(context, c);
            said.set(d.dscp() + " " + d.ecn() + " " + d.hopLimit() + " " + d.toGroup());
            ear.onDatagram(c, port, d);
          });
      for (int n : new int[] {0, 1, 2, 511, 1_452}) {
        feed(packet(PEER4, US4, bytes(n)), packet(PEER6, ALSO_US6, bytes(n)));
        same(ear.got.removeFirst(), PEER4, US4, bytes(n));
        same(ear.got.removeFirst(), PEER6, ALSO_US6, bytes(n));
        assertEquals("46 2 61 false", said.get());
      }
      assertEquals(10, counted(Event.DATAGRAMS_RECEIVED));
      assertEquals(0, context.counters().drops());
      assertTrue(link.outgoing.isEmpty());
    }

    @Test
    @Tag("rfc768-a")
    @DisplayName("RFC 768, RFC 8200 §8.1: a wrong checksum drops it, none at all only over IPv6")
    void checksums() {
      context.bind(Endpoint.any(53), ear);
      for (Endpoint[] pair : new Endpoint[][] {{PEER4, US4}, {PEER6, US6}}) {
        int header = pair[0].address().isIpv4() ? 20 : 40;
        for (int place : new int[] {0, 2, 6, 8, 17}) {
          byte[] wrong = packet(pair[0], pair[1], bytes(10));
          wrong[header + place] ^= 4;
          isDropped(Event.DROP_UDP_CHECKSUM, wrong);
        }
        byte[] pseudo = packet(pair[0], pair[1], bytes(10));
        pseudo[header - 1] ^= 8; // another address of ours, 1 or 9: the pseudo-header is in the sum
        if (header == 20) {
          ByteBuffer.wrap(pseudo).putShort(10, (short) 0);
          ByteBuffer.wrap(pseudo).putShort(10, (short) ~TcpFixture.sum(pseudo, 0, 20, 0));
        }
        isDropped(Event.DROP_UDP_CHECKSUM, pseudo);
      }
      byte[] none = packet(PEER6, US6, bytes(10));
      ByteBuffer.wrap(none).putShort(46, (short) 0);
      isDropped(Event.DROP_UDP_CHECKSUM, none);
      assertTrue(ear.got.isEmpty() && link.outgoing.isEmpty(), "silently");

      byte[] allowed = packet(PEER4, US4, bytes(10));
      ByteBuffer.wrap(allowed).putShort(26, (short) 0);
      feed(allowed);
      same(ear.only(), PEER4, US4, bytes(10));
    }

    @Test
    @Tag("rfc768-b")
    @DisplayName(
        "RFC 768: a length field shorter than the IP payload cuts it, a longer one drops it")
    void lengths() {
      context.bind(Endpoint.any(53), ear);
      for (Endpoint[] pair : new Endpoint[][] {{PEER4, US4}, {PEER6, US6}}) {
        byte[] inner = datagram(pair[0], pair[1], bytes(10));
        byte[] padded = Arrays.copyOf(inner, inner.length + 30);
        Arrays.fill(padded, inner.length, padded.length, (byte) 0x77);
        feed(ip(UDP, pair[0].address(), pair[1].address(), padded));
        same(ear.got.removeFirst(), pair[0], pair[1], bytes(10));
        for (int length : new int[] {0, 7, 19, 65_535}) {
          byte[] wrong = inner.clone();
          ByteBuffer.wrap(wrong).putShort(4, (short) length);
          isDropped(Event.DROP_UDP_LENGTH, ip(UDP, pair[0].address(), pair[1].address(), wrong));
        }
        for (int n = 0; n < 8; n++) {
          isDropped(
              Event.DROP_UDP_LENGTH,
              ip(UDP, pair[0].address(), pair[1].address(), Arrays.copyOf(inner, n)));
        }
      }
      assertTrue(ear.got.isEmpty() && link.outgoing.isEmpty(), "silently");
    }

    @Test
    @Tag("rfc768-d")
    @DisplayName("RFC 1122 §4.1.3.6: no port hears of a source that is no single host's")
    void sources() {
      context.bind(Endpoint.any(53), ear);
      for (String source :
          new String[] {"224.0.0.1", "239.1.2.3", "255.255.255.255", "0.0.0.0", "127.0.0.1"}) {
        isDropped(Event.DROP_IP_SOURCE, packet(Endpoint.of(source, 53), US4, bytes(4)));
      }
      for (String source : new String[] {"ff02::1", "ff0e::5", "::", "::1"}) {
        isDropped(Event.DROP_IP_SOURCE, packet(Endpoint.of(source, 53), US6, bytes(4)));
      }
      isDropped(
          Event.DROP_IP_SOURCE,
          packet(Endpoint.of("::", 53), Endpoint.of("ff02::1", 53), bytes(4)));
      assertTrue(ear.got.isEmpty() && link.outgoing.isEmpty(), "silently");
    }

    @Test
    @DisplayName("RFC 1122 §4.1.3.1: without a port the sender is told")
    void portUnreachable() {
      context.bind(Endpoint.any(54), ear);
      byte[] packet = packet(PEER4, US4, bytes(30));
      isDropped(Event.DROP_UDP, packet);
      byte[] error = link.outgoing.remove();
      assertEquals(3 << 8 | 3, ByteBuffer.wrap(error).getShort(20));
      assertArrayEquals(packet, Arrays.copyOfRange(error, 28, error.length));
      packet = packet(PEER6, US6, bytes(30));
      isDropped(Event.DROP_UDP, packet);
      error = link.outgoing.remove();
      assertEquals(1 << 8 | 4, ByteBuffer.wrap(error).getShort(40));
      assertArrayEquals(packet, Arrays.copyOfRange(error, 48, error.length));
    }

    @Test
    @DisplayName("A group's datagram reaches ports at all addresses; nobody is told when none does")
    void groups() {
      Endpoint all = Endpoint.of("ff02::1", 53);
      isDropped(Event.DROP_UDP, packet(PEER6, all, bytes(3)));
      context.bind(US6, new Ear());
      isDropped(Event.DROP_UDP, packet(PEER6, all, bytes(3)));
      assertTrue(link.outgoing.isEmpty());
      context.bind(
          Endpoint.any(53),
          (c, port, d) -> {
            assertTrue(d.toGroup());
            assertTrue(port.reply(d, d.memory(), d.start(), d.length()));
          });
      feed(packet(PEER6, all, bytes(3)));
      Got answer = sent();
      assertEquals(PEER6, answer.destination());
      assertTrue(List.of(US6, ALSO_US6).contains(answer.source()), "a group is no source");
    }

    @Test
    @DisplayName("RFC 791, RFC 8200 §4.5: 60,000 bytes in fragments arrive as one, in any order")
    void fragmented() {
      context.bind(Endpoint.any(53), ear);
      for (Endpoint[] pair : new Endpoint[][] {{PEER4, US4}, {PEER6, US6}}) {
        List<byte[]> parts = fragments(pair[0], pair[1], bytes(60_000));
        feed(parts.reversed().toArray(byte[][]::new));
        same(ear.got.removeFirst(), pair[0], pair[1], bytes(60_000));

        parts = fragments(pair[0], pair[1], bytes(60_000));
        parts.get(20)[500] ^= 1;
        feed(parts.toArray(byte[][]::new));
        assertTrue(ear.got.isEmpty());
      }
      assertEquals(2, counted(Event.DROP_UDP_CHECKSUM));
    }
  }

  // ---- Ports ------------------------------------------------------------------------------------

  @Nested
  @DisplayName("Ports")
  class Ports {
    private final Ear ear = new Ear();

    @Test
    @DisplayName("The most particular port gets the datagram: connected, own address, family, any")
    void theMostParticularGetsIt() {
      List<Ear> ears = new ArrayList<>();
      List<DatagramPort> ports = new ArrayList<>();
      List<Endpoint> locals =
          List.of(Endpoint.any(53), new Endpoint(Endpoint.ANY_IPV4, 53), ALSO_US4);
      for (Endpoint local : locals) {
        ears.add(new Ear());
        ports.add(context.bind(local, ears.getLast()));
      }
      ears.add(new Ear());
      ports.add(context.bind(US4, PEER4, ears.getLast()));

      feed(packet(PEER4, US4, bytes(1)));
      same(ears.get(3).only(), PEER4, US4, bytes(1));
      Endpoint other = Endpoint.of("10.0.0.2", 4_445);
      feed(packet(other, US4, bytes(2)));
      same(ears.get(1).only(), other, US4, bytes(2));
      feed(packet(PEER4, ALSO_US4, bytes(3)));
      same(ears.get(2).only(), PEER4, ALSO_US4, bytes(3));
      feed(packet(PEER6, US6, bytes(4)));
      same(ears.get(0).only(), PEER6, US6, bytes(4));

      for (int i = 3; i > 0; i--) { // each that closes leaves its datagrams to the next
        ports.get(i).close();
        assertFalse(ports.get(i).isOpen());
      }
      feed(packet(PEER4, US4, bytes(5)), packet(PEER4, ALSO_US4, bytes(6)));
      assertEquals(3, ears.get(0).got.size());
      ports.get(0).close();
      ports.get(0).close();
      isDropped(Event.DROP_UDP, packet(PEER4, US4, bytes(5)));
    }

    @Test
    @DisplayName("0.0.0.0 receives IPv4 only")
    void anyIpv4() {
      DatagramPort port = context.bind(new Endpoint(Endpoint.ANY_IPV4, 53), ear);
      isDropped(Event.DROP_UDP, packet(PEER6, US6, bytes(4)));
      feed(packet(PEER4, US4, bytes(4)));
      same(ear.only(), PEER4, US4, bytes(4));
      link.outgoing.clear();
      assertFalse(send(port, PEER6, bytes(1)));
      assertTrue(send(port, PEER4, bytes(1)));
    }

    @Test
    @DisplayName("One local endpoint has one port, unless all are connected to different remotes")
    void conflicts() {
      Endpoint other = Endpoint.of("10.0.0.2", 4_445);
      DatagramPort first = context.bind(US4, ear);
      assertThrows(IllegalStateException.class, () -> context.bind(US4, ear));
      assertThrows(IllegalStateException.class, () -> context.bind(US4, PEER4, ear));
      first.close();
      DatagramPort connected = context.bind(US4, PEER4, ear);
      assertThrows(IllegalStateException.class, () -> context.bind(US4, PEER4, ear));
      assertThrows(IllegalStateException.class, () -> context.bind(US4, ear));
      assertEquals(other, context.bind(US4, other, ear).remote());
      connected.close();
      assertThrows(IllegalStateException.class, () -> context.bind(US4, ear));
      context.bind(Endpoint.any(53), ear);
      context.bind(Endpoint.of("10.0.0.1", 54), ear);
    }

    @Test
    @DisplayName("Addresses that are not ours, or that reach nobody, are refused")
    void misuse() {
      Class<IllegalArgumentException> refused = IllegalArgumentException.class;
      assertThrows(refused, () -> context.bind(PEER4, ear));
      assertThrows(refused, () -> context.bind(Endpoint.of("ff02::1", 53), ear));
      assertThrows(refused, () -> context.bind(US4, PEER6, ear));
      assertThrows(refused, () -> context.bind(US4, Endpoint.of("10.0.0.2", 0), ear));
      assertThrows(refused, () -> context.bind(US4, Endpoint.of("224.0.0.1", 5), ear));
      assertThrows(refused, () -> context.bind(new Endpoint(Endpoint.ANY_IPV4, 0), PEER6, ear));
      DatagramPort port = context.bind(US4, ear);
      assertThrows(IllegalStateException.class, () -> port.send(segment(bytes(1)), 0, 1));
      assertThrows(
          IndexOutOfBoundsException.class, () -> port.send(PEER4, segment(bytes(9)), 5, 5));
      assertThrows(
          IndexOutOfBoundsException.class, () -> port.send(PEER4, segment(bytes(9)), 0, -1));
      assertNull(port.remote());
      context.close();
      assertFalse(port.isOpen());
      assertFalse(send(port, PEER4, bytes(1)));
      assertThrows(IllegalStateException.class, () -> context.bind(US4, ear));
    }

    @Test
    @DisplayName("Memory that may not be read leaves the link unharmed")
    void closedMemory() {
      DatagramPort port = context.bind(US4, ear);
      MemorySegment gone;
      try (Arena arena = Arena.ofConfined()) {
        gone = arena.allocate(100);
      }
      assertThrows(IllegalStateException.class, () -> port.send(PEER4, gone, 0, 100));
      assertTrue(send(port, PEER4, bytes(100)));
      same(sent(), US4, PEER4, bytes(100));
    }

    @Test
    @DisplayName("RFC 6056 §3: ephemeral ports are scattered, all different, and run out")
    void ephemeral() {
      var seen = new HashSet<Integer>();
      int neighbours = 0;
      int last = 0;
      for (int i = 0; i < 500; i++) {
        int number = context.bind(Endpoint.any(0), ear).local().port();
        assertTrue(number >= 1_024 && seen.add(number));
        neighbours += Math.abs(number - last) < 64 ? 1 : 0;
        last = number;
      }
      assertTrue(neighbours < 10, "not to be guessed from the last one");
      long before = reserved();
      for (int number = 1_024; number <= 65_535; number++) {
        if (seen.add(number)) {
          context.bind(Endpoint.of("10.0.0.1", number), ear);
        }
      }
      assertTrue(reserved() - before > 64_000 * 100L, "what ports occupy is counted");
      assertThrows(IllegalStateException.class, () -> context.bind(Endpoint.any(0), ear));
      feed(packet(PEER4, Endpoint.of("10.0.0.1", 65_000), bytes(3)));
      assertEquals(PEER4, ear.only().source());
    }

    @Test
    @DisplayName("There are 65,536 ports at most, however they are told apart")
    void bounded() {
      for (int i = 0; i < 65_536; i++) {
        Endpoint remote = new Endpoint(IpAddress.ofIpv4(0x0A00_0100 + (i >>> 8)), 1 + (i & 255));
        context.bind(US4, remote, ear);
      }
      assertThrows(IllegalStateException.class, () -> context.bind(US4, PEER4, ear));
      assertThrows(IllegalStateException.class, () -> context.bind(US6, ear));
      Endpoint last = Endpoint.of("10.0.1.255", 256);
      feed(packet(last, US4, bytes(3)));
      same(ear.only(), last, US4, bytes(3));
    }

    private long reserved() {
      var footprint = new Footprint();
      context.footprint(footprint);
      return footprint.reservedBytes(Footprint.Kind.CONTEXT);
    }
  }

  // ---- Going out --------------------------------------------------------------------------------

  @Nested
  @DisplayName("What goes out")
  class Output {
    private final Ear ear = new Ear();

    @Test
    @DisplayName("RFC 768: what is sent is what was given, at once, from the right address")
    void sends() {
      DatagramPort any = context.bind(Endpoint.any(53), ear);
      DatagramPort bound = context.bind(ALSO_US4, ear);
      for (int n : new int[] {0, 1, 2, 511, 1_452}) {
        byte[] with = bytes(n + 7);
        assertTrue(any.send(PEER4, segment(with), 7, n));
        byte[] payload = Arrays.copyOfRange(with, 7, n + 7);
        same(sent(), US4, PEER4, payload);
        assertTrue(any.send(PEER6, segment(with), 7, n));
        same(sent(), US6, PEER6, payload);
        int flushes = link.flushes;
        assertTrue(bound.send(PEER4, segment(with), 7, n));
        assertEquals(flushes + 1, link.flushes);
        same(sent(), ALSO_US4, PEER4, payload);
      }
      assertEquals(15, counted(Event.DATAGRAMS_SENT));
    }

    @Test
    @Tag("rfc768-a")
    @DisplayName("RFC 768: a checksum that comes out as zero is sent as all ones")
    void zeroIsSentAsAllOnes() {
      DatagramPort port = context.bind(Endpoint.any(53), ear);
      for (Endpoint peer : new Endpoint[] {PEER4, PEER6}) {
        int field = peer == PEER4 ? 26 : 46;
        assertTrue(send(port, peer, new byte[2]));
        short complement = ByteBuffer.wrap(link.outgoing.remove()).getShort(field);
        byte[] payload = ByteBuffer.allocate(2).putShort(complement).array();
        assertTrue(send(port, peer, payload));
        assertEquals(-1, ByteBuffer.wrap(link.outgoing.getFirst()).getShort(field));
        assertArrayEquals(payload, sent().payload());
      }
    }

    @Test
    @DisplayName("RFC 1122 §4.1.3.5: an answer comes from the address that was asked")
    void replies() {
      context.bind(
          Endpoint.any(53),
          (c, port, d) -> assertTrue(port.reply(d, d.memory(), d.start(), d.length())));
      for (Endpoint[] pair :
          new Endpoint[][] {{PEER4, US4}, {PEER4, ALSO_US4}, {PEER6, US6}, {PEER6, ALSO_US6}}) {
        feed(packet(pair[0], pair[1], bytes(99)));
        same(sent(), pair[1], pair[0], bytes(99));
        feed(fragments(pair[0], pair[1], bytes(9_999)).toArray(byte[][]::new));
        same(sent(), pair[1], pair[0], bytes(9_999));
      }
      assertEquals(List.of(), failures);
    }

    @Test
    @DisplayName("RFC 768: source port 0 wants no answer; a datagram is lent for its callback only")
    void noReply() {
      AtomicReference<Datagram> kept = new AtomicReference<>();
      DatagramPort bound =
          context.bind(
              Endpoint.any(53),
              (c, port, d) -> {
                kept.set(d);
                assertFalse(port.reply(d, d.memory(), d.start(), d.length()));
              });
      feed(packet(Endpoint.of("10.0.0.2", 0), US4, bytes(9)));
      assertEquals(List.of(), failures);
      assertThrows(
          IllegalStateException.class, () -> bound.reply(kept.get(), segment(bytes(1)), 0, 1));
      assertEquals(0, kept.get().memory().byteSize());
      assertTrue(link.outgoing.isEmpty());
    }

    @Test
    @DisplayName(
        "RFC 791 §3.2, RFC 8200 §4.5: 60,000 bytes go in fragments, and the longest there is")
    void fragmented() {
      DatagramPort port = context.bind(Endpoint.any(53), ear);
      for (int n : new int[] {1_472, 1_473, 60_000, 65_507}) {
        assertTrue(send(port, PEER4, bytes(n)));
        same(sent(), US4, PEER4, bytes(n));
      }
      for (int n : new int[] {1_452, 1_453, 60_000, 65_527}) {
        assertTrue(send(port, PEER6, bytes(n)));
        same(sent(), US6, PEER6, bytes(n));
      }
      assertEquals(8, counted(Event.DATAGRAMS_SENT));
      assertFalse(send(port, PEER4, bytes(65_508)));
      assertFalse(send(port, PEER6, bytes(65_528)));
      assertTrue(link.outgoing.isEmpty());
    }

    @Test
    @DisplayName("A full link refuses, before the datagram and in the middle of one")
    void fullLink() {
      DatagramPort port = context.bind(Endpoint.any(53), ear);
      link.room = 0;
      assertFalse(send(port, PEER4, bytes(10)));
      link.room = 3;
      assertFalse(send(port, PEER6, bytes(60_000)));
      assertEquals(3, link.outgoing.size());
      assertEquals(0, counted(Event.DATAGRAMS_SENT));
      assertEquals(2, counted(Event.DROP_LINK_FULL));
      link.room = 1;
      link.outgoing.clear();
      assertTrue(send(port, PEER4, bytes(10)));
      same(sent(), US4, PEER4, bytes(10));
    }

    @Test
    @DisplayName("Nobody is reached through a group, port 0, or a closed port")
    void refused() {
      DatagramPort port = context.bind(Endpoint.any(53), ear);
      for (String to :
          new String[] {"224.0.0.1", "255.255.255.255", "127.0.0.1", "ff02::1", "::"}) {
        assertFalse(send(port, Endpoint.of(to, 53), bytes(1)), to);
      }
      assertFalse(send(port, Endpoint.of("10.0.0.2", 0), bytes(1)));
      assertFalse(send(context.bind(US6, ear), PEER4, bytes(1)));
      port.close();
      assertFalse(send(port, PEER4, bytes(1)));
      assertTrue(link.outgoing.isEmpty());
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 100, 60_000})
    @DisplayName("From one address of ours to another it turns round here, large ones too")
    void loopback(int n) {
      context.bind(
          Endpoint.any(53),
          (c, port, d) -> assertTrue(port.reply(d, d.memory(), d.start(), d.length())));
      for (Endpoint us : new Endpoint[] {US4, ALSO_US4, US6, ALSO_US6}) {
        DatagramPort client = context.bind(Endpoint.any(1_234), us, ear);
        context.poll(now);
        assertTrue(client.send(segment(bytes(n)), 0, n));
        assertTrue(context.nextDeadlineNanos() <= now, "it waits to be received");
        context.poll(now); // asked
        context.poll(now); // answered
        same(ear.got.removeFirst(), us, client.local(), bytes(n));
        client.close();
      }
      assertTrue(link.outgoing.isEmpty(), "nothing left for the link");
      assertEquals(List.of(), failures);
    }
  }

  // ---- Connected ports and errors ---------------------------------------------------------------

  @Nested
  @DisplayName("Connected ports")
  class Connected {
    private final Ear ear = new Ear();
    private final Ear deaf = new Ear();

    @Test
    @DisplayName("A connected port hears of its remote only, and sends to nobody else")
    void hearsItsRemoteOnly() {
      for (Endpoint peer : new Endpoint[] {PEER4, PEER6}) {
        DatagramPort port = context.bind(Endpoint.any(53), peer, ear);
        Endpoint us = peer == PEER4 ? US4 : US6;
        assertEquals(us, port.local());
        assertEquals(peer, port.remote());
        feed(packet(peer, us, bytes(5)));
        same(ear.got.removeFirst(), peer, us, bytes(5));
        Endpoint otherPort = new Endpoint(peer.address(), peer.port() + 1);
        Endpoint otherHost = Endpoint.of(peer == PEER4 ? "10.0.0.3" : "fd00::3", peer.port());
        isDropped(Event.DROP_UDP, packet(otherPort, us, bytes(5)));
        isDropped(Event.DROP_UDP, packet(otherHost, us, bytes(5)));
        link.outgoing.clear();
        assertTrue(port.send(segment(bytes(8)), 0, 8));
        same(sent(), us, peer, bytes(8));
        assertTrue(send(port, peer, bytes(8)));
        same(sent(), us, peer, bytes(8));
        assertThrows(IllegalArgumentException.class, () -> send(port, otherHost, bytes(1)));
      }
      assertTrue(ear.got.isEmpty());
    }

    /** An ICMP or ICMPv6 error about a packet of ours. */
    private byte[] error(Endpoint to, int type, int code, int word, byte[] quoted) {
      IpAddress router = to.address().isIpv4() ? PEER4.address() : PEER6.address();
      ByteBuffer b = ByteBuffer.allocate(8 + Math.min(quoted.length, 500));
      b.put((byte) type).put((byte) code).putShort((short) 0).putInt(word);
      b.put(quoted, 0, b.remaining());
      int sum =
          to.address().isIpv4()
              ? TcpFixture.sum(b.array(), 0, b.capacity(), 0)
              : sum(ICMPV6, router, to.address(), b.array());
      b.putShort(2, (short) ~sum);
      return ip(to.address().isIpv4() ? ICMP : ICMPV6, router, to.address(), b.array());
    }

    @Test
    @Tag("rfc768-c")
    @DisplayName(
        "RFC 1122 §4.1.3.3: an error reaches the port whose datagram it quotes, and no other")
    void errorsReachTheirCause() {
      for (Endpoint peer : new Endpoint[] {PEER4, PEER6}) {
        Endpoint us = peer == PEER4 ? US4 : US6;
        int type = peer == PEER4 ? 3 : 1;
        int code = peer == PEER4 ? 3 : 4;
        Endpoint otherPort = new Endpoint(peer.address(), peer.port() + 1);
        DatagramPort mine = context.bind(us, peer, ear);
        context.bind(us, otherPort, deaf);
        context.bind(new Endpoint(us.address(), 54), peer, deaf);
        context.bind(peer == PEER4 ? ALSO_US4 : ALSO_US6, peer, deaf);
        DatagramPort open = context.bind(Endpoint.any(us.port() + (peer == PEER4 ? 10 : 11)), deaf);

        assertTrue(mine.send(segment(bytes(20)), 0, 20));
        byte[] quoted = link.outgoing.remove();
        feed(error(us, type, code, 0, quoted));
        assertEquals(List.of(type + "/" + code), ear.errors);
        ear.errors.clear();

        assertTrue(send(open, peer, bytes(20)));
        isDropped(Event.DROP_ICMP, error(us, type, code, 0, link.outgoing.remove()));
        Endpoint stranger = new Endpoint(peer.address(), 9);
        isDropped(Event.DROP_ICMP, error(us, type, code, 0, packet(us, stranger, bytes(20))));
        byte[] asTcp = quoted.clone();
        asTcp[peer == PEER4 ? 9 : 6] = 6;
        isDropped(Event.DROP_ICMP, error(us, type, code, 0, asTcp));
        mine.close();
        isDropped(Event.DROP_ICMP, error(us, type, code, 0, quoted));
      }
      assertEquals(List.of(), ear.errors);
      assertEquals(List.of(), deaf.errors);
      assertEquals(2, counted(Event.ICMP_ERRORS_RECEIVED));
    }

    @Test
    @DisplayName(
        "RFC 1191 §3, RFC 8201 §4: a datagram called too big narrows its path, if it was one")
    void tooBig() {
      for (Endpoint peer : new Endpoint[] {PEER4, PEER6}) {
        Endpoint us = peer == PEER4 ? US4 : US6;
        int type = peer == PEER4 ? 3 : 2;
        int code = peer == PEER4 ? 4 : 0;
        DatagramPort port = context.bind(us, peer, ear);
        assertTrue(port.send(segment(bytes(1_400)), 0, 1_400));
        byte[] quoted = link.outgoing.remove();
        Endpoint stranger = new Endpoint(peer.address(), 9);
        isDropped(
            Event.DROP_ICMP, error(us, type, code, 1_300, packet(us, stranger, bytes(1_400))));
        feed(error(us, type, code, 1_460, quoted)); // it was smaller than that
        assertTrue(port.send(segment(bytes(1_400)), 0, 1_400));
        assertEquals(1, link.outgoing.size());
        link.outgoing.clear();

        feed(error(us, type, code, 1_300, quoted));
        assertEquals(List.of(type + "/" + code, type + "/" + code), ear.errors);
        ear.errors.clear();
        assertTrue(port.send(segment(bytes(1_400)), 0, 1_400));
        assertEquals(2, link.outgoing.size());
        assertTrue(link.outgoing.stream().allMatch(p -> p.length <= 1_300));
        same(sent(), us, peer, bytes(1_400));
      }
      assertEquals(2, counted(Event.PATHS_NARROWED));
    }
  }

  @Nested
  @DisplayName("RFC 8201 §4, RFC 1191 §6.3, RFC 8085 §3.2: sizes")
  class Sizes {
    private final Ear ear = new Ear();

    /** A router says that a datagram from us was too big, quoting as much as it can. */
    private void tooBig(Endpoint us, byte[] about, int mtu) {
      boolean ipv4 = us.address().isIpv4();
      byte[] quoted = Arrays.copyOf(about, Math.min(about.length, ipv4 ? 28 : 1_232));
      IpAddress router = IpAddress.parse(ipv4 ? "10.9.9.9" : "2001:db8:9::1");
      feed(Raw.icmp(router, us.address(), ipv4 ? 3 : 2, ipv4 ? 4 : 0, mtu, quoted));
    }

    @Test
    @DisplayName("RFC 8201 §4: what is larger than anything a port has sent was not its datagram")
    void neverSentSoMuch() {
      for (Endpoint peer : new Endpoint[] {PEER4, PEER6}) {
        Endpoint us = peer == PEER4 ? US4 : US6;
        DatagramPort port = context.bind(us, peer, ear);
        tooBig(us, packet(us, peer, bytes(1_400)), 1_300); // before it has sent anything
        assertTrue(port.send(segment(bytes(1_399)), 0, 1_399));
        link.outgoing.clear();
        tooBig(us, packet(us, peer, bytes(1_400)), 1_300);
        assertEquals(0, counted(Event.PATHS_NARROWED));
        assertTrue(port.send(segment(bytes(1_400)), 0, 1_400));
        assertEquals(1, link.outgoing.size(), "whole");
        link.outgoing.clear();
        port.close();
      }
    }

    @Test
    @DisplayName(
        "RFC 1191 §6.3: a port searches no path; after 20 minutes it tries the whole again")
    void forgotten() {
      for (Endpoint peer : new Endpoint[] {PEER4, PEER6}) {
        Endpoint us = peer == PEER4 ? US4 : US6;
        DatagramPort port = context.bind(us, peer, ear);
        assertTrue(port.send(segment(bytes(1_400)), 0, 1_400));
        tooBig(us, link.outgoing.remove(), 1_300);
        for (int minute = 0; minute < 20; minute++) {
          assertTrue(port.send(segment(bytes(1_400)), 0, 1_400));
          assertEquals(2, link.outgoing.size(), "minute " + minute);
          link.outgoing.clear();
          now += 60_000_000_000L;
          context.poll(now);
        }
        assertTrue(port.send(segment(bytes(1_400)), 0, 1_400));
        assertEquals(1, link.outgoing.size());
        link.outgoing.clear();
      }
      assertEquals(2, counted(Event.PATHS_NARROWED));
    }

    @Test
    @DisplayName("RFC 8085 §3.2: who would not hear that it is too big sends what every path takes")
    void unconnected() {
      DatagramPort open = context.bind(Endpoint.any(53), ear);
      assertTrue(send(open, PEER6, bytes(1_400)));
      assertEquals(2, link.outgoing.size());
      assertTrue(link.outgoing.stream().allMatch(p -> p.length <= 1_280));
      same(sent(), US6, PEER6, bytes(1_400));
      assertTrue(send(open, PEER6, bytes(1_232)));
      assertEquals(1_280, link.outgoing.getFirst().length);
      same(sent(), US6, PEER6, bytes(1_232));
      assertTrue(send(open, PEER4, bytes(1_400)));
      assertEquals(1, link.outgoing.size(), "a router may cut IPv4");
      same(sent(), US4, PEER4, bytes(1_400));
      open.close();
      DatagramPort connected = context.bind(US6, PEER6, ear);
      assertTrue(connected.send(segment(bytes(1_400)), 0, 1_400));
      assertEquals(1, link.outgoing.size());
      same(sent(), US6, PEER6, bytes(1_400));
    }
  }

  // ---- Handlers ---------------------------------------------------------------------------------

  @Nested
  @DisplayName("Handlers")
  class Handlers {
    @Test
    @DisplayName("What a handler throws is reported; its port and all others go on")
    void failure() {
      Ear other = new Ear();
      context.bind(Endpoint.any(54), other);
      int[] calls = {0};
      context.bind(
          Endpoint.any(53),
          (c, port, d) -> {
            calls[0]++;
            throw new AssertionError("on purpose");
          });
      feed(
          packet(PEER4, US4, bytes(3)),
          packet(PEER4, Endpoint.of("10.0.0.1", 54), bytes(4)),
          packet(PEER6, US6, bytes(3)));
      assertEquals(2, calls[0]);
      assertEquals(bytes(4).length, other.only().payload().length);
      assertEquals(2, counted(Event.HANDLER_FAILURES));
      assertEquals(
          List.of("on purpose", "on purpose"),
          failures.stream().map(Throwable::getMessage).toList());
    }

    @Test
    @DisplayName("A callback may close its port, open it again and close others")
    void closeInsideACallback() {
      Ear after = new Ear();
      Ear neighbour = new Ear();
      DatagramPort next = context.bind(Endpoint.any(54), neighbour);
      context.bind(
          Endpoint.any(53),
          (c, port, d) -> {
            port.close();
            next.close();
            assertFalse(port.reply(d, d.memory(), d.start(), d.length()), "closed");
            assertThrows(IllegalStateException.class, c::close);
            assertTrue(c.bind(port.local(), after).reply(d, d.memory(), d.start(), d.length()));
          });
      feed(
          packet(PEER4, US4, bytes(3)),
          packet(PEER4, Endpoint.of("10.0.0.1", 54), bytes(4)),
          packet(PEER6, US6, bytes(5)));
      assertEquals(List.of(), failures);
      same(after.only(), PEER6, US6, bytes(5));
      assertTrue(neighbour.got.isEmpty());
      assertEquals(1, counted(Event.DROP_UDP));
    }

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3})
    @DisplayName("100,000 random datagrams: nothing thrown, each counted once, nothing left")
    void random(long seed) {
      var random = new SplittableRandom(seed);
      long[] heard = {0};
      DatagramHandler handler =
          (c, port, d) -> {
            heard[0]++;
            assertTrue(d.start() + d.length() <= d.memory().byteSize());
            if (d.length() % 7 == 0) {
              port.reply(d, d.memory(), d.start(), d.length());
            }
            if (d.length() % 50 == 0) {
              port.close();
              c.bind(port.local(), (context, again, datagram) -> heard[0]++);
            }
          };
      for (int number = 1; number <= 8; number++) {
        context.bind(Endpoint.any(number), handler);
      }
      context.bind(US4, PEER4, handler);
      for (int fed = 0; fed < 100_000; fed += 50) {
        for (int i = 0; i < 50; i++) {
          link.incoming.add(randomPacket(random));
        }
        now += 20_000_000;
        context.poll(now);
        assertTrue(link.outgoing.size() <= 60 + 50, "it talks too much");
        link.outgoing.clear();
      }
      now += 200_000_000_000L;
      context.poll(now);
      long counted = counted(Event.DATAGRAMS_RECEIVED) + counted(Event.ECHO_REPLIES);
      counted += counted(Event.SEGMENTS_RECEIVED) + counted(Event.ICMP_ERRORS_RECEIVED);
      for (Event e : Event.values()) {
        boolean isOfTcp = e == Event.DROP_NO_CONNECTION || e == Event.DROP_LINK_FULL;
        counted += e.name().startsWith("DROP_") && !isOfTcp ? counted(e) : 0;
      }
      assertEquals(100_000, counted(Event.PACKETS_RECEIVED));
      assertEquals(100_000, counted);
      assertEquals(heard[0], counted(Event.DATAGRAMS_RECEIVED));
      assertTrue(heard[0] > 10_000 && counted(Event.DROP_UDP_LENGTH) > 1_000);
      assertTrue(counted(Event.DROP_UDP) > 1_000 && counted(Event.DROP_UDP_CHECKSUM) > 1_000);
      assertEquals(List.of(), failures);
    }

    private static byte[] randomPacket(SplittableRandom random) {
      boolean ipv4 = random.nextBoolean();
      Endpoint from = new Endpoint((ipv4 ? PEER4 : PEER6).address(), random.nextInt(65_536));
      Endpoint to = new Endpoint((ipv4 ? US4 : US6).address(), random.nextInt(12));
      byte[] payload = new byte[random.nextInt(200)];
      random.nextBytes(payload);
      byte[] b = packet(from, to, payload);
      int header = ipv4 ? 20 : 40;
      switch (random.nextInt(8)) {
        case 0 -> ByteBuffer.wrap(b).putShort(header + 4, (short) random.nextInt(300));
        case 1 -> b[header + random.nextInt(b.length - header)] ^= 1 << random.nextInt(8);
        case 2 -> b[random.nextInt(b.length)] ^= (byte) random.nextInt();
        case 3 -> b = Arrays.copyOf(b, random.nextInt(b.length));
        case 4 -> random.nextBytes(b);
        default -> {}
      }
      return b;
    }
  }
}
