package wisp.drivers.afxdp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.TransmitPacket;
import wisp.core.wire.HardwareAddress;
import wisp.drivers.Links;
import wisp.drivers.Packets;

/** Where packets lie, and that no part of the shared memory gets lost. */
class AfXdpFramesTest extends AfXdpVethTest {
  private static final int FRAMES = 64;
  private static final String SMALL = OURS + ",frames=" + FRAMES;

  /** A frame to our address from the other station. */
  private static byte[] datagram(Link to, Link from, byte[] payload) {
    byte[] packet = Packets.udp("10.9.0.9", 1, OWN, 2, payload);
    return Packets.ethernet(
        to.hardwareAddress(), from.hardwareAddress(), Packets.ETHER_IPV4, packet);
  }

  private static byte[] numbered(int number, int length) {
    return ByteBuffer.allocate(Math.max(4, length)).putInt(number).array();
  }

  private static int number(byte[] frame) {
    return ByteBuffer.wrap(frame).getInt(42);
  }

  /** Every chunk and every slot is at home, and none is counted twice. */
  private void assertComplete(Link link) {
    ReceiveFrames receive = ((AfXdpLink) link).queue().receive();
    TransmitFrames transmit = ((AfXdpLink) link).queue().transmit();
    drain(link); // the last of it gives back what was lent
    burst.clear();
    link.receive(burst);
    transmit.reap();
    UmemLayout layout = ((AfXdpLink) link).queue().layout();
    assertEquals(
        layout.receiveChunks()
            + " chunks on offer, 0 lent, 0 waiting; "
            + layout.transmitSlots()
            + " slots free, 0 to be taken",
        receive.offeredChunks()
            + " chunks on offer, "
            + receive.lentChunks()
            + " lent, "
            + receive.waitingChunks()
            + " waiting; "
            + transmit.freeSlots()
            + " slots free, "
            + transmit.waiting()
            + " to be taken");
  }

  @ParameterizedTest
  @CsvSource({"native,2048", "native,4096", "skb,2048", "skb,4096"})
  void underLoadChunksAndSlotsOnlyChangeHands(String mode, int chunk) throws Exception {
    try (Link link = open(SMALL + ",mode=" + mode + ",chunk=" + chunk);
        Link other = other()) {
      UmemLayout layout = ((AfXdpLink) link).queue().layout();
      ReceiveFrames receive = ((AfXdpLink) link).queue().receive();
      TransmitFrames transmit = ((AfXdpLink) link).queue().transmit();
      var packet = new TransmitPacket();
      var random = new Random(chunk);
      int sent = 0;
      int echoed = 0;
      int last = -1;
      int returned = 0;
      for (int round = 0; round < 20_000; round++) {
        for (int i = random.nextInt(12); i > 0; i--) { // more than are read: some get lost
          Packets.commit(other, datagram(link, other, numbered(sent++, random.nextInt(1400))));
        }
        other.flush();
        burst.clear();
        link.receive(burst);
        for (int i = 0; i < burst.size(); i++) {
          byte[] frame = Packets.copy(burst, i);
          assertTrue(number(frame) > last, "in order, none twice");
          last = number(frame);
          if (random.nextInt(8) == 0) { // a claim that is given back
            assertTrue(link.claim(frame.length, packet));
            link.cancel(packet);
          }
          HardwareAddress.write(MemorySegment.ofArray(frame), 0, other.hardwareAddress());
          echoed += Packets.commit(link, frame) ? 1 : 0;
        }
        if (random.nextInt(4) > 0) {
          link.flush();
        }
        int known = receive.offeredChunks() + receive.waitingChunks() + receive.lentChunks();
        assertTrue(known <= layout.receiveChunks(), known + " chunks");
        assertTrue(transmit.freeSlots() <= layout.transmitSlots());
        returned += drained(other);
      }
      link.flush();
      returned += drain(other).size();
      assertComplete(link);
      assertTrue(sent > 100_000 && echoed > 50_000, sent + " sent, " + echoed + " echoed");
      assertEquals(echoed, returned, "what we sent arrived");
    }
  }

  private int drained(Link other) {
    int frames = 0;
    do {
      burst.clear();
      other.receive(burst);
      frames += burst.size();
    } while (burst.isFull());
    return frames;
  }

  @ParameterizedTest
  @ValueSource(strings = {"native", "skb"})
  void givenNoChunkIsFree_thenFurtherPacketsAreLostAndCounted(String mode) throws Exception {
    try (Link link = open(SMALL + ",mode=" + mode);
        Link other = other()) {
      for (int round = 0; round < 3; round++) {
        for (int i = 0; i < FRAMES + 36; i++) {
          Packets.commit(other, datagram(link, other, numbered(i, 100)));
        }
        other.flush();
        List<byte[]> frames = drain(link);
        assertEquals(FRAMES, frames.size());
        assertEquals(FRAMES - 1, number(frames.getLast()));
        assertEquals(36 * (round + 1), link.drops());
      }
      assertComplete(link);
      link.close();
      assertEquals(108, link.drops());
    }
  }

