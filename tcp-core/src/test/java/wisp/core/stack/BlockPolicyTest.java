package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.SYN;
import static wisp.core.stack.TcpFixture.with;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;
import wisp.core.spi.TestMemory;
import wisp.core.tcp.State;

/** Row by row, the table of docs/decisions/0031-scarcity.md. */
@DisplayName("Blocks are short: who loses, in which order, and which counter says so")
class BlockPolicyTest {
  private static final int POOL = 64 << 10;
  private final TestMemory memory = new TestMemory(POOL);
  private final ArrayDeque<TcpFixture> sleepers = new ArrayDeque<>();
  private final List<TcpFixture> fillers = new ArrayList<>();
  private int port = 20_000;

  private TcpFixture.Setup setup() {
    return with()
        .memory(memory)
        .options(Seg.mss(1_460), Seg.sackPermitted())
        .listen(b -> b.cookies = ListenConfig.Cookies.NEVER);
  }

  private long free() {
    return memory.blocks().availableBytes();
  }

  /** Connections of modest hosts, asleep. */
  private void sleepers(TcpFixture any) {
    for (int i = 0; i < 140; i++) {
      sleepers.add(any.anotherHost(100 + i, port++).handshake());
    }
    assertEquals(0, any.counted(Event.REFUSED_NEW));
  }

  /** They wake, and keep two blocks busy each, until no more than so much is free. */
  private void fillTo(long bytes) {
    while (free() > bytes) {
      fillers.add(sleepers.remove().send(10));
    }
  }

  /** Text beyond a hole, a block of it for each piece. */
  private static void holes(TcpFixture tcp, int pieces) {
    for (int i = 0; i < pieces; i++) {
      tcp.receives(Seg.data(1_000).seq(2_001 + 4_000 * i));
    }
  }

  @Test
  @DisplayName("text beyond a hole leaves a quarter, new connections three sixteenths, sends 1/8")
  void givenLessAndLess_whenEachAsks_thenTheyLoseInThisOrder() {
    var tcp = setup().established();
    sleepers(tcp);
    var old = tcp.anotherHost(3, 6_000).handshake();
    fillTo(POOL / 4 + 300);
    old.receives(Seg.data(1_000).seq(2_001));
    assertEquals(1, tcp.counted(Event.REFUSED_HELD_TEXT));
    assertEquals(1, tcp.counted(Event.DROP_NO_BLOCK));
    old.receives(Seg.data(2_000).seq(1)).delivered(2_000); // in order needs none

    fillTo(3 * POOL / 16);
    var early = sleepers.remove();
    var late = tcp.anotherHost(5, 6_002);
    late.receives(Seg.syn()).sendsNothing();
    assertEquals(1, tcp.counted(Event.REFUSED_NEW));
    assertEquals(2, tcp.counted(Event.DROP_NO_BLOCK));
    early.send(10).sends(ACK);

    while (early.trySend(10)) {
      assertTrue(free() >= POOL / 8);
    }
    assertTrue(tcp.counted(Event.REFUSED_ORDINARY) > 0);
    assertEquals(1, tcp.counted(Event.SENDS_REFUSED));
    assertTrue(free() > 0);
    assertTrue(old.context.shutdown(old.connection)); // what ends a connection may have the rest
    assertEquals(0, tcp.counted(Event.REFUSED_ESSENTIAL));
    tcp.allReturns();
  }

  @Test
  @DisplayName("text beyond a hole gives way to what is in order, the farther half first")
  void givenHeldText_whenAnotherSends_thenTheFartherHalfIsCut() {
    var tcp = setup().config(with().config.withPeerLimits(PeerLimits.NONE)).established();
    sleepers(tcp);
    holes(tcp, 8);
    tcp.sent();
    assertEquals(9, tcp.blocksInUse());
    fillTo(POOL / 8 + 600);
    assertEquals(0, tcp.counted(Event.HELD_TEXT_TAKEN));
    var other = tcp.anotherHost(3, 6_000);
    // a new connection is not worth what an old one holds
    other.receives(Seg.syn()).sendsNothing();
    assertEquals(0, tcp.counted(Event.HELD_TEXT_TAKEN));
    while (tcp.counted(Event.HELD_TEXT_TAKEN) == 0) {
      assertTrue(sleepers.remove().trySend(10));
    }
    assertEquals(4, tcp.counted(Event.HELD_TEXT_TAKEN));
    assertEquals(0, tcp.counted(Event.SENDS_REFUSED));

    // What is no longer there is reported no more (RFC 2018 §8), and comes again.
    tcp.receives(Seg.data(1_000).seq(2_001));
    var ack = tcp.sent().getLast();
    for (int i = 0; i < ack.sack.length; i++) {
      assertTrue(ack.sack[i] - tcp.irs <= 2_001 + 4_000 * 4, "an island beyond what is held");
    }
    tcp.receives(Seg.data(32_000).seq(1)).delivered(32_000);
    tcp.allReturns();
  }

