package wisp.drivers.afpacket;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.TransmitPacket;
import wisp.core.wire.HardwareAddress;
import wisp.drivers.KernelTcp;
import wisp.drivers.LinkDownException;
import wisp.drivers.Packets;
import wisp.drivers.linux.LeakCheck;
import wisp.drivers.linux.Libc;
import wisp.drivers.linux.NetworkNamespace;
import wisp.drivers.linux.SocketCalls;
import wisp.drivers.linux.TestNamespace;

/** Frames that come in and leave, and an interface that goes. */
class AfPacketFramesTest extends AfPacketVethTest {
  private static final int VLAN = 0x8100;
  private static final int IPPROTO_UDP = 17;
  private static final int UDP_SEGMENT = 103;

  @Test
  void framesForOthersTakeNoSlot() throws Exception {
    try (Link link = open("ours");
        Link other = open("kernels")) {
      long us = link.hardwareAddress();
      long them = other.hardwareAddress();
      commit(other, us ^ 1, EXPERIMENT, new byte[] {1});
      commit(other, us ^ 1L << 40, EXPERIMENT, new byte[] {2});
      commit(other, us, EXPERIMENT, new byte[] {3});
      commit(other, us, VLAN, tagged(5, 4));
      commit(other, us, VLAN, tagged(0xE000, 5));
      commit(other, HardwareAddress.BROADCAST, EXPERIMENT, new byte[] {6});
      other.flush();
      var seen = new ArrayList<Integer>();
      for (byte[] frame : drain(link)) {
        byte[] payload = Packets.unframed(frame, EXPERIMENT);
        if (payload.length > 0) {
          seen.add((int) payload[0]);
        }
      }
      // 2 is for a group; 5 has a tag, but only with a priority, which the kernel takes off.
      assertEquals(List.of(2, 3, 5, 6), seen);
      assertEquals(0, link.drops() + other.drops());
    }
  }

  private static byte[] tagged(int tag, int payload) {
    var bytes = ByteBuffer.allocate(46); // the kernel takes no tag off a shorter one
    return bytes.putShort((short) tag).putShort((short) EXPERIMENT).put((byte) payload).array();
  }

  @Test
  void aChecksumIsTrustedOnlyWhenTheKernelVouchesForIt() throws Exception {
    try (Link link = open("ours");
        Link other = open("kernels")) {
      byte[] packet = Packets.udp("10.9.0.9", 1, OWN, 2, new byte[20]);
      byte[] frame =
          Packets.ethernet(
              link.hardwareAddress(), other.hardwareAddress(), Packets.ETHER_IPV4, packet);
      Packets.commit(other, frame);
      commit(other, frame, 6, 0);
      other.flush();
      fill(link, 2);
      assertEquals(0, burst.flags(0));
      assertEquals(Burst.CHECKSUM_TRUSTED, burst.flags(1));
    }
  }

  @Test
  void framesLieInTheRing() throws Exception {
    try (Link link = open("ours,frames=64,slot=2Ki");
        Link other = open("kernels")) {
      for (int i = 0; i < 3; i++) {
        commit(other, link.hardwareAddress(), EXPERIMENT, new byte[50]);
      }
      other.flush();
      fill(link, 3);
      for (int i = 0; i < 3; i++) {
        assertEquals(64 * 2048, burst.memory(i).byteSize());
        assertTrue(burst.start(i) >= 2048 * i && burst.start(i) + 64 <= 2048 * (i + 1));
      }
      MemorySegment ring = burst.memory(0);
      link.close();
      assertThrows(
          IllegalStateException.class, () -> ring.get(ValueLayout.JAVA_BYTE, 0), "unmapped");
    }
  }

  @Test
  void givenAFullRing_thenFurtherFramesAreLostAndCounted() throws Exception {
    try (Link link = open("ours,frames=2");
        Link other = open("kernels")) {
      for (int i = 0; i < 100; i++) {
        commit(other, link.hardwareAddress(), EXPERIMENT, new byte[] {(byte) i});
      }
      other.flush();
      List<byte[]> first = drain(link);
      assertEquals(3, first.size()); // as many as have room in a block of 256 KiB
      assertEquals(97, link.drops());
      assertEquals(97, link.drops(), "asking changes nothing");
      commit(other, link.hardwareAddress(), EXPERIMENT, new byte[] {7});
      other.flush();
      assertEquals(7, drain(link).getFirst()[14]);
      link.close();
      assertEquals(97, link.drops());
      assertEquals(0, other.drops());
    }
  }

