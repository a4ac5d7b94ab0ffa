package wisp.lab.phantom;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import org.junit.jupiter.api.Test;
import wisp.core.spi.Burst;
import wisp.core.spi.TransmitPacket;
import wisp.core.stack.Endpoint;

class PhantomLinkTest {
  private static final Endpoint SERVER = Endpoint.of("10.9.1.1", 7);
  private static final int SERVER_ISN = 0xFFFF_FFFF;
  private final PhantomPeers peers = new PhantomPeers(1);
  private final PhantomLink link = new PhantomLink(peers, SERVER, 0, null);
  private final Burst burst = new Burst();
  private final TransmitPacket packet = new TransmitPacket();

  /** What a stack would answer to SYN number i, with {@code change} added to its ACK number. */
  private void synAck(long i, int change, boolean badChecksum) {
    assertTrue(link.claim(60, packet));
    MemorySegment m = packet.memory;
    int options = Segments.synOptions(m, packet.start + 40, 1460, 77, 5);
    m.set(Segments.BE32, packet.start + 52, peers.timestampBase(i));
    packet.length =
        Segments.write(
            m,
            packet.start,
            SERVER.address().ipv4(),
            SERVER.port(),
            peers.address(i),
            peers.port(i),
            SERVER_ISN,
            peers.isn(i) + 1 + change,
            Segments.SYN | Segments.ACK,
            65_535,
            options);
    if (badChecksum) {
      m.set(Segments.BE16, packet.start + 36, (short) ~m.get(Segments.BE16, packet.start + 36));
    }
    link.commit(packet);
  }

  private int receive() {
    burst.clear();
    return link.receive(burst);
  }

  private int word(int i, int offset) {
    return burst.memory(i).get(Segments.BE32, burst.start(i) + offset);
  }

  @Test
  void numbersAndEndpointsNameEachOther() {
    for (long i : new long[] {0, 1, 59_999, 60_000, 123_456_789, PhantomPeers.MOST - 1}) {
      assertEquals(i, peers.number(peers.address(i), peers.port(i)));
    }
    assertEquals(-1, peers.number(SERVER.address().ipv4(), 7));
    assertEquals(-1, peers.number(peers.address(0), 80));
  }

  @Test
  void sequenceNumbersDifferAndDependOnTheSeed() {
    var seen = new HashSet<Integer>();
    for (int i = 0; i < 10_000; i++) {
      seen.add(peers.isn(i));
    }
    assertTrue(seen.size() > 9_990);
    assertEquals(peers.isn(5), new PhantomPeers(1).isn(5));
    assertTrue(peers.isn(5) != new PhantomPeers(2).isn(5));
  }

  @Test
  void opensAsManyAsAllowedWithAllOptions() {
    link.allow(3);
    assertEquals(3, receive());
    assertEquals(60, burst.length(2));
    assertEquals(peers.address(2), word(2, 12));
    assertEquals(peers.isn(2), word(2, 24));
    assertEquals(0, word(2, 28));
    assertEquals(0xFFFF, Segments.fold(Segments.sum(burst.memory(2), burst.start(2), 20)));
    assertEquals(0xFFFF, Segments.tcpSum(burst.memory(2), burst.start(2), 40));
    for (int option : new int[] {2, 3, 4, 8}) {
      assertTrue(Segments.option(burst.memory(2), burst.start(2) + 20, 40, option) > 0);
    }
    assertEquals(0, receive());
  }

  @Test
  void answersASynAckFromThePacketAlone() {
    link.allow(1);
    receive();
    synAck(0, 0, false);
    assertEquals(1, receive());
    assertEquals(52, burst.length(0));
    assertEquals(peers.isn(0) + 1, word(0, 24));
    assertEquals(0, word(0, 28)); // one more than 2^32 − 1
    assertEquals(77, word(0, 48)); // our timestamp, echoed
    assertEquals(0xFFFF, Segments.tcpSum(burst.memory(0), burst.start(0), 32));
    assertEquals(new PhantomCounts(1, 1, 1, 0, 0, 0, 0), link.counts());
  }

  @Test
  void doesNotAnswerWhatIsWrong() {
    link.allow(2);
    receive();
    synAck(0, 1, false);
    synAck(1, 0, true);
    assertEquals(0, receive());
    assertEquals(new PhantomCounts(2, 0, 0, 2, 0, 0, 0), link.counts());
  }

  @Test
  void doesNotFloodTheQueueOfHalfOpenConnections() {
    link.allow(1_000_000);
    int syns = 0;
    for (int i = 0; i < 1_000; i++) {
      syns += receive();
    }
    assertEquals(PhantomLink.MOST_HALF_OPEN, syns);
  }
}
