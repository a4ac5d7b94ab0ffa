package wisp.drivers.dpdk;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.drivers.LinkContract;
import wisp.drivers.Links;
import wisp.drivers.Packets;

/** Shared memory between two links: in this process, and with another JVM. */
@Timeout(600)
class MemifTest {
  private static final String PEER = "10.9.0.1";
  private static final long PATIENCE_NANOS = 10_000_000_000L;

  /** Clients; more of them, for once: {@code -Dwisp.vanishing=200}. */
  private static final int VANISHING = Integer.getInteger("wisp.vanishing", 20);

  /** Each is a JVM: {@code -Dwisp.killed=200}. */
  private static final int KILLED = Integer.getInteger("wisp.killed", 3);

  private static final int ECHOES = 5000;

  @TempDir static Path directory;

  abstract static class Contract extends LinkContract {
    private final Burst burst = new Burst();
    private final Deque<byte[]> received = new ArrayDeque<>();
    private Link peer;

    /** Whether the link under test is the one that was there first. */
    abstract boolean server();

    /** Further parameters of both. */
    String parameters() {
      return "";
    }

    @Override
    protected Link open() throws Exception {
      DpdkContract.assumeUsable();
      String spec = "memif:" + directory.resolve("contract") + parameters();
      Link first = Links.open(spec);
      Link second = Links.open(spec);
      peer = server() ? second : first;
      awaitUp((DpdkLink) first);
      awaitUp((DpdkLink) second);
      // Whoever receives for the first time gives the other one room to write to.
      first.receive(burst);
      second.receive(burst);
      return server() ? first : second;
    }

    private static void awaitUp(DpdkLink link) throws InterruptedException {
      long deadline = System.nanoTime() + PATIENCE_NANOS;
      while (!link.isPeerThere()) {
        assertTrue(System.nanoTime() < deadline, "no connection");
        Thread.sleep(1);
      }
    }

    @Override
    protected Link.Kind kind() {
      return Link.Kind.ETHERNET;
    }

    @Override
    protected long peerHardwareAddress() {
      return peer.hardwareAddress();
    }

    @Override
    protected String peerAddress() {
      return PEER;
    }

    @Override
    protected int peerPort() {
      return 7;
    }

    @Override
    protected void peerSends(byte[] payload) {
      byte[] packet = Packets.udp(PEER, 7, OWN, OWN_PORT, payload);
      Packets.commit(
          peer,
          Packets.ethernet(
              link.hardwareAddress(), peer.hardwareAddress(), Packets.ETHER_IPV4, packet));
      peer.flush();
    }

    @Override
    protected byte @Nullable [] peerReceives(int timeoutMillis) {
      long deadline = System.nanoTime() + timeoutMillis * 1_000_000L;
      do {
        burst.clear();
        peer.receive(burst);
        for (int i = 0; i < burst.size(); i++) {
          byte[] packet = Packets.unframed(Packets.copy(burst, i), Packets.ETHER_IPV4);
          received.add(Packets.udpPayload(packet));
        }
        if (!received.isEmpty()) {
          return received.poll();
        }
        peer.awaitReadable(1_000_000);
      } while (System.nanoTime() < deadline);
      return null;
    }

    @Override
    protected void closePeer() {
      if (peer != null) {
        peer.close();
      }
    }
  }

  @Nested
  class Server extends Contract {
    @Override
    boolean server() {
      return true;
    }
  }

  @Nested
  class Large extends Server {
    @Override
    String parameters() {
      return ",mtu=9000,mbufs=4095";
    }
  }

  @Nested
  class Client extends Contract {
    @Override
    boolean server() {
      return false;
    }
  }

  @Test
  void givenNobody_whenSending_thenItIsDroppedAndCountedAndNothingHangs() throws Exception {
    DpdkContract.assumeUsable();
    try (Link link = Links.open("memif:" + directory.resolve("alone"))) {
      Packets.commit(link, Packets.ethernet(-1L >>> 16, 0x020000000001L, 0x88B5, new byte[46]));
      link.flush();
      link.awaitReadable(500_000_000);
      assertEquals(1, link.drops());
    }
    assertFalse(Files.exists(directory.resolve("alone")), "the socket goes with the server");
  }

  /** Without its last words: as after a kill. */
  @Test
  void givenAServerThatWasKilled_whenTheNextComes_thenTheClientFindsIt() throws Exception {
    DpdkContract.assumeUsable();
    Path socket = directory.resolve("killed");
    var first = MemifPeer.start(socket, "server");
    try (Link link = Links.open("memif:" + socket + ",role=client")) {
      assertEcho(link, 1);
      first.destroyForcibly().waitFor();
      link.awaitReadable(50_000_000);
      var second = MemifPeer.start(socket, "auto");
      try {
        assertEcho(link, 2);
      } finally {
        second.destroy();
        assertEquals(0, second.waitFor());
      }
    } finally {
      first.destroyForcibly().waitFor();
    }
  }