  /** What the kernel does not cut for us comes as one packet, without a copy of ours. */
  @Test
  void packetsOf50KiBLieInOnePieceInTheSharedMemory() throws Exception {
    try (Link link = open(SMALL + ",mode=skb");
        Link other = other()) {
      UmemLayout layout = ((AfXdpLink) link).queue().layout();
      byte[] payload = new byte[50_000];
      new Random(1).nextBytes(payload);
      int chunk = 0;
      int chunks = (50_054 + layout.roomBytes() - 1) / layout.roomBytes();
      int gathered = 0;
      for (int i = 0; i < 200; i++) {
        byte[] segment = Packets.tcp("10.9.0.9", 1, OWN, 2, i, payload);
        ByteBuffer.wrap(segment).putShort(36, (short) Packets.pseudoHeaderSum(segment));
        commit(other, frame(other, link.hardwareAddress(), Packets.ETHER_IPV4, segment), 16, 1460);
        other.flush();
        fill(link, 1);
        assertSame(((AfXdpLink) link).queue().socket().umem(), burst.memory(0));
        assertEquals(1460, burst.segmentBytes(0));
        assertEquals(Burst.CHECKSUM_TRUSTED, burst.flags(0));
        byte[] packet = Packets.unframed(Packets.copy(burst, 0), Packets.ETHER_IPV4);
        assertArrayEquals(segment, packet);
        // Only where the chunks begin anew it had to be put together.
        boolean goesRound = chunk + chunks > FRAMES;
        assertEquals(goesRound ? layout.gather(0) : layout.chunk(chunk) + 256, burst.start(0));
        gathered += goesRound ? 1 : 0;
        chunk = (chunk + chunks) % FRAMES;
      }
      assertTrue(gathered > 20 && gathered < 50, gathered + " of 200");
      assertEquals(0, link.drops() + other.drops());
      assertComplete(link);
    }
  }

