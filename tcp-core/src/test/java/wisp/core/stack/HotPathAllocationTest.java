package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.nio.ByteOrder;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;
import wisp.core.ip.Crafted;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.Burst;
import wisp.core.spi.QuietLink;
import wisp.core.spi.TestMemory;
import wisp.core.spi.TransmitPacket;
import wisp.core.wire.ArpPacket;
import wisp.core.wire.EthernetHeader;

@DisplayName("Once warm, a million segments or datagrams cost no garbage, in either direction")
class HotPathAllocationTest {
  private static final ValueLayout.OfInt BE32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final int BURST = 50;
  private static final int BYTES = 1_000;
  private static final int SEQ = 24;
  private static final int ACK = 28;
  private static final long OURS = 0x0200_0000_0001L;
  private static final long THEIRS = 0x0200_0000_0002L;

  /** Hands out prepared packets whose checksum is trusted; what is sent is only counted. */
  private static final class PreparedLink extends QuietLink {
    final MemorySegment[] packets = new MemorySegment[BURST];
    final int frame;
    int ready;
    int sent;
    int lastSeq;
    int lastLength;
    int lastAck;

    /** With so many bytes before the IP header: 14 on Ethernet. */
    PreparedLink(int frame) {
      super(MemorySegment.ofArray(new byte[2_048]));
      this.frame = frame;
    }

    @Override
    public Kind kind() {
      return frame == 0 ? Kind.IP : Kind.ETHERNET;
    }

    @Override
    public long hardwareAddress() {
      return frame == 0 ? 0 : OURS;
    }

    @Override
    public int receive(Burst burst) {
      int n = ready;
      for (int i = 0; i < n; i++) {
        burst.add(packets[i], 0, (int) packets[i].byteSize(), Burst.CHECKSUM_TRUSTED);
      }
      ready = 0;
      return n;
    }

    @Override
    public void commit(TransmitPacket packet) {
      sent++;
      lastSeq = transmit.get(BE32, frame + SEQ);
      lastAck = transmit.get(BE32, frame + ACK);
      lastLength = packet.length - frame - 40;
    }
  }

  private final TestMemory memory = new TestMemory();
  private PreparedLink link = new PreparedLink(0);
  private Context context = context();
  private final TcpFixture forger = TcpFixture.with().closed();
  private long connection;
  private long delivered;
  private long now = 1;
  private int theirs = 1;
  private int iss;

  private Context context() {
    return new Context(ContextConfig.of(IpPrefix.parse("10.0.0.1/32")), memory, link, () -> 4_711);
  }

  /** The same on an Ethernet link, where the peer has asked for our station. */
  private void onEthernet() {
    context.close();
    link = new PreparedLink(EthernetHeader.LENGTH);
    context = context();
    byte[] arp = Crafted.arp(ArpPacket.REQUEST, 2, TcpFixture.PEER, TcpFixture.HOST);
    link.packets[0] = MemorySegment.ofArray(arp);
    link.ready = 1;
    context.poll(now);
  }

  /** A packet as the link brings it. */
  private MemorySegment packet(Seg seg) {
    byte[] ip = forger.packet(seg);
    byte[] whole = new byte[link.frame + ip.length];
    System.arraycopy(ip, 0, whole, link.frame, ip.length);
    var m = MemorySegment.ofArray(whole);
    if (link.frame > 0) {
      EthernetHeader.write(m, 0, OURS, THEIRS, EthernetHeader.TYPE_IPV4);
    }
    return m;
  }

  private HotPathAllocationTest open() {
    context.listen(
        Endpoint.any(TcpFixture.SERVICE),
        ConnectionProfile.NO_DELAY,
        new ConnectionHandler() {
          @Override
          public void onOpen(Context c, long handle) {
            connection = handle;
          }

          @Override
          public void onData(Context c, long handle, MemorySegment m, long offset, int length) {
            delivered += length;
          }
        });
    feed(Seg.syn());
    iss = link.lastSeq;
    forger.iss = iss;
    feed(Seg.ack().seq(1).ack(1));
    for (int i = 0; i < BURST; i++) {
      link.packets[i] = packet(Seg.data(BYTES).seq(1).ack(1));
    }
    return this;
  }

  private void feed(Seg seg) {
    link.packets[0] = packet(seg);
    link.ready = 1;
    context.poll(now);
  }

  private void receive(int bursts) {
    receive(bursts, BYTES);
  }

  /** Bursts of what is prepared, each packet so many sequence numbers after the last. */
  private void receive(int bursts, int step) {
    for (int k = 0; k < bursts; k++) {
      for (int i = 0; i < BURST && step > 0; i++) {
        link.packets[i].set(BE32, link.frame + SEQ, forger.irs + theirs);
        theirs += step;
      }
      link.ready = BURST;
      now += 50_000;
      context.poll(now);
    }
  }

  private void send(int bursts, int frame) {
    for (int k = 0; k < bursts; k++) {
      for (int i = 0; i < 10; i++) {
        assertTrue(context.send(connection, frame));
      }
      link.packets[0].set(BE32, link.frame + ACK, link.lastSeq + link.lastLength);
      link.ready = 1;
      now += 50_000;
      context.poll(now);
    }
  }

  private static long allocated() {
    return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
  }

  @ParameterizedTest(name = "Ethernet: {0}")
  @ValueSource(booleans = {false, true})
  void receiving(boolean ethernet) {
    if (ethernet) {
      onEthernet();
    }
    open();
    receive(4_000);
    int sent = link.sent;
    long before = allocated();
    receive(20_000);
    long bytes = allocated() - before;
    assertEquals(24_000L * BURST * BYTES, delivered);
    assertEquals(20_000, link.sent - sent, "one ACK a burst");
    assertEquals(forger.irs + theirs, link.lastAck);
    assertTrue(bytes < 50_000, bytes + " bytes for a million segments");
    context.close();
    memory.close();
  }

  @Test
  void echoingDatagrams() {
    context.bind(
        Endpoint.any(7),
        (c, port, d) -> {
          delivered += d.length();
          assertTrue(port.reply(d, d.memory(), d.start(), d.length()));
        });
    for (int i = 0; i < BURST; i++) {
      link.packets[i] =
          MemorySegment.ofArray(
              UdpTest.packet(
                  Endpoint.of("10.0.0.2", 5_000 + i),
                  Endpoint.of("10.0.0.1", 7),
                  UdpTest.bytes(BYTES)));
    }
    receive(1_000, 0);
    long before = allocated();
    receive(20_000, 0);
    long bytes = allocated() - before;
    assertEquals(21_000L * BURST * BYTES, delivered);
    assertEquals(21_000 * BURST, link.sent);
    assertTrue(bytes < 50_000, bytes + " bytes for a million datagrams");
    context.close();
    memory.close();
  }

  @ParameterizedTest(name = "Ethernet: {0}")
  @ValueSource(booleans = {false, true})
  void sending(boolean ethernet) {
    if (ethernet) {
      onEthernet();
    }
    open();
    link.packets[0] = packet(Seg.ack().seq(1).ack(1));
    int frame = context.frame(1_460);
    send(10_000, frame);
    int sent = link.sent;
    long before = allocated();
    send(100_000, frame);
    long bytes = allocated() - before;
    assertTrue(link.sent - sent >= 999_000, () -> (link.sent - sent) + " sent");
    assertEquals(0, context.counters().get(Event.SEGMENTS_RETRANSMITTED));
    assertTrue(bytes < 50_000, bytes + " bytes for a million segments");
    context.release(frame);
    context.close();
    memory.close();
  }
}