  @Test
  void givenAClientThatWasKilled_whenTheNextComes_thenTheServerTakesIt() throws Exception {
    DpdkContract.assumeUsable();
    Path socket = directory.resolve("clients");
    try (Link link = Links.open("memif:" + socket)) {
      for (int i = 0; i < 3; i++) {
        var client = MemifPeer.start(socket, "auto");
        try {
          assertEcho(link, i);
        } finally {
          client.destroyForcibly().waitFor();
        }
      }
    }
  }

  /** A client may be there before its server. */
  @Test
  void givenAClientThatWaits_whenTheServerComes_thenTheyAreConnected() throws Exception {
    DpdkContract.assumeUsable();
    Path socket = directory.resolve("early");
    try (Link link = Links.open("memif:" + socket + ",role=client")) {
      link.awaitReadable(5_000_000);
      var server = MemifPeer.start(socket, "server");
      try {
        assertEcho(link, 9);
      } finally {
        server.destroy();
        assertEquals(0, server.waitFor(), "closed in order, all buffers back");
      }
    }
    assertFalse(Files.exists(socket));
  }

  /**
   * The peer's memory is unmapped under a burst, if DPDK's thread may: of which the other JVM dies.
   */
  @Test
  void givenFullLoad_whenAClientVanishesManyTimes_thenTheServerLives() throws Exception {
    DpdkContract.assumeUsable();
    Path socket = directory.resolve("vanishing");
    var server = MemifPeer.start(socket, "server");
    try {
      long echoes = 0;
      for (int i = 0; i < VANISHING; i++) {
        try (Link client = Links.open("memif:" + socket + ",role=client")) {
          echoes += flood(client, server);
        }
        assertTrue(server.isAlive(), "it died of client " + i);
      }
      assertTrue(echoes >= (long) ECHOES * VANISHING, echoes + " echoes: hardly a load");
      server.destroy();
      assertEquals(0, server.waitFor(), "closed in order, all buffers back");
    } finally {
      server.destroyForcibly().waitFor();
    }
  }

  /** The same with the kernel as the only one who says that it is gone. */
  @Test
  void givenFullLoad_whenClientsAreKilled_thenTheServerLives() throws Exception {
    DpdkContract.assumeUsable();
    Path socket = directory.resolve("murder");
    var server = MemifPeer.start(socket, "server");
    try {
      for (int i = 0; i < KILLED; i++) {
        MemifPeer.startFlood(socket).destroyForcibly().waitFor();
        assertTrue(server.isAlive(), "it died of client " + i);
      }
      server.destroy();
      assertEquals(0, server.waitFor(), "closed in order, all buffers back");
    } finally {
      server.destroyForcibly().waitFor();
    }
  }

  /** Until the server has echoed a few thousand; then it is in the midst of more. */
  private static long flood(Link link, Process server) {
    byte[] frame = Packets.ethernet(-1L >>> 16, link.hardwareAddress(), 0x88B5, new byte[1400]);
    var burst = new Burst();
    long echoes = 0;
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (echoes < ECHOES) {
      assertTrue(server.isAlive() && System.nanoTime() < deadline, echoes + " echoes");
      for (int i = 0; i < Burst.CAPACITY; i++) {
        Packets.commit(link, frame);
      }
      link.flush();
      burst.clear();
      echoes += link.receive(burst);
    }
    return echoes;
  }

  private static void assertEcho(Link link, int seed) {
    byte[] text = new byte[100];
    Arrays.fill(text, (byte) (seed + 1));
    byte[] frame = Packets.ethernet(-1L >>> 16, link.hardwareAddress(), 0x88B5, text);
    var burst = new Burst();
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (System.nanoTime() < deadline) {
      Packets.commit(link, frame);
      link.flush();
      link.awaitReadable(10_000_000);
      burst.clear();
      if (link.receive(burst) > 0) {
        assertArrayEquals(frame, Packets.copy(burst, 0));
        return;
      }
    }
    throw new AssertionError("no echo");
  }

  @Test
  void whatCantBeAPlaceForASocketIsRefusedInOneLine() throws Exception {
    DpdkContract.assumeUsable();
    Path file = Files.createFile(directory.resolve("file"));
    for (String spec :
        new String[] {"memif", "memif:/tmp/x,role=master", "memif:/" + "x".repeat(107)}) {
      var refused = assertThrows(IllegalArgumentException.class, () -> Links.open(spec));
      assertEquals(1, refused.getMessage().lines().count(), refused.getMessage());
    }
    for (String spec : new String[] {"memif:" + file, "memif:/nowhere/at/all"}) {
      var refused = assertThrows(LinkException.class, () -> Links.open(spec));
      assertEquals(1, refused.getMessage().lines().count(), refused.getMessage());
    }
    try (Link link = Links.open("memif:" + directory.resolve("taken"))) {
      assertThrows(LinkException.class, () -> Links.open(link.name() + ",role=server"));
    }
  }
}