  @Test
  void givenAFrameLargerThanItsSlot_thenItIsLostAndCounted() throws Exception {
    String address = KernelTcp.KERNEL + "/64";
    namespace.run("sysctl", "-qw", "net.ipv6.conf.kernels.disable_ipv6=0");
    namespace.run("ip", "address", "add", address, "dev", "kernels", "nodad");
    try (Link link = open("ours,slot=2Ki");
        ServerSocketChannel server = namespace.listen(KernelTcp.KERNEL, 7)) {
      namespace.introduce(KernelTcp.OWN, link, "kernels");
      var tcp = new KernelTcp(link, namespace.hardwareAddress("kernels"), 7);
      tcp.connect();
      try (SocketChannel peer = server.accept()) {
        drain(link);
        assertEquals(0, link.drops());
        peer.write(ByteBuffer.allocate(10_000));
        for (byte[] frame : drain(link)) {
          assertTrue(frame.length <= 1514, frame.length + " B");
        }
        assertTrue(link.drops() > 0);
      }
    }
  }

  /** A peer on the same machine that leaves it to its interface to cut datagrams. */
  @Test
  void givenDatagramsMergedByTheSender_thenTheyAreLostAndCounted_andTheNextArrive()
      throws Exception {
    try (Link link = open("ours");
        Arena arena = Arena.ofShared();
        DatagramChannel peer = namespace.udp(KERNEL, 7)) {
      namespace.introduce(OWN, link, "kernels");
      var libc = new Libc(arena);
      var calls = new SocketCalls(arena);
      int socket =
          NetworkNamespace.inside(
              namespace.name(), () -> libc.socket(Libc.AF_INET, Libc.SOCK_DGRAM, 0));
      assertEquals(0, calls.setOption(socket, IPPROTO_UDP, UDP_SEGMENT, 500));
      MemorySegment to = arena.allocate(16, 8);
      to.copyFrom(MemorySegment.ofArray(new byte[] {2, 0, 0, 9, 10, 9, 1, 7}));
      MemorySegment payload = arena.allocate(5000);
      assertEquals(5000, calls.sendTo(socket, payload.address(), 5000, 0, to.address(), 16));
      libc.close(socket);
      assertEquals(List.of(), drain(link));
      assertEquals(1, link.drops());
      peer.send(ByteBuffer.allocate(5), new InetSocketAddress(OWN, 9));
      assertEquals(1, drain(link).size());
      assertEquals(1, link.drops());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ",bypass=off", ",fanout=7,bypass=off"})
  void whatLeavesThroughTheInterfaceDoesNotComeBack(String parameters) throws Exception {
    namespace.run("ip", "address", "add", "10.8.0.1/24", "broadcast", "10.8.0.255", "dev", "ours");
    try (Link link = open("ours" + parameters);
        DatagramChannel kernel = namespace.udp("10.8.0.1", 7)) {
      kernel.setOption(StandardSocketOptions.SO_BROADCAST, true);
      kernel.send(ByteBuffer.allocate(5), new InetSocketAddress("10.8.0.255", 9));
      commit(link, HardwareAddress.BROADCAST, EXPERIMENT, new byte[60]);
      link.flush();
      assertEquals(List.of(), drain(link));
      assertEquals(0, link.drops());
    }
  }

  @Test
  void aShortFrameAndABareHeaderAreNoTrouble() throws Exception {
    try (Link link = open("ours")) {
      long us = link.hardwareAddress();
      Packets.commit(link, new byte[13]);
      assertEquals(1, link.drops());
      commit(link, HardwareAddress.BROADCAST, EXPERIMENT, new byte[0]);
      commit(link, HardwareAddress.BROADCAST, EXPERIMENT, new byte[1501]);
      link.flush();
      assertEquals(2, link.drops());
      assertFalse(link.claim(70_000, new TransmitPacket()));
      assertEquals(3, link.drops());
    }
  }

  @Test
  void givenFramesThatTheKernelRefuses_thenThoseAroundThemArrive() throws Exception {
    try (Link link = open("ours");
        Link other = open("kernels")) {
      namespace.run("ip", "link", "set", "ours", "mtu", "1000"); // behind the link's back
      for (int i = 0; i < 100; i++) {
        int bytes = i % 10 == 3 ? 1400 : 40;
        byte[] payload = new byte[bytes];
        payload[0] = (byte) i;
        commit(link, other.hardwareAddress(), EXPERIMENT, payload);
      }
      link.flush();
      List<byte[]> frames = drain(other);
      assertEquals(90, frames.size());
      int next = 0;
      for (byte[] frame : frames) {
        next += next % 10 == 3 ? 1 : 0;
        assertEquals(next++, frame[14]);
      }
      assertEquals(10, link.drops());
    }
  }