  @Test
  void givenAPeerAboveItsShare_whenItWantsMore_thenItIsRefusedAndOthersAreNot() {
    var tcp = setup().established();
    var greedy = new ArrayList<TcpFixture>();
    for (int i = 0; i < 40; i++) {
      greedy.add(tcp.another(7_000 + i).handshake());
    }
    // Alone it may have what nobody else wants, up to a quarter.
    int awake = 0;
    while (greedy.get(awake).trySend(10)) {
      awake++;
    }
    assertTrue(POOL - free() > POOL / 8 && POOL - free() <= POOL / 4, "has " + (POOL - free()));
    assertEquals(1, tcp.counted(Event.REFUSED_PEER_SHARE));
    TcpFixture refused = greedy.get(awake);
    refused.events.clear();
    refused.on("writable", c -> refused.send(10));

    var modest = tcp.anotherHost(3, 6_000).handshake().send(10);
    modest.sends(ACK);
    tcp.another(7_100).receives(Seg.syn()).sendsNothing();
    assertEquals(1, tcp.counted(Event.DROP_PEER_SHARE));
    refused.advance(20).heardNothing(); // it would ask in vain

    // In order it is served as ever, and what ends a connection it may always have.
    refused.receives(Seg.data(100).seq(1)).delivered(100);
    assertTrue(tcp.context.shutdown(greedy.get(awake + 1).connection));

    greedy.subList(0, awake).forEach(g -> g.receives(Seg.ack().ack(11)));
    refused.advance(20);
    assertTrue(refused.events.contains("writable"), refused.events::toString);
    tcp.allReturns();
  }

  @Test
  void givenAGreedyPeersText_whenAModestOneHasAHole_thenTheGreedyOnesGoesFirst() {
    var tcp = setup().established();
    sleepers(tcp);
    var modestFirst = tcp.anotherHost(3, 6_000).handshake();
    holes(modestFirst, 1);
    holes(tcp, 15);
    assertTrue(POOL - free() > POOL / 8);
    fillTo(POOL / 4 + 1_000);
    long before = tcp.counted(Event.DROP_NO_BLOCK);
    var modest = tcp.anotherHost(4, 6_001).handshake();
    holes(modest, 1);
    assertEquals(before, tcp.counted(Event.DROP_NO_BLOCK));
    assertTrue(tcp.counted(Event.HELD_TEXT_TAKEN) >= 1);
    modestFirst.receives(Seg.data(2_000).seq(1)).delivered(3_000); // its older hole was left alone
    modest.receives(Seg.data(2_000).seq(1)).delivered(3_000);
    tcp.allReturns();
  }

  @Test
  void givenHalfOfThePoolInUse_whenAGreedyPeersTextComes_thenItIsDroppedUnlessInOrder() {
    var tcp = setup().established();
    sleepers(tcp);
    holes(tcp, 6);
    fillTo(POOL / 2);
    long dropped = tcp.counted(Event.DROP_PEER_SHARE);
    tcp.receives(Seg.data(1_000).seq(50_001));
    assertEquals(dropped + 1, tcp.counted(Event.DROP_PEER_SHARE));
    tcp.receives(Seg.data(2_000).seq(1)).delivered(3_000);
    tcp.allReturns();
  }

  @Test
  @DisplayName("a connection at rest gives its block back: a greedy peer's before an older one")
  void givenDrowsyConnections_whenBlocksRunOut_thenTheGreedyPeersGoFirst() {
    var tcp = setup().established();
    sleepers(tcp);
    var modest = tcp.anotherHost(3, 6_000).handshake();
    drowsy(modest);
    var greedy = new ArrayList<TcpFixture>();
    for (int i = 0; i < 12; i++) {
      greedy.add(tcp.another(7_000 + i).handshake());
      greedy.getLast().send(10).send(10);
    }
    drowsy(tcp);
    holes(tcp.another(7_999).handshake(), 2);
    assertTrue(POOL - free() > POOL / 8);
    fillTo(POOL / 8 + 600);
    assertEquals(0, tcp.counted(Event.DROWSY_TAKEN));
    var other = tcp.anotherHost(4, 6_001);
    while (tcp.counted(Event.DROWSY_TAKEN) == 0) {
      assertTrue(sleepers.remove().trySend(10));
    }
    assertTrue(awake(modest), "the modest one kept its block");
    assertFalse(awake(tcp), "the greedy one gave its back");
    other.receives(Seg.syn());
    tcp.allReturns();
  }

