package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.RST;
import static wisp.core.stack.Seg.SYN;
import static wisp.core.stack.Seg.mss;
import static wisp.core.stack.Seg.timestamp;
import static wisp.core.stack.TcpFixture.with;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;
import wisp.core.spi.RecordClass;
import wisp.core.spi.TestMemory;

@DisplayName(
    "RFC 4987: a flood of SYNs takes the backlog's memory and no more, and keeps nobody out")
class SynFloodTest {
  private static final int BACKLOG = 1_000;

  private static TcpFixture.Setup setup(TestMemory memory) {
    return with().memory(memory).listen(b -> b.backlog = BACKLOG);
  }

  @Test
  @Tag("rfc4987-a")
  void givenAMillionForgedSyns_whenAClientComes_thenItIsInAtOnce() {
    var memory = new TestMemory();
    var tcp = setup(memory).listening();
    var flood = new SynFlood(tcp, Seg.syn());
    for (int i = 0; i < 100; i++) {
      flood.comes(10_000);
      assertEquals(BACKLOG, tcp.blocksInUse());
      assertEquals(BACKLOG, memory.records(RecordClass.IPV4).size());
    }
    assertEquals(1_000_000 - BACKLOG, tcp.counted(Event.SYN_COOKIES_SENT));
    tcp.receives(Seg.syn());
    tcp.sends(SYN | ACK);
    tcp.receives(Seg.ack().length(100)).isEstablished().heard("open", "data 100");
    tcp.sent();
    assertEquals(1, tcp.counted(Event.SYN_COOKIES_ACCEPTED));
    assertEquals(1, tcp.counted(Event.ACCEPTED));
    tcp.close();
    tcp.advance(60_000);
    assertEquals(0, tcp.host.machinery().env.halfOpen);
  }

  @ParameterizedTest(name = "IPv6: {0}")
  @ValueSource(booleans = {false, true})
  @Tag("D18")
  void givenAHundredThousandForgedSyns_whenAClientComes_thenItIsServedAndTheForgerIsNot(
      boolean ipv6) {
    var memory = new TestMemory();
    var tcp = setup(memory).ipv6(ipv6).listening();
    new SynFlood(tcp, Seg.syn()).comes(100_000);
    assertEquals(BACKLOG, tcp.blocksInUse());
    assertEquals(BACKLOG, memory.records(ipv6 ? RecordClass.IPV6 : RecordClass.IPV4).size());
    int mss = ipv6 ? 1_440 : 1_460;
    tcp.receives(Seg.flags(SYN).seq(0).options(mss(mss)));
    tcp.sends(SYN | ACK);
    var forger = tcp.another(5_001);
    forger.iss = tcp.iss;
    forger.receives(Seg.ack().seq(1).ack(1));
    forger.sends(RST);
    assertEquals(1, tcp.counted(Event.SYN_COOKIES_REFUSED));
    tcp.receives(Seg.ack()).isEstablished();
    tcp.receives(Seg.data(100)).delivered(100).sends(ACK).ack(101);
    tcp.send(4_000);
    tcp.sends(ACK).length(mss);
    assertEquals(BACKLOG + 1, tcp.context.connections());
  }

  @Test
  @Tag("rfc4987-a")
  @DisplayName("a half-open connection costs its record and 64 bytes")
  void givenAFullBacklog_thenItsBlocksAreSmall() {
    var memory = new TestMemory(1 << 20);
    var tcp = setup(memory).listening();
    long free = memory.blocks().availableBytes();
    new SynFlood(tcp, Seg.syn()).comes(2 * BACKLOG);
    assertEquals(BACKLOG * 64L, free - memory.blocks().availableBytes());
  }

  @Test
  @Tag("rfc4987-a")
  void givenNoBlockLeft_whenAClientComes_thenItIsInAllTheSame() {
    var memory = new TestMemory(16_384);
    var tcp = setup(memory).listening();
    new SynFlood(tcp, Seg.syn()).comes(2_000);
    assertEquals(0, tcp.counted(Event.DROP_NO_BLOCK));
    long most = memory.blocks().availableBytes();
    assertTrue(most <= 3_072 + 64, "blocks left: " + most);
    tcp.receives(Seg.syn()).sends(SYN | ACK);
    tcp.receives(Seg.ack()).isEstablished().receives(Seg.data(10)).delivered(10);
  }

  @Test
  @Tag("rfc4987-d")
  void givenAFlood_whenDataFlows_thenTheTransferIsAsItWas() {
    var tcp =
        setup(new TestMemory()).options(mss(1_460), timestamp(1, 0)).window(60_000).established();
    var flood = new SynFlood(tcp, Seg.syn());
    for (int i = 0; i < 50; i++) {
      tcp.receives(Seg.data(1_000));
      tcp.send(1_000);
      assertEquals(1_000, tcp.sends(ACK).length(1_000).payload.length);
      tcp.receives(Seg.ack());
      flood.comes(1_000);
    }
    tcp.delivered(50_000);
    assertEquals(0, tcp.counted(Event.SEGMENTS_RETRANSMITTED));
  }

  @Test
  @DisplayName("under pressure a SYN-ACK that nobody answers is resent once, not five times")
  void givenPressure_whenNobodyAnswers_thenThePlaceIsFreeSoon() {
    var tcp = setup(new TestMemory()).listening();
    tcp.receives(Seg.syn()).sends(SYN | ACK);
    new SynFlood(tcp, Seg.syn()).comes(2 * BACKLOG);
    tcp.advance(4_000);
    assertEquals(1, tcp.sent().size());
    assertEquals(0, tcp.blocksInUse());
    tcp.receives(Seg.syn()).sends(SYN | ACK);
    assertEquals(1, tcp.blocksInUse());
  }

  @Test
  void givenTheListenersBacklogIsFull_whenASynComesToAnother_thenThatHasItsOwn() {
    var tcp = setup(new TestMemory()).listening();
    new SynFlood(tcp, Seg.syn()).comes(2 * BACKLOG);
    tcp.context.listen(
        Endpoint.any(8), ConnectionProfile.DEFAULT, (c, h, m, at, n) -> {}, ListenConfig.DEFAULT);
    long cookies = tcp.counted(Event.SYN_COOKIES_SENT);
    byte[] toOther = tcp.packet(Seg.syn());
    toOther[23] = 8;
    TcpFixture.sign(toOther);
    tcp.host.link.incoming.add(toOther);
    tcp.host.poll();
    assertEquals(cookies, tcp.counted(Event.SYN_COOKIES_SENT));
    assertEquals(BACKLOG + 1, tcp.blocksInUse());
  }

  @Test
  void givenAListenerThatHasGone_whenItsHalfOpenConnectionsEnd_thenTheNewOnesBacklogIsRight() {
    var tcp = setup(new TestMemory()).listening();
    new SynFlood(tcp, Seg.syn()).comes(10);
    tcp.context.unlisten(Endpoint.any(TcpFixture.SERVICE));
    tcp.listen();
    tcp.receives(Seg.syn()).sends(SYN | ACK);
    tcp.receives(Seg.ack()).isEstablished();
    tcp.advance(100_000);
    assertEquals(0, tcp.host.machinery().env.halfOpen);
    tcp.allReturns();
  }
}
