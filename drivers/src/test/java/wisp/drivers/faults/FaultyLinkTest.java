package wisp.drivers.faults;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.LinkOffloads;
import wisp.core.spi.TransmitPacket;
import wisp.drivers.LinkContract;
import wisp.drivers.Packets;
import wisp.drivers.inmemory.InMemoryPipe;

class FaultyLinkTest {
  /** With perfect paths the wrapper is a link like any other. */
  @Nested
  class Contract extends LinkContract {
    private final InMemoryPipe pipe = new InMemoryPipe(1500, 1024, InMemoryPipe.ALL_OFFLOADS);
    private final Burst burst = new Burst();
    private int next;

    @Override
    protected Link open() {
      return new FaultyLink(pipe.a(), PathConfig.PERFECT, PathConfig.PERFECT, 1);
    }

    @Override
    protected String peerAddress() {
      return "10.9.0.1";
    }

    @Override
    protected int peerPort() {
      return 7;
    }

    @Override
    protected void peerSends(byte[] payload) {
      Packets.commit(pipe.b(), Packets.udp("10.9.0.1", 7, OWN, OWN_PORT, payload));
      pipe.b().flush();
    }

    @Override
    protected byte @Nullable [] peerReceives(int timeoutMillis) {
      if (next == burst.size()) {
        next = 0;
        burst.clear();
        pipe.b().receive(burst);
      }
      return burst.size() == 0 ? null : Packets.udpPayload(Packets.copy(burst, next++));
    }

    @Override
    protected void closePeer() {
      pipe.close();
    }
  }

  private static final long MILLI = 1_000_000;
  private final Burst burst = new Burst();

  private static byte[] numbered(int number) {
    return Packets.udp(
        "10.9.0.1", 1, "10.9.1.7", 2, new byte[] {(byte) (number >>> 8), (byte) number});
  }

  private List<byte[]> receiveAll(Link link) {
    var packets = new ArrayList<byte[]>();
    do {
      burst.clear();
      link.receive(burst);
      for (int i = 0; i < burst.size(); i++) {
        packets.add(Packets.copy(burst, i));
      }
    } while (burst.size() > 0);
    return packets;
  }

  @Test
  void delaysBothWaysInVirtualTime() {
    try (var pipe = new InMemoryPipe();
        var link =
            new FaultyLink(
                pipe.a(), PathConfig.parse("delay=20ms"), PathConfig.parse("delay=30ms"), 1)) {
      link.advanceTo(5 * MILLI);
      Packets.commit(link, numbered(1));
      link.flush();
      Packets.commit(pipe.b(), numbered(2));
      pipe.b().flush();
      assertEquals(0, receiveAll(link).size());
      assertEquals(25 * MILLI, link.nextDeadlineNanos());
      link.advanceTo(25 * MILLI - 1);
      assertEquals(0, receiveAll(pipe.b()).size());
      link.advanceTo(25 * MILLI);
      assertArrayEquals(numbered(1), receiveAll(pipe.b()).getFirst());
      assertEquals(35 * MILLI, link.nextDeadlineNanos());
      link.advanceTo(link.nextDeadlineNanos());
      assertArrayEquals(numbered(2), receiveAll(link).getFirst());
      assertEquals(Long.MAX_VALUE, link.nextDeadlineNanos());
      assertThrows(IllegalArgumentException.class, () -> link.advanceTo(0));
    }
  }

  @Test
  void givenOneSeed_thenWhatComesOutIsTheSame() {
    assertEquals(history(42), history(42));
    assertTrue(!history(42).equals(history(43)));
  }

  private List<String> history(long seed) {
    PathConfig bad =
        PathConfig.parse(
            "delay=3ms,jitter=1ms,loss=5%,reorder=10%,duplicate=5%,corrupt=5%,rate=50mbit");
    var events = new ArrayList<String>();
    try (var pipe = new InMemoryPipe();
        var link = new FaultyLink(pipe.a(), bad, bad, seed)) {
      for (int i = 0; i < 2000; i++) {
        long now = i * 100_000L;
        link.advanceTo(now);
        Packets.commit(link, numbered(i));
        Packets.commit(pipe.b(), numbered(i));
        pipe.b().flush();
        link.flush();
        receiveAll(link)
            .forEach(packet -> events.add(now + " in " + java.util.Arrays.hashCode(packet)));
        receiveAll(pipe.b())
            .forEach(packet -> events.add(now + " out " + java.util.Arrays.hashCode(packet)));
      }
      events.add(link.sendingStats().toString());
      events.add(link.receivingStats().toString());
    }
    return events;
  }

  @Test
  void givenATrustedPacket_whenCorrupted_thenItIsNoLongerTrusted() {
    try (var pipe = new InMemoryPipe(1500, 64, InMemoryPipe.ALL_OFFLOADS);
        var link =
            new FaultyLink(pipe.a(), PathConfig.PERFECT, PathConfig.parse("corrupt=100%"), 1)) {
      var packet = new TransmitPacket();
      assertTrue(pipe.b().claim(40, packet));
      packet.length = 40;
      packet.needsChecksum = true;
      pipe.b().commit(packet);
      pipe.b().flush();
      burst.clear();
      assertEquals(1, link.receive(burst));
      assertEquals(0, burst.flags(0));
    }
  }

  @Test
  void offersNothingAndRefusesWhatNeedsIt() {
    try (var pipe = new InMemoryPipe(1500, 64, InMemoryPipe.ALL_OFFLOADS);
        var link = new FaultyLink(pipe.a(), PathConfig.PERFECT, PathConfig.PERFECT, 1)) {
      assertEquals(LinkOffloads.NONE, link.offloads());
      var packet = new TransmitPacket();
      assertTrue(link.claim(40, packet));
      packet.length = 40;
      packet.needsChecksum = true;
      assertThrows(IllegalStateException.class, () -> link.commit(packet));
    }
  }
}