  /**
   * The queue refuses more (ENOBUFS), or holds so much that the socket may not send more (EAGAIN).
   */
  @ParameterizedTest
  @ValueSource(strings = {"6k", "100m"})
  void givenASlowInterfaceThatIsFull_thenTheRestIsLostAndCounted(String limit) throws Exception {
    String tbf = "rate 10mbit burst 3k limit " + limit;
    namespace.run("sh", "-c", "tc qdisc add dev ours root tbf " + tbf);
    try (Link link = open("ours,bypass=off");
        Link other = open("kernels")) {
      int count = 10_000;
      for (int i = 0; i < count; i++) {
        commit(link, other.hardwareAddress(), EXPERIMENT, new byte[1000]);
      }
      link.flush();
      assertTrue(link.drops() > 1000 && link.drops() < count, link.drops() + " lost");
      if (limit.equals("6k")) {
        assertFalse(drain(other).isEmpty());
        long before = link.drops();
        commit(link, other.hardwareAddress(), EXPERIMENT, new byte[1]);
        link.flush();
        assertFalse(drain(other).isEmpty(), "there is room again");
        assertEquals(before, link.drops());
      }
    }
  }

  @Test
  void largePacketsThatAreMoreThanABatchHoldsArriveInOrder() throws Exception {
    try (Link link = open("ours");
        Link other = open("kernels,frames=64")) {
      byte[] payload = new byte[60_000];
      new Random(1).nextBytes(payload);
      for (int i = 0; i < 12; i++) {
        byte[] segment = Packets.tcp(OWN, 1, "10.9.0.9", 2, i, payload);
        ByteBuffer.wrap(segment).putShort(36, (short) Packets.pseudoHeaderSum(segment));
        commit(link, frame(link, other.hardwareAddress(), Packets.ETHER_IPV4, segment), 16, 1460);
      }
      link.flush();
      List<byte[]> frames = drain(other);
      assertEquals(12, frames.size());
      for (int i = 0; i < 12; i++) {
        byte[] packet = Packets.unframed(frames.get(i), Packets.ETHER_IPV4);
        assertEquals(i, ByteBuffer.wrap(packet).getInt(24));
        assertArrayEquals(payload, Arrays.copyOfRange(packet, 40, packet.length));
      }
      assertEquals(0, link.drops() + other.drops());
    }
  }

  @Test
  void payloadStaysWhereItIsUntilFlush_thenTheKernelHasItsOwn() throws Exception {
    try (Link link = open("ours");
        Link other = open("kernels");
        Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocate(64 * 100);
      var packet = new TransmitPacket();
      for (int round = 0; round < 50; round++) {
        int frames = 1 + round % 64;
        for (int i = 0; i < frames; i++) {
          text.asSlice(i * 100L, 100).fill((byte) -1);
          byte[] header = frame(link, other.hardwareAddress(), EXPERIMENT, new byte[0]);
          assertTrue(link.claim(14, packet));
          MemorySegment.copy(header, 0, packet.memory, ValueLayout.JAVA_BYTE, packet.start, 14);
          packet.length = 14;
          packet.add(text, i * 100L, 40);
          packet.add(text, i * 100L + 40, 60);
          link.commit(packet);
        }
        long before = link.gathersDone();
        for (int i = 0; i < frames; i++) { // what was written since the commit is what is sent
          text.asSlice(i * 100L, 100).fill((byte) i);
        }
        link.flush();
        assertEquals(before + frames, link.gathersDone());
        text.fill((byte) 0x5A); // what is written after it is not
        fill(other, frames);
        for (int i = 0; i < frames; i++) {
          var expected = new byte[100];
          Arrays.fill(expected, (byte) i);
          assertArrayEquals(expected, Packets.unframed(Packets.copy(burst, i), EXPERIMENT));
        }
      }
      assertEquals(0, link.drops());
    }
  }

  @Test
  void aPacketWithPiecesThatCantBeSentIsDoneAsWell() throws Exception {
    try (Link link = open("ours");
        Arena arena = Arena.ofConfined()) {
      var packet = new TransmitPacket();
      assertTrue(link.claim(14, packet));
      packet.length = 14;
      packet.add(arena.allocate(link.mtu() + 1L), 0, link.mtu() + 1);
      link.commit(packet);
      link.flush();
      assertEquals(1, link.drops());
      assertEquals(1, link.gathersDone());
    }
  }