  /** It has sent and learnt something, and rests. */
  private static void drowsy(TcpFixture tcp) {
    for (int i = 0; i < 3; i++) {
      tcp.send(10_000).advance(1).sent();
      tcp.receives(Seg.ack());
      tcp.sent();
      tcp.receives(Seg.ack());
    }
    tcp.sent();
    assertTrue(awake(tcp), "it is drowsy");
  }

  private static boolean awake(TcpFixture tcp) {
    return tcp.number(t -> t.block) >= 0;
  }

  @ParameterizedTest(name = "cookies: {0}")
  @ValueSource(booleans = {false, true})
  @DisplayName("half-open connections of one peer: then cookies, or dropped")
  void givenAPeersHalfOpenLimit_whenMoreSynsCome_thenOnlyItIsConcerned(boolean cookies) {
    var base = with();
    var tcp =
        base.memory(memory)
            .config(base.config.withPeerLimits(new PeerLimits(1, 4, PeerLimits.UNLIMITED)))
            .listen(
                b ->
                    b.cookies =
                        cookies ? ListenConfig.Cookies.ON_OVERFLOW : ListenConfig.Cookies.NEVER)
            .listening();
    for (int i = 0; i < 6; i++) {
      tcp.another(7_000 + i).receives(Seg.syn());
    }
    assertEquals(4, tcp.blocksInUse());
    assertEquals(cookies ? 0 : 2, tcp.counted(Event.DROP_PEER_HALF_OPEN));
    assertEquals(cookies ? 2 : 0, tcp.counted(Event.SYN_COOKIES_SENT));
    tcp.anotherHost(3, 6_000).handshake().send(10).sends(ACK);
    tcp.advance(200_000);
    tcp.another(7_100).receives(Seg.syn()).sends(SYN | ACK);
    tcp.allReturns();
  }

  @ParameterizedTest(name = "IPv6: {0}")
  @ValueSource(booleans = {false, true})
  void givenAPeersLimitOfConnections_whenItOpensMore_thenTheyAreDroppedUntilOneEnds(boolean ipv6) {
    var base = with().ipv6(ipv6);
    var tcp =
        base.memory(memory)
            .config(base.config.withPeerLimits(new PeerLimits(1, 100, 2)))
            .listening();
    var first = tcp.another(7_000).handshake();
    tcp.another(7_001).handshake();
    tcp.another(7_002).receives(Seg.syn()).sendsNothing();
    assertEquals(1, tcp.counted(Event.DROP_PEER_CONNECTIONS));
    tcp.anotherHost(3, 6_000).handshake().isEstablished();
    first.abort();
    tcp.another(7_003).handshake().isEstablished();
    tcp.allReturns();
  }

  @Test
  @DisplayName("TIME-WAIT does not count, and does not end for a SYN that would be dropped")
  void givenAPeersLimitOfConnections_whenASynFollowsOnTimeWait_thenItEndsOnlyForOneThatIsTaken() {
    var base = with();
    var tcp =
        base.memory(memory)
            .config(base.config.withPeerLimits(new PeerLimits(1, 100, 1)))
            .in(State.TIME_WAIT);
    var other = tcp.another(7_000).handshake().isEstablished();
    tcp.receives(Seg.syn().seq(100_000));
    tcp.sends(ACK).ack(2);
    tcp.isIn(State.TIME_WAIT);
    assertEquals(0, tcp.counted(Event.DROP_PEER_CONNECTIONS));
    other.abort();
    tcp.receives(Seg.syn().seq(100_000));
    tcp.sends(SYN | ACK);
    tcp.allReturns();
  }

  @Test
  @DisplayName("IPv6: who has one address of a /64 has all of them, and is one peer")
  void givenTwoAddressesOfOneNet_whenConnectionsAreLimited_thenTheyCountTogether() {
    var base = with().ipv6(true);
    var tcp =
        base.memory(memory)
            .config(base.config.withPeerLimits(new PeerLimits(1, 100, 1)))
            .established();
    tcp.anotherHost(0, 7_001).receives(Seg.syn()).sendsNothing(); // 2001:db8::2, the same /64
    assertEquals(1, tcp.counted(Event.DROP_PEER_CONNECTIONS));
    tcp.allReturns();
  }

  @Test
  void givenALimitThatMeansNothing_whenSet_thenRefused() {
    assertThrows(IllegalArgumentException.class, () -> new PeerLimits(0, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> new PeerLimits(1.1, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> new PeerLimits(Double.NaN, 1, 1));
    assertThrows(IllegalArgumentException.class, () -> new PeerLimits(1, 0, 1));
    assertThrows(IllegalArgumentException.class, () -> new PeerLimits(1, 1, 0));
  }
}
