package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.ACK;
import static wisp.core.stack.Seg.RST;
import static wisp.core.stack.Seg.SYN;
import static wisp.core.stack.TcpFixture.with;

import java.util.BitSet;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wisp.core.spi.TestMemory;
import wisp.core.spi.TestMemory.Scarcity;

@DisplayName("threats 7.1: memory refused at any single request, and the stream stays exact")
class ScarcityTest {
  private static final int THEIRS = 8_000;
  private static final int OURS = 9_000;

  /** A peer that resends what is not acknowledged, and an application that tries again. */
  private static final class Transfer {
    final TcpFixture tcp;
    final boolean active;
    final BitSet arrived = new BitSet();
    int acknowledged;
    int theirs;
    int given;
    boolean opened;
    boolean finArrived;
    boolean shut;

    Transfer(TestMemory memory, boolean active) {
      this.active = active;
      this.tcp = with().memory(memory).actively(active).window(20_000).closed();
      tcp.on("data", c -> {});
    }

    void run(String what) {
      if (!active) {
        tcp.listen();
      }
      for (int i = 0; i < 400 && tcp.reason == null; i++) {
        step(i);
      }
      assertTrue(tcp.reason instanceof CloseReason.Closed, () -> what + ": " + tcp.reason);
      tcp.delivered(THEIRS);
      int released =
          tcp.events.stream()
              .filter(e -> e.startsWith("released "))
              .mapToInt(e -> Integer.parseInt(e.substring(9, e.indexOf('/'))))
              .sum();
      assertEquals(OURS, released, what);
      assertEquals(OURS, arrived.cardinality(), what);
      tcp.advance(200_000);
      assertEquals(0, tcp.blocksInUse(), what);
      tcp.allReturns();
    }

    private void step(int i) {
      if (!opened) {
        open();
      } else {
        application();
        peer(i);
      }
      tcp.advance(60);
      look();
    }

    private void open() {
      if (active && tcp.connection < 0 && !tcp.tryConnect()) {
        return;
      }
      look();
      tcp.receives(active ? Seg.synAck() : Seg.syn());
      look();
      tcp.receives(Seg.ack().seq(1));
      look();
      opened = tcp.events.contains("open");
    }

    private void application() {
      while (given < OURS && tcp.trySend(1_500)) {
        given += 1_500;
      }
      if (given == OURS && !shut) {
        shut = tcp.context.shutdown(tcp.connection);
        tcp.host.collect();
      }
    }

    /** All that is not acknowledged, every second segment first, then the FIN. */
    private void peer(int i) {
      int ours = arrived.nextClearBit(1);
      int confirm = ours + (finArrived && ours > OURS ? 1 : 0);
      for (int odd = 0; odd < 2; odd++) {
        for (int at = 1 + 1_000 * ((i + odd) % 2); at <= THEIRS; at += 2_000) {
          if (at > theirs) {
            tcp.receives(Seg.data(1_000).seq(at).ack(confirm));
          }
        }
      }
      int finSeq = theirs > THEIRS ? THEIRS + 2 : THEIRS + 1;
      tcp.receives(
          theirs > THEIRS
              ? Seg.ack().seq(finSeq).ack(confirm)
              : Seg.fin().seq(finSeq).ack(confirm));
    }

    private void look() {
      for (Sent s : tcp.sent()) {
        if (s.has(SYN) || s.has(RST)) {
          continue;
        }
        assertTrue(s.ack >= acknowledged, "ACK moved back");
        acknowledged = s.ack;
        theirs = Math.max(theirs, s.ack - 1);
        arrived.set(s.seq, s.seq + s.payload.length);
        finArrived |= s.has(Seg.FIN);
      }
    }
  }

  private static Scarcity of(TestMemory memory, String kind) {
    return switch (kind) {
      case "record" -> memory.recordRequests;
      case "block" -> memory.blockRequests;
      default -> memory.frameRequests;
    };
  }

  @ParameterizedTest(name = "{0}, active: {1}")
  @CsvSource({
    "record,false",
    "block,false",
    "frame,false",
    "record,true",
    "block,true",
    "frame,true"
  })
  void givenTheNthRequestIsRefused_whenDataFlowsBothWays_thenEveryByteOnce(
      String kind, boolean active) {
    int n = 1;
    boolean refused;
    do {
      var memory = new TestMemory();
      Scarcity scarcity = of(memory, kind);
      scarcity.failAt = n;
      new Transfer(memory, active).run(kind + " " + n);
      refused = scarcity.refused > 0;
      n++;
    } while (refused && n < 300);
    assertTrue(n > 2, "nothing was ever refused");
  }