  /** More of them than can be put together at once wait for the next burst. */
  @Test
  void manyLargePacketsInOneBurstAreAllThere() throws Exception {
    try (Link link = open(OURS + ",frames=1024,mode=skb,chunk=2048");
        Link other = other()) {
      byte[] payload = new byte[60_000];
      for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 25; i++) {
          byte[] segment = Packets.tcp("10.9.0.9", 1, OWN, 2, 25 * round + i, payload);
          ByteBuffer.wrap(segment).putShort(36, (short) Packets.pseudoHeaderSum(segment));
          commit(
              other, frame(other, link.hardwareAddress(), Packets.ETHER_IPV4, segment), 16, 1460);
        }
        other.flush();
        List<byte[]> frames = drain(link);
        assertEquals(25, frames.size());
        for (int i = 0; i < 25; i++) {
          assertEquals(25 * round + i, ByteBuffer.wrap(frames.get(i)).getInt(38));
          assertEquals(60_054, frames.get(i).length);
        }
      }
      assertComplete(link);
    }
  }

  /** Datagrams that their sender left to be cut (UDP_SEGMENT) can't be told apart any more. */
  @Test
  void mergedDatagramsAreLostAndCounted() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/python3")), "python3 is not installed");
    try (Link link = open(SMALL + ",mode=skb")) {
      namespace.introduce(OWN, link, "kernels");
      String program =
          "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);"
              + " s.setsockopt(17, 103, 1000); s.sendto(bytes(8000), ('"
              + OWN
              + "', 2));"
              + " s.setsockopt(17, 103, 0); s.sendto(b'7777', ('"
              + OWN
              + "', 2))";
      namespace.run("python3", "-c", program);
      List<byte[]> frames = drain(link);
      assertEquals(1, frames.size());
      assertEquals(0x3737_3737, number(frames.getFirst()));
      assertEquals(1, link.drops());
      assertComplete(link);
    }
  }

  @ParameterizedTest
  @CsvSource({"native,9000", "skb,9000", "native,65266", "skb,65266"})
  void withAnMtuOfSeveralChunksPacketsGoBothWaysWhole(String mode, int mtu) throws Exception {
    namespace.run("ip", "link", "set", "ours", "mtu", String.valueOf(mtu));
    namespace.run("ip", "link", "set", "kernels", "mtu", String.valueOf(mtu));
    try (Link link = open(OURS + ",mode=" + mode);
        Link other = other()) {
      assertEquals(mtu, link.mtu());
      byte[] payload = new byte[mtu - 28];
      new Random(2).nextBytes(payload);
      for (int i = 0; i < 500; i++) {
        byte[] frame = datagram(link, other, payload);
        Packets.commit(other, frame);
        other.flush();
        fill(link, 1);
        assertArrayEquals(frame, Packets.copy(burst, 0));
        HardwareAddress.write(MemorySegment.ofArray(frame), 0, other.hardwareAddress());
        assertTrue(Packets.commit(link, frame));
        link.flush();
        fill(other, 1);
        assertArrayEquals(frame, Packets.copy(burst, 0));
      }
      assertFalse(link.claim(mtu + 15, new TransmitPacket()));
      assertEquals(1, link.drops());
      assertComplete(link);
    }
  }

  @Test
  void moreThanThereAreSlotsLeavesInOrderWithoutAFlush() throws Exception {
    try (Link link = open(SMALL);
        Link other =
            Links.open(
                "afpacket:kernels,frames=16Ki,slot=2Ki,mac=interface,netns=" + namespace.name())) {
      for (int i = 0; i < 5000; i++) {
        byte[] frame =
            Packets.ethernet(
                other.hardwareAddress(), link.hardwareAddress(), EXPERIMENT, numbered(i, 46));
        assertTrue(Packets.commit(link, frame));
      }
      link.flush();
      List<byte[]> frames = drain(other);
      assertEquals(5000, frames.size());
      for (int i = 0; i < 5000; i++) {
        assertEquals(i, ByteBuffer.wrap(frames.get(i)).getInt(14));
      }
      assertEquals(0, link.drops());
      assertComplete(link);
    }
  }

  /** Behind a router that has to send it out complete. */
  @Test
  void aChecksumLeftToTheKernelIsRightInTheEnd() throws Exception {
    namespace.run("sysctl", "-qw", "net.ipv4.ip_forward=1");
    try (Link link = open(OURS);
        Link out = Links.open("tun:out,host=10.8.0.1/24,offload=off,netns=" + namespace.name())) {
      assertTrue(link.offloads().transmitChecksum());
      byte[] segment = Packets.tcp(OWN, 1, "10.8.0.7", 2, 5, new byte[] {1, 2, 3});
      byte[] complete = segment.clone();
      ByteBuffer.wrap(segment).putShort(36, (short) Packets.pseudoHeaderSum(segment));
      long to = namespace.hardwareAddress("kernels");
      commit(link, frame(link, to, Packets.ETHER_IPV4, segment), 16, 0);
      link.flush();
      fill(out, 1);
      byte[] arrived = Packets.copy(burst, 0);
      assertTrue(Packets.checksumsAreRight(arrived));
      assertArrayEquals(Arrays.copyOfRange(complete, 20, 43), Arrays.copyOfRange(arrived, 20, 43));
    }
  }

  @Test
  void aChecksumIsTrustedWhereNoWireCouldHaveSpoiltIt() throws Exception {
    for (String choice : List.of("auto", "trust", "verify")) {
      try (Link link = open(SMALL + ",checksum=" + choice);
          Link other = other()) {
        Packets.commit(other, datagram(link, other, new byte[20]));
        other.flush();
        fill(link, 1);
        assertEquals(choice.equals("verify") ? 0 : Burst.CHECKSUM_TRUSTED, burst.flags(0));
      }
    }
  }

  @Test
  void whatIsNoUseIsNotSent() throws Exception {
    try (Link link = open(SMALL)) {
      Packets.commit(link, new byte[13]);
      assertEquals(1, link.drops());
      byte[] frame = frame(link, HardwareAddress.BROADCAST, EXPERIMENT, new byte[1500]);
      Packets.commit(link, frame);
      assertEquals(1, link.drops());
      assertFalse(Packets.commit(link, Arrays.copyOf(frame, 1515)));
      assertEquals(2, link.drops());
      commit(link, frame, 0, 100); // AF_XDP cuts nothing
      assertEquals(3, link.drops());
      link.flush();
      assertComplete(link);
    }
  }

  @Test
  void givenGarbageAndLiesAboutOffloads_thenTheLinkSurvives() throws Exception {
    try (Link link = open(SMALL);
        Link other = other()) {
      var random = new Random(3);
      var packet = new TransmitPacket();
      for (int i = 0; i < 50_000; i++) {
        int length = random.nextInt(1515);
        assertTrue(link.claim(length, packet));
        for (int at = 0; at < Math.min(length, 130); at++) {
          packet.memory.set(ValueLayout.JAVA_BYTE, packet.start + at, (byte) random.nextInt());
        }
        packet.length = length;
        packet.needsChecksum = random.nextBoolean();
        packet.checksumStart = random.nextInt(10) > 0 ? 34 : random.nextInt(70_000) - 10;
        packet.checksumOffset = random.nextInt(10) > 0 ? 16 : random.nextInt(70_000) - 10;
        link.commit(packet);
        if (i % 16 == 0) {
          link.flush();
          drained(other);
        }
      }
      link.flush();
      drain(other);
      assertTrue(link.drops() > 1000);
      long before = link.drops();
      commit(link, other.hardwareAddress(), EXPERIMENT, new byte[] {9});
      link.flush();
      assertEquals(9, drain(other).getLast()[14]);
      assertEquals(before, link.drops());
      assertComplete(link);
    }
  }

  @Test
  void whatWasLentIsUnmappedWithTheLink() throws Exception {
    Link link = open(SMALL);
    MemorySegment umem = ((AfXdpLink) link).queue().socket().umem();
    umem.get(ValueLayout.JAVA_BYTE, 0);
    link.close();
    assertThrows(IllegalStateException.class, () -> umem.get(ValueLayout.JAVA_BYTE, 0));
  }
}