  @Test
  void givenGarbageAndLiesAboutOffloads_thenTheLinkSurvives() throws Exception {
    try (Link link = open("ours");
        Link other = open("kernels")) {
      var random = new Random(3);
      var packet = new TransmitPacket();
      byte[] valid =
          Packets.ethernet(
              other.hardwareAddress(),
              link.hardwareAddress(),
              Packets.ETHER_IPV4,
              Packets.tcp(OWN, 1, "10.9.0.1", 7, 0, new byte[3000]));
      for (int i = 0; i < 50_000; i++) {
        int length = random.nextInt(i % 100 == 0 ? 65_536 : 3060);
        assertTrue(link.claim(length, packet));
        for (int at = 0; at < Math.min(length, 130); at++) {
          byte value =
              random.nextInt(10) > 0 && at < valid.length ? valid[at] : (byte) random.nextInt();
          packet.memory.set(ValueLayout.JAVA_BYTE, packet.start + at, value);
        }
        packet.length = length;
        packet.needsChecksum = random.nextBoolean();
        packet.checksumStart = random.nextInt(10) > 0 ? 34 : random.nextInt(70_000) - 10;
        packet.checksumOffset = random.nextInt(10) > 0 ? 16 : random.nextInt(70_000) - 10;
        packet.segmentBytes =
            packet.needsChecksum && random.nextBoolean() ? random.nextInt(2000) - 2 : 0;
        packet.headerBytes = random.nextInt(10) > 0 ? 40 : random.nextInt(70_000) - 10;
        link.commit(packet);
        if (i % 16 == 0) {
          link.flush();
          burst.clear();
          other.receive(burst);
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
    }
  }

  @Test
  void givenItIsSetDown_thenWhatIsSentIsLost_andItGoesOnWhenItIsUpAgain() throws Exception {
    try (Link link = open("ours");
        DatagramChannel peer = namespace.udp("10.9.0.1", 7)) {
      byte[] frame =
          Packets.ethernet(
              namespace.hardwareAddress("kernels"),
              link.hardwareAddress(),
              Packets.ETHER_IPV4,
              Packets.udp(OWN, 1, "10.9.0.1", 7, new byte[3]));
      namespace.run("ip", "link", "set", "ours", "down");
      for (int i = 0; i < 10; i++) {
        Packets.commit(link, frame);
      }
      link.flush();
      assertEquals(10, link.drops());
      long begun = System.nanoTime();
      for (int i = 0; i < 5; i++) {
        burst.clear();
        assertEquals(0, link.receive(burst));
        link.awaitReadable(1_000_000_000);
      }
      assertTrue(System.nanoTime() - begun > 100_000_000, "its error does not keep us awake");
      namespace.run("ip", "link", "set", "ours", "up");
      Packets.commit(link, frame);
      link.flush();
      var buffer = ByteBuffer.allocate(100);
      peer.receive(buffer);
      assertEquals(3, buffer.position());
      assertEquals(10, link.drops());
      namespace.introduce(OWN, link, "kernels");
      peer.send(ByteBuffer.allocate(5), new InetSocketAddress(OWN, 1));
      byte[] datagram = Packets.unframed(drain(link).getLast(), Packets.ETHER_IPV4);
      assertEquals(5, Packets.udpPayload(datagram).length);
    }
  }

  @Test
  void givenItMovesToAnotherNamespace_thenReceiveSaysItIsGone() throws Exception {
    try (var elsewhere = new TestNamespace();
        Link link = open("ours")) {
      namespace.run("ip", "link", "set", "ours", "netns", elsewhere.name());
      assertThrows(LinkDownException.class, () -> drain(link));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"waits", "looks", "sends"})
  void givenItIsDeleted_thenReceiveSaysItIsGone(String meanwhile) throws Exception {
    LeakCheck before = LeakCheck.now();
    Link link = open("ours");
    namespace.run("ip", "link", "del", "ours");
    switch (meanwhile) {
      case "waits" ->
          assertThrows(
              LinkDownException.class,
              () -> {
                for (int i = 0; i < 100; i++) {
                  link.awaitReadable(5_000_000_000L); // returns: there is something to learn
                }
              });
      case "sends" -> {
        Packets.commit(link, new byte[60]);
        link.flush();
        assertEquals(1, link.drops());
      }
      default -> {}
    }
    var gone =
        assertThrows(
            LinkDownException.class,
            () -> {
              for (int i = 0; i < 10_000; i++) {
                burst.clear();
                link.receive(burst);
              }
            });
    assertTrue(gone.getMessage().contains("afpacket:ours is gone"), gone.getMessage());
    assertThrows(LinkDownException.class, () -> link.awaitReadable(1));
    assertFalse(link.claim(100, new TransmitPacket()));
    link.close();
    before.assertNothingMore();
  }
}
