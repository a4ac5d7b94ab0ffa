package wisp.drivers.inmemory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.drivers.Packets;
import wisp.drivers.faults.FaultyLink;
import wisp.drivers.faults.PathConfig;

class InMemorySwitchTest {
  private static final long FIRST = 0x02_0000_0000_10L;
  private static final long BROADCAST = 0xFFFF_FFFF_FFFFL;
  private static final long SOLICITED_NODE = 0x3333_FF00_0001L;
  private final InMemorySwitch network = new InMemorySwitch(3, 1500, 4, FIRST);
  private final Burst burst = new Burst();

  @AfterEach
  void close() {
    network.close();
  }

  private static byte[] frame(long to, long from, int bytes) {
    return Packets.ethernet(to, from, Packets.ETHER_ARP, new byte[bytes]);
  }

  private void send(int port, long to) {
    Link link = network.port(port);
    Packets.commit(link, frame(to, link.hardwareAddress(), 28));
    link.flush();
  }

  /** How many frames reached each port since the last look. */
  private String arrived() {
    var counts = new StringBuilder();
    for (int i = 0; i < network.ports(); i++) {
      burst.clear();
      counts.append(network.port(i).receive(burst));
    }
    return counts.toString();
  }

  @Test
  void broadcastAndMulticastReachAllOthers() {
    send(0, BROADCAST);
    assertEquals("011", arrived());
    send(2, SOLICITED_NODE);
    assertEquals("110", arrived());
  }

  @Test
  void aFrameForSomeoneUnknownReachesAll_oneForSomeoneHeardBeforeOnlyHim() {
    send(0, FIRST + 1);
    assertEquals("011", arrived());
    send(1, FIRST);
    assertEquals("100", arrived());
    send(0, FIRST + 1);
    assertEquals("010", arrived());
    network.forget();
    send(0, FIRST + 1);
    assertEquals("011", arrived());
  }

  @Test
  void nobodyHearsHimself() {
    send(0, BROADCAST);
    arrived();
    send(0, FIRST);
    assertEquals("000", arrived());
  }

  @Test
  void givenAFullPort_thenItAloneLosesFrames() {
    for (int i = 0; i < 6; i++) {
      send(0, BROADCAST);
      burst.clear();
      network.port(1).receive(burst);
    }
    assertEquals(2, network.drops());
    assertEquals("004", arrived());
  }

  @Test
  void aFaultyPathLiesOnAPort() {
    var faulty =
        new FaultyLink(network.port(0), PathConfig.parse("delay=1ms"), PathConfig.PERFECT, 1);
    assertEquals(Link.Kind.ETHERNET, faulty.kind());
    assertEquals(FIRST, faulty.hardwareAddress());
    byte[] frame = frame(BROADCAST, FIRST, 1500);
    assertTrue(Packets.commit(faulty, frame));
    faulty.flush();
    assertEquals("000", arrived());
    faulty.advanceTo(1_000_000);
    burst.clear();
    assertEquals(1, network.port(1).receive(burst));
    assertArrayEquals(frame, Packets.copy(burst, 0));
  }

  @Test
  void needsTwoPorts() {
    assertThrows(IllegalArgumentException.class, () -> new InMemorySwitch(1, 1500, 4, FIRST));
  }
}