  @Test
  void givenTinyPools_whenDataFlowsBothWays_thenEveryByteOnce() {
    for (int bytes : new int[] {1_024, 2_048, 4_096, 6_144, 8_192, 16_384}) {
      new Transfer(new TestMemory(bytes), false).run(bytes + " bytes of blocks");
    }
  }

  @Test
  @DisplayName("a refused send is followed by onWritable")
  void givenNoBlock_whenSendIsRefused_thenWritableFollows() {
    var memory = new TestMemory();
    var tcp = with().memory(memory).established();
    memory.blockRequests.most = 0;
    assertFalse(tcp.trySend(10));
    assertEquals(0, memory.frames().inUse());
    tcp.sendsNothing().advance(1_000);
    memory.blockRequests.most = 100;
    tcp.on("writable", c -> tcp.send(10));
    tcp.advance(1_000);
    assertTrue(tcp.events.contains("writable"));
    tcp.sends(ACK).seq(1).length(10);
  }

  @Test
  void givenManyWaiting_whenMemoryComesBack_thenEachHearsOfItOnce() {
    var memory = new TestMemory(16_384);
    var tcp = with().memory(memory).established();
    var all = new java.util.ArrayList<TcpFixture>();
    for (int port = 6_000; port < 6_040; port++) {
      all.add(tcp.another(port).handshake());
    }
    memory.blockRequests.most = 0;
    for (TcpFixture t : all) {
      t.events.clear();
      assertFalse(t.trySend(10));
    }
    memory.blockRequests.most = 1_000;
    tcp.advance(100);
    for (TcpFixture t : all) {
      t.heard("writable");
    }
    tcp.advance(1_000);
    for (TcpFixture t : all) {
      t.heardNothing();
    }
  }

  @Test
  void givenNoBlock_whenShutdownIsRefused_thenItSaysSoAndNothingChanged() {
    var memory = new TestMemory();
    var tcp = with().memory(memory).established();
    memory.blockRequests.most = 0;
    assertFalse(tcp.context.shutdown(tcp.connection));
    assertFalse(tcp.context.close(tcp.connection));
    assertFalse(tcp.context.pause(tcp.connection));
    tcp.isEstablished().sendsNothing().receives(Seg.data(10)).delivered(10);
    memory.blockRequests.most = 10;
    tcp.close().sent();
    tcp.receives(Seg.ack());
  }

  @Test
  @DisplayName("ACK, RST, in-order text and the peer's FIN need no block")
  void givenNoBlockAtAll_whenThePeerSendsAndCloses_thenAllOfItIsHandled() {
    var memory = new TestMemory();
    var tcp = with().memory(memory).established();
    memory.blockRequests.most = 0;
    for (int i = 0; i < 10; i++) {
      tcp.receives(Seg.data(1_000));
    }
    tcp.receives(Seg.flags(ACK | Seg.FIN).length(500)).delivered(10_500);
    assertEquals("peerClosed", tcp.events.getLast());
    tcp.sent();
    tcp.abort();
    tcp.sends(RST | ACK);
    tcp.allReturns();
  }

  @Test
  @DisplayName("a proxy that has paused reading while it waits to write hears of memory too")
  void givenPausedAndWaiting_whenMemoryComesBack_thenWritableFollows() {
    var memory = new TestMemory();
    var tcp = with().memory(memory).established().pause();
    assertEquals(1, tcp.blocksInUse());
    memory.blockRequests.most = 1;
    assertFalse(tcp.trySend(10));
    tcp.advance(1_000).heardNothing();
    memory.blockRequests.most = 100;
    tcp.advance(1_000).heard("writable");
    tcp.send(10).sends(ACK).length(10);
  }

  @Test
  void givenAHoleAndWaiting_whenMemoryComesBack_thenWritableFollows() {
    var memory = new TestMemory();
    var tcp = with().memory(memory).established().receives(Seg.data(10).seq(100));
    memory.blockRequests.most = 1;
    assertFalse(tcp.trySend(10));
    memory.blockRequests.most = 100;
    tcp.advance(1_000).heard("writable");
  }

  @Test
  void givenAwakeAndWaiting_whenItEnds_thenNobodyWaitsAnyMore() {
    for (int how = 0; how < 3; how++) {
      var memory = new TestMemory();
      var tcp = with().memory(memory).established();
      if (how > 0) {
        tcp.pause();
      }
      memory.blockRequests.most = how > 0 ? 1 : 0;
      assertFalse(tcp.trySend(10));
      if (how < 2) {
        tcp.abort();
      } else {
        tcp.receives(Seg.rst());
      }
      memory.blockRequests.most = 100;
      tcp.events.clear();
      tcp.advance(1_000).heardNothing();
      assertEquals(0, tcp.host.machinery().desk.waiting());
      tcp.allReturns();
    }
  }
}
