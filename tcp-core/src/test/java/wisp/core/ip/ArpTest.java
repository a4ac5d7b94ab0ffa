package wisp.core.ip;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import wisp.core.Counters.Event;
import wisp.core.link.NeighbourState;
import wisp.core.wire.HardwareAddress;

@DisplayName("RFC 826: address resolution")
@Tag("rfc826")
class ArpTest {
  private static final int OTHER = 0x0A00_0063;

  private final Lan lan = new Lan();
  private final Host a = lan.host(1);
  private final Host b = lan.host(2);

  @AfterEach
  void everythingIsGivenBack() {
    a.hood.close();
    b.hood.close();
    a.memory.close();
    b.memory.close();
  }

  @Test
  @Tag("rfc826-a")
  @DisplayName("A request for our address gets one unicast reply; one for another's gets none")
  void requestIsAnswered() {
    b.receiveFrame(Crafted.arp(1, 9, 0x0A00_0009, b.ipv4));
    lan.settle();
    var replies = lan.seen(f -> f.isArp(2));
    assertEquals(1, replies.size());
    var reply = replies.getFirst();
    assertEquals(0x0200_0000_0009L, reply.station(0), "unicast");
    assertEquals(b.hardware, reply.station(22));
    assertEquals(b.ipv4, reply.i32(28));
    assertEquals(0x0200_0000_0009L, reply.station(32));
    assertEquals(0x0A00_0009, reply.i32(38));

    b.receiveFrame(Crafted.arp(1, 9, 0x0A00_0009, OTHER));
    lan.settle();
    assertEquals(1, lan.seen(f -> f.isArp(2)).size());
  }

  @Test
  @Tag("rfc826-b")
  @DisplayName("A request to us makes or changes the sender's entry; others only change one")
  void whatIsLearnt() {
    long sender = Host.mapped(0x0A00_0009);
    b.receiveFrame(Crafted.arp(1, 9, 0x0A00_0009, OTHER));
    b.receiveFrame(Crafted.arp(2, 9, 0x0A00_0009, b.ipv4));
    assertNull(b.hood.cache().state(0, sender, lan.now), "nobody asked");

    b.receiveFrame(Crafted.arp(1, 9, 0x0A00_0009, b.ipv4));
    assertEquals(0x0200_0000_0009L, b.hood.cache().peek(0, sender));
    assertEquals(NeighbourState.STALE, b.hood.cache().state(0, sender, lan.now));

    b.receiveFrame(Crafted.arp(1, 8, 0x0A00_0009, OTHER));
    assertEquals(0x0200_0000_0008L, b.hood.cache().peek(0, sender));
    b.receiveFrame(Crafted.arp(1, 7, 0x0A00_0009, b.ipv4));
    assertEquals(0x0200_0000_0007L, b.hood.cache().peek(0, sender));
  }

  @Test
  @Tag("rfc826-c")
  @DisplayName("The first packet to an unknown neighbour waits and is sent after the reply")
  void firstPacketWaits() {
    a.start();
    a.send(0, Host.mapped(b.ipv4), 700);
    assertEquals(1, a.memory.blocks().inUse());
    lan.settle();
    assertEquals(java.util.List.of(700), b.delivered);
    assertEquals(0, a.memory.blocks().inUse());
    a.send(0, Host.mapped(b.ipv4), 701);
    lan.settle();
    assertEquals(java.util.List.of(700, 701), b.delivered);
    assertEquals(2, lan.seen(f -> f.isArp(1)).size(), "the announcement and one question");
  }

  @Test
  @Tag("rfc826-c")
  @DisplayName("The latest packet waits; when nobody answers three questions it is reported")
  void nobodyAnswers() {
    a.start();
    a.send(0, Host.mapped(OTHER), 700);
    a.send(0, Host.mapped(OTHER), 800);
    lan.advance(10 * Lan.SECOND);
    assertEquals(3, lan.seen(f -> f.isArp(1) && f.i32(38) == OTHER).size());
    assertEquals(java.util.List.of(800), a.unreachable);
    assertEquals(0, a.memory.blocks().inUse());
    assertNull(a.hood.cache().state(0, Host.mapped(OTHER), lan.now));
    assertEquals(1, a.counters.get(Event.NEIGHBOURS_FAILED));
  }

  @Test
  @Tag("rfc826-d")
  @DisplayName("Wrong types, lengths, operations and senders are dropped and counted")
  void malformed() {
    int[] places = {15, 17, 18, 19, 21};
    for (int at : places) {
      byte[] frame = Crafted.arp(1, 9, 0x0A00_0009, b.ipv4);
      frame[at] += 7;
      b.receiveFrame(frame);
    }
    b.receiveFrame(java.util.Arrays.copyOf(Crafted.arp(1, 9, 0x0A00_0009, b.ipv4), 41));
    byte[] group = Crafted.arp(1, 9, 0x0A00_0009, b.ipv4);
    group[22] |= 1;
    b.receiveFrame(group);
    b.receiveFrame(Crafted.arp(1, 9, 0xE000_0001, b.ipv4));
    lan.settle();
    assertEquals(0, lan.frames.size());
    assertEquals(8, b.counters.get(Event.DROP_ARP));
    assertEquals(0, b.hood.cache().size());
  }

  @Test
  @DisplayName("RFC 5227 §2.3: we announce our address; who claims it is counted, not believed")
  void conflict() {
    a.start();
    lan.settle();
    var hello = lan.seen(f -> f.isArp(1)).getFirst();
    assertEquals(HardwareAddress.BROADCAST, hello.station(0));
    assertEquals(a.ipv4, hello.i32(28));
    assertEquals(a.ipv4, hello.i32(38));
    a.receiveFrame(Crafted.arp(1, 9, a.ipv4, a.ipv4));
    assertEquals(1, a.counters.get(Event.ADDRESS_CONFLICTS));
    assertEquals(0, a.hood.cache().size());
  }

  @Test
  @DisplayName("RFC 6583: 100,000 made-up neighbours don't displace one we talk with")
  void flood() {
    a.start();
    a.send(0, Host.mapped(b.ipv4), 700);
    lan.settle();
    long before = a.hood.reservedBytes();
    for (int i = 0; i < 100_000; i++) {
      a.receiveFrame(Crafted.arp(1, 1_000 + i, 0x0B00_0000 + i, a.ipv4));
      a.link.outgoing.clear();
      a.hood.cache().resolve(0, Host.mapped(0x0C00_0000 + i), lan.now);
      a.link.outgoing.clear();
    }
    assertTrue(a.hood.cache().size() <= 1_024);
    assertEquals(before, a.hood.reservedBytes());
    assertEquals(NeighbourState.REACHABLE, a.hood.cache().state(0, Host.mapped(b.ipv4), lan.now));
  }
}
