package wisp.drivers;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.TransmitPacket;

/**
 * What every link must do. A subclass supplies the link and someone at its other end who exchanges
 * UDP datagrams with {@link #OWN}:{@link #OWN_PORT}.
 */
public abstract class LinkContract {
  protected static final String OWN = "10.9.1.7";
  protected static final int OWN_PORT = 5007;
  private static final int BATCHES = 8;
  private static final int ROUNDS = 20_000;
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);

  protected Link link;
  private final Burst burst = new Burst();

  /** A new link, whose peer listens. */
  protected abstract Link open() throws Exception;

  /** The peer's address. */
  protected abstract String peerAddress();

  /** The peer's port. */
  protected abstract int peerPort();

  /** The peer sends a datagram to us. */
  protected abstract void peerSends(byte[] payload) throws Exception;

  /** The payload of the next datagram that reached the peer; null when none came in time. */
  protected abstract byte @Nullable [] peerReceives(int timeoutMillis) throws Exception;

  /** What the link carries. On Ethernet the peer's hardware address counts as well. */
  protected Link.Kind kind() {
    return Link.Kind.IP;
  }

  /** The peer's hardware address, on Ethernet. */
  protected long peerHardwareAddress() {
    return 0;
  }

  /** Ends the peer. */
  protected abstract void closePeer() throws Exception;

  @BeforeEach
  void openLink() throws Exception {
    link = open();
  }

  @AfterEach
  void closeLink() throws Exception {
    if (link != null) { // else it was skipped
      link.close();
    }
    closePeer();
  }

  @Test
  void saysWhatItIs() {
    assertFalse(link.name().isBlank());
    assertEquals(kind(), link.kind());
    // unicast, and on IP links none
    assertEquals(0, link.hardwareAddress() >>> 40 & 1);
    assertEquals(kind() == Link.Kind.ETHERNET, link.hardwareAddress() != 0);
    assertTrue(link.mtu() >= 576, "mtu " + link.mtu());
    assertTrue(link.offloads().segmentationBytes() == 0 || link.offloads().transmitChecksum());
    assertEquals(0, link.drops());
  }

  @Test
  void givenAPacket_whenReceived_thenItsBytesAreThoseSent() throws Exception {
    for (int length : new int[] {0, 1, 2, 17, 512, link.mtu() - 28}) {
      byte[] payload = pattern(length, length);
      peerSends(payload);
      assertArrayEquals(payload, receiveOne());
    }
  }

  @Test
  void givenManyPackets_whenReceived_thenBurstsAreBoundedAndNothingIsMissing() throws Exception {
    int count = 150;
    for (int i = 0; i < count; i++) {
      peerSends(pattern(100, i));
    }
    var received = new ArrayList<byte[]>();
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (received.size() < count && System.nanoTime() < deadline) {
      burst.clear();
      int added = link.receive(burst);
      assertEquals(burst.size(), added);
      assertTrue(added <= Burst.CAPACITY);
      received.addAll(datagrams());
      if (added == 0) {
        link.awaitReadable(1_000_000);
      }
    }
    assertEquals(count, received.size());
    for (int i = 0; i < count; i++) {
      assertArrayEquals(pattern(100, i), received.get(i));
    }
  }

  @Test
  void givenABurstWithPackets_whenReceiving_thenItAddsUntilItIsFull() throws Exception {
    awaitSilence();
    for (int i = 0; i < 5; i++) {
      peerSends(pattern(40, i));
    }
    var stranger = MemorySegment.ofArray(new byte[10]);
    burst.clear();
    for (int i = 0; i < Burst.CAPACITY - 2; i++) {
      burst.add(stranger, 0, 10, 0);
    }
    link.awaitReadable(PATIENCE_NANOS);
    assertEquals(2, link.receive(burst));
    assertTrue(burst.isFull());
    assertEquals(stranger, burst.memory(0));
    assertEquals(0, link.receive(burst), "a full burst takes nothing");
    assertArrayEquals(pattern(40, 2), receiveOne());
  }

  @Test
  void givenPacketsOfOneBurst_whenTheNextComes_thenAllOfTheFirstStayedIntactUntilThen()
      throws Exception {
    awaitSilence();
    for (int i = 0; i < 20; i++) {
      peerSends(pattern(300, i));
    }
    burst.clear();
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (burst.size() == 0 && System.nanoTime() < deadline) {
      link.awaitReadable(1_000_000);
      link.receive(burst);
    }
    for (int i = 0; i < 20; i++) {
      peerSends(pattern(300, 100 + i));
    }
    for (byte[] payload : datagrams()) {
      assertEquals(300, payload.length);
      assertArrayEquals(pattern(300, payload[0]), payload);
      assertTrue(payload[0] < 100);
    }
  }

  @Test
  void givenACommittedPacket_whenFlushed_thenThePeerHasIt() throws Exception {
    for (int length : new int[] {0, 1, 33, 1000, link.mtu() - 28}) {
      byte[] payload = pattern(length, length);
      assertTrue(Packets.commit(link, toPeer(payload)));
      link.flush();
      assertArrayEquals(payload, peerReceives(5000));
    }
    assertEquals(0, link.drops());
  }

  @Test
  void givenSeveralPackets_whenFlushedOnce_thenAllArriveInOrder() throws Exception {
    for (int i = 0; i < 100; i++) {
      assertTrue(Packets.commit(link, toPeer(pattern(64, i))));
    }
    link.flush();
    for (int i = 0; i < 100; i++) {
      assertArrayEquals(pattern(64, i), peerReceives(5000));
    }
  }

  /**
   * Payload that lies elsewhere, in as many pieces as the link takes: it follows in their order.
   */
  @Test
  void givenPieces_whenCommitted_thenThePeerHasThemInOrder() throws Exception {
    int most = link.gatherPieces();
    assumeTrue(most > 0, link.name() + " takes no pieces");
    try (Arena arena = Arena.ofConfined()) {
      int piece = 13;
      byte[] whole = toPeer(pattern(most * piece, most));
      int headers = whole.length - most * piece;
      var packet = new TransmitPacket();
      for (long round = 1; round <= 100; round++) {
        assertTrue(link.claim(headers, packet));
        MemorySegment.copy(whole, 0, packet.memory, ValueLayout.JAVA_BYTE, packet.start, headers);
        packet.length = headers;
        MemorySegment text = arena.allocate((long) most * piece);
        for (int i = 0; i < most; i++) { // in memory the other way round
          long at = (long) (most - 1 - i) * piece;
          MemorySegment.copy(whole, headers + i * piece, text, ValueLayout.JAVA_BYTE, at, piece);
          packet.add(text, at, piece);
        }
        assertTrue(link.gathers(text));
        link.commit(packet);
        link.flush();
        assertArrayEquals(pattern(most * piece, most), peerReceives(5000));
        awaitGathers(round);
      }
    }
    assertEquals(0, link.drops());
  }

  private void awaitGathers(long count) {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (link.gathersDone() < count && System.nanoTime() < deadline) {
      burst.clear();
      link.receive(burst);
    }
    assertEquals(count, link.gathersDone());
  }

  @Test
  void givenAClaim_whenCancelled_thenNothingIsSentAndTheNextClaimWorks() throws Exception {
    var packet = new TransmitPacket();
    assertTrue(link.claim(100, packet));
    assertTrue(packet.start + 100 <= packet.memory.byteSize());
    link.cancel(packet);
    assertTrue(Packets.commit(link, toPeer(pattern(10, 3))));
    link.flush();
    assertArrayEquals(pattern(10, 3), peerReceives(5000));
    assertNull(peerReceives(20));
    assertEquals(0, link.drops());
  }

  @Test
  void givenAPacketBeyondTheMtu_whenSentUncut_thenItIsDroppedAndCounted() throws Exception {
    Packets.commit(link, toPeer(pattern(link.mtu() - 27, 1)));
    link.flush();
    assertNull(peerReceives(50));
    assertEquals(1, link.drops());
    assertTrue(Packets.commit(link, toPeer(pattern(5, 1))));
    link.flush();
    assertNotNull(peerReceives(5000));
  }

  @Test
  void givenNothing_whenAwaited_thenItReturnsInTime() {
    awaitSilence();
    long before = System.nanoTime();
    link.awaitReadable(0);
    link.awaitReadable(3_000_000);
    long took = System.nanoTime() - before;
    assertTrue(took < 2_000_000_000L, took + " ns");
  }

  @Test
  void givenAWaiter_whenWoken_thenItReturnsEarly() throws Exception {
    awaitSilence();
    link.wake();
    long before = System.nanoTime();
    link.awaitReadable(PATIENCE_NANOS);
    assertTrue(System.nanoTime() - before < PATIENCE_NANOS / 2, "woken before it waited");

    var waker =
        Thread.ofPlatform()
            .start(
                () -> {
                  sleep(20);
                  link.wake();
                });
    before = System.nanoTime();
    link.awaitReadable(PATIENCE_NANOS);
    assertTrue(System.nanoTime() - before < PATIENCE_NANOS / 2, "woken while it waited");
    waker.join();
  }

  @Test
  void givenAClosedLink_whenUsed_thenNothingHappens() {
    link.close();
    link.close();
    burst.clear();
    assertEquals(0, link.receive(burst));
    assertFalse(link.claim(100, new TransmitPacket()));
    link.flush();
    link.wake();
    link.awaitReadable(1);
  }

  @Test
  void givenAWarmLink_whenPacketsPass_thenNothingIsAllocated() throws Exception {
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    byte[] bytes = toPeer(pattern(200, 1));
    byte[] payload = pattern(200, 2);
    var packet = new TransmitPacket();
    long least = Long.MAX_VALUE;
    // Downcalls allocate until their callers are compiled, which on a busy machine takes a while.
    for (int batch = 0; batch < BATCHES && least >= ROUNDS; batch++) {
      long allocated = 0;
      for (int i = 0; i < ROUNDS; i++) {
        peerSends(payload);
        long before = threads.getCurrentThreadAllocatedBytes();
        link.awaitReadable(1_000_000);
        burst.clear();
        link.receive(burst);
        if (link.claim(bytes.length, packet)) {
          MemorySegment.copy(
              bytes, 0, packet.memory, ValueLayout.JAVA_BYTE, packet.start, bytes.length);
          packet.length = bytes.length;
          link.commit(packet);
        }
        link.flush();
        allocated += threads.getCurrentThreadAllocatedBytes() - before;
        peerReceives(100);
      }
      least = Math.min(least, allocated);
    }
    // The measurement itself allocates nothing; a stray recompilation may.
    assertTrue(least < ROUNDS, least + " B allocated by " + ROUNDS + " rounds at best");
  }

  /** A datagram from us to the peer. */
  protected final byte[] toPeer(byte[] payload) {
    byte[] packet = Packets.udp(OWN, OWN_PORT, peerAddress(), peerPort(), payload);
    return kind() == Link.Kind.IP
        ? packet
        : Packets.ethernet(
            peerHardwareAddress(), link.hardwareAddress(), Packets.ETHER_IPV4, packet);
  }

  /** The payload of the next datagram that reached the link; fails when none comes. */
  protected final byte[] receiveOne() {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (System.nanoTime() < deadline) {
      burst.clear();
      link.receive(burst);
      List<byte[]> datagrams = datagrams();
      if (!datagrams.isEmpty()) {
        return datagrams.getFirst();
      }
      link.awaitReadable(1_000_000);
    }
    throw new AssertionError("no datagram came");
  }

  /** What a fresh device says by itself (IPv6 looks for routers) must not disturb a count. */
  private void awaitSilence() {
    long quietSince = System.nanoTime();
    while (System.nanoTime() - quietSince < 5_000_000) {
      burst.clear();
      if (link.receive(burst) > 0) {
        quietSince = System.nanoTime();
      }
    }
  }

  private List<byte[]> datagrams() {
    var payloads = new ArrayList<byte[]>();
    for (int i = 0; i < burst.size(); i++) {
      byte[] packet = Packets.copy(burst, i);
      if (kind() == Link.Kind.ETHERNET) {
        packet = Packets.unframed(packet, Packets.ETHER_IPV4);
      }
      if (Packets.isIpv4(packet, Packets.UDP)) {
        payloads.add(Packets.udpPayload(packet));
      }
    }
    return payloads;
  }

  /** Bytes that tell by their first who they are. */
  protected static byte[] pattern(int length, int seed) {
    var bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (seed + i * 7);
    }
    return bytes;
  }

  private static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
