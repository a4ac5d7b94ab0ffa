package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.Seg.mss;
import static wisp.core.stack.Seg.sackPermitted;
import static wisp.core.stack.Seg.scale;
import static wisp.core.stack.Seg.timestamp;
import static wisp.core.stack.TcpFixture.with;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.Counters.Event;
import wisp.core.spi.TestMemory;

@DisplayName("Hostile packets by the hundred thousand: nothing thrown, all counted, nothing left")
class HostileInputTest {
  private static final int PACKETS = 100_000;

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3})
  void givenLiveConnections_whenRubbishArrives_thenAllIsCountedAndTheyStillServe(long seed) {
    var random = new SplittableRandom(seed);
    var tcp =
        with()
            .memory(new TestMemory(256 * 1_024))
            .options(mss(1_460), scale(4), sackPermitted(), timestamp(1, 0))
            .established();
    List<TcpFixture> all = new ArrayList<>(List.of(tcp));
    for (int port = 6_000; port < 6_020; port++) {
      all.add(tcp.another(port).handshake());
    }
    int fed = 0;
    long before = tcp.counted(Event.PACKETS_RECEIVED);
    while (fed < PACKETS) {
      int burst = 1 + random.nextInt(64);
      for (int i = 0; i < burst; i++) {
        tcp.host.link.incoming.add(packet(all.get(random.nextInt(all.size())), random));
      }
      fed += burst;
      tcp.host.now += random.nextInt(20) * TcpFixture.MS;
      tcp.context.poll(tcp.host.now);
      assertTrue(tcp.host.link.outgoing.size() <= 500 + 4 * burst, "it talks too much");
      tcp.host.link.outgoing.clear();
      if (random.nextInt(50) == 0) {
        fed += somethingLocal(all.get(random.nextInt(all.size())), random);
      }
    }
    tcp.context.poll(tcp.host.now);
    assertEquals(fed, tcp.counted(Event.PACKETS_RECEIVED) - before);
    tcp.host.now += 120_000L * TcpFixture.MS; // no fragment waits longer for the rest
    tcp.context.poll(tcp.host.now);
    long atIp = 0;
    for (Event e : Event.values()) {
      boolean beforeTcp =
          e.name().startsWith("DROP_IP_")
              || e.name().startsWith("DROP_FRAGMENT_")
              || e == Event.DROP_ICMP
              || e.name().startsWith("DROP_UDP")
              || e == Event.DROP_TCP_LENGTH
              || e == Event.DROP_TCP_CHECKSUM
              || e == Event.DROP_TCP_PORT
              || e == Event.ECHO_REPLIES;
      atIp += beforeTcp ? tcp.counted(e) : 0;
    }
    assertEquals(tcp.counted(Event.PACKETS_RECEIVED), atIp + tcp.counted(Event.SEGMENTS_RECEIVED));
    assertEquals(List.of(), tcp.host.failures);
    assertEquals(0, tcp.counted(Event.HANDLER_FAILURES));

    tcp.host.link.outgoing.clear();
    var fresh = tcp.another(40_000).handshake();
    fresh.receives(Seg.data(100)).delivered(100).send(100).sent();
    fresh.receives(Seg.ack()).shutdown();
    fresh.receives(Seg.fin());
    for (TcpFixture t : all) {
      if (tcp.context.isOpen(t.connection)) {
        tcp.context.abort(t.connection);
      }
    }
    tcp.host.link.outgoing.clear();
    tcp.host.context.poll(tcp.host.now);
    for (int i = 0; i < 2_000 && tcp.context.connections() + tcp.context.timeWaits() > 0; i++) {
      tcp.host.now += 1_000 * TcpFixture.MS;
      tcp.context.poll(tcp.host.now);
      tcp.host.link.outgoing.clear();
    }
    assertEquals(0, tcp.context.connections() + tcp.context.timeWaits());
    assertEquals(0, tcp.blocksInUse());
    tcp.allReturns();
  }

  /** A call of the application's, or a SYN of a peer whose connection has ended; packets fed. */
  private static int somethingLocal(TcpFixture t, SplittableRandom random) {
    if (t.context.isOpen(t.connection)) {
      switch (random.nextInt(4)) {
        case 0 -> {
          int frame = t.context.frame(1 + random.nextInt(5_000));
          t.context.send(t.connection, frame);
          t.context.release(frame);
        }
        case 1 -> t.context.pause(t.connection);
        case 2 -> t.context.resume(t.connection);
        default -> t.context.shutdown(t.connection);
      }
      return 0;
    }
    t.host.link.incoming.add(t.packet(Seg.flags(Seg.SYN).seq(0).options(mss(1_460), scale(4))));
    return 1;
  }

  private static byte[] packet(TcpFixture t, SplittableRandom random) {
    return switch (random.nextInt(8)) {
      case 0 -> randomBytes(random, random.nextInt(80));
      case 1 -> Arrays.copyOf(valid(t, random), random.nextInt(60));
      case 2, 3 -> flipped(valid(t, random), random, false);
      case 4, 5 -> flipped(valid(t, random), random, true);
      case 6 -> header(random);
      default -> valid(t, random);
    };
  }

  private static byte[] randomBytes(SplittableRandom random, int n) {
    byte[] b = new byte[n];
    random.nextBytes(b);
    return b;
  }

  /** Near what is expected, with any flags and options. */
  private static byte[] valid(TcpFixture t, SplittableRandom random) {
    int spread = random.nextInt(4) == 0 ? 2_000_000 : 3_000;
    Seg seg =
        Seg.flags(random.nextInt(3) == 0 ? random.nextInt(256) : Seg.ACK)
            .seq(t.delivered + 1 + random.nextInt(spread) - spread / 2)
            .ack(t.ourNxt + random.nextInt(spread) - spread / 2)
            .window(random.nextInt(65_536))
            .urgent(random.nextInt(3) == 0 ? random.nextInt(65_536) : 0)
            .length(random.nextInt(1_400));
    return t.packet(random.nextInt(4) == 0 ? seg.options(randomBytes(random, 28)) : seg);
  }

  /** Bits flipped, with or without checksums that are right again. */
  private static byte[] flipped(byte[] b, SplittableRandom random, boolean signed) {
    for (int n = 1 + random.nextInt(4); n > 0; n--) {
      b[random.nextInt(Math.min(b.length, 64))] ^= (byte) (1 << random.nextInt(8));
    }
    if (signed) {
      TcpFixture.sign(b);
    }
    return b;
  }

  /** An IP header that is right over rubbish of some protocol. */
  private static byte[] header(SplittableRandom random) {
    byte[] b = randomBytes(random, 20 + random.nextInt(60));
    ByteBuffer p = ByteBuffer.wrap(b);
    p.put(0, (byte) 0x45).putShort(2, (short) b.length).putShort(6, (short) 0);
    p.put(9, (byte) new int[] {1, 6, 17, 47, 4}[random.nextInt(5)]);
    p.putInt(12, TcpFixture.PEER).putInt(16, TcpFixture.HOST);
    p.putShort(10, (short) 0).putShort(10, (short) ~TcpFixture.sum(b, 0, 20, 0));
    if (b[9] == 1 && b.length >= 28 && random.nextBoolean()) {
      p.putShort(22, (short) 0);
      p.putShort(22, (short) ~TcpFixture.sum(b, 20, b.length - 20, 0));
    }
    return b;
  }
}
