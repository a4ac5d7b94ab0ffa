package wisp.drivers.pcap;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.LinkOffloads;
import wisp.core.spi.TransmitPacket;
import wisp.drivers.Packets;
import wisp.drivers.inmemory.InMemoryPipe;

class PcapTest {
  private static final long NOON = 1_800_000_000_123_456_789L;
  @TempDir Path directory;

  private record Recorded(long nanos, int wireBytes, byte[] bytes) {}

  private static List<Recorded> read(Path file) throws IOException {
    var bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.nativeOrder());
    assertEquals(0xA1B23C4D, bytes.getInt());
    assertEquals(2, bytes.getShort());
    assertEquals(4, bytes.getShort());
    bytes.position(24);
    var packets = new ArrayList<Recorded>();
    while (bytes.hasRemaining()) {
      long nanos = bytes.getInt() * 1_000_000_000L + bytes.getInt();
      var packet = new byte[bytes.getInt()];
      int wireBytes = bytes.getInt();
      bytes.get(packet);
      packets.add(new Recorded(nanos, wireBytes, packet));
    }
    return packets;
  }

  private static byte[] tcp(int length) {
    var payload = new byte[length];
    new Random(length).nextBytes(payload);
    return Packets.tcp("10.9.0.1", 40_000, "10.9.1.7", 7, length, payload);
  }

  /** Sends a packet the way the stack does when the link completes checksums. */
  private static void commitPartial(Link link, byte[] whole, int segmentBytes) {
    byte[] partial = whole.clone();
    ByteBuffer.wrap(partial).putShort(36, (short) Packets.pseudoHeaderSum(whole));
    var packet = new TransmitPacket();
    assertTrue(link.claim(partial.length, packet));
    MemorySegment.copy(
        partial, 0, packet.memory, ValueLayout.JAVA_BYTE, packet.start, partial.length);
    packet.length = partial.length;
    packet.needsChecksum = true;
    packet.checksumStart = 20;
    packet.checksumOffset = 16;
    packet.segmentBytes = segmentBytes;
    packet.headerBytes = 40;
    link.commit(packet);
  }

  /** A file with plain and partial packets, both ways. */
  private List<byte[]> record(Path file) throws IOException {
    var clock = new long[] {NOON};
    var sent = new ArrayList<byte[]>();
    try (var pipe = new InMemoryPipe(1500, 64, InMemoryPipe.ALL_OFFLOADS);
        var link = new PcapLink(pipe.a(), new PcapWriter(file, Link.Kind.IP), () -> clock[0]++)) {
      var burst = new Burst();
      for (int length : new int[] {0, 1, 2, 3, 1459, 1460}) {
        sent.add(tcp(length));
        Packets.commit(link, sent.getLast());
        sent.add(tcp(length));
        commitPartial(link, sent.getLast(), 0);
        sent.add(tcp(length));
        commitPartial(pipe.b(), sent.getLast(), 0);
        pipe.b().flush();
        burst.clear();
        assertEquals(1, link.receive(burst));
        assertEquals(Burst.CHECKSUM_TRUSTED, burst.flags(0));
      }
      sent.add(tcp(65_495));
      commitPartial(link, sent.getLast(), 1460);
      sent.add(Packets.udp("10.9.0.1", 1, "10.9.1.7", 2, new byte[9]));
      Packets.commit(link, sent.getLast());
      assertEquals(LinkOffloads.class, link.offloads().getClass());
      assertEquals(InMemoryPipe.ALL_OFFLOADS, link.offloads());
    }
    return sent;
  }

  @Test
  void recordsBothDirectionsInOrderWithTheChecksumsOfTheWire() throws IOException {
    Path file = directory.resolve("both.pcap");
    List<byte[]> sent = record(file);
    List<Recorded> recorded = read(file);
    assertEquals(sent.size(), recorded.size());
    for (int i = 0; i < sent.size(); i++) {
      assertArrayEquals(sent.get(i), recorded.get(i).bytes(), "packet " + i);
      assertTrue(Packets.checksumsAreRight(recorded.get(i).bytes()), "packet " + i);
      assertEquals(NOON + i, recorded.get(i).nanos());
    }
  }

  @Test
  void tsharkAcceptsTheFileAndEveryChecksum() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/tshark")), "tshark is not installed");
    Path file = directory.resolve("tshark.pcap");
    int packets = record(file).size();
    var tshark =
        new ProcessBuilder(
                "tshark",
                "-r",
                file.toString(),
                "-o",
                "tcp.check_checksum:TRUE",
                "-o",
                "udp.check_checksum:TRUE",
                "-o",
                "ip.check_checksum:TRUE",
                "-T",
                "fields",
                "-e",
                "frame.time_epoch",
                "-e",
                "ip.checksum.status",
                "-e",
                "tcp.checksum.status",
                "-e",
                "udp.checksum.status",
                "-e",
                "_ws.malformed")
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    List<String> lines = tshark.inputReader().readAllLines();
    assertEquals(0, tshark.waitFor());
    assertEquals(packets, lines.size());
    for (int i = 0; i < packets; i++) {
      String[] fields = lines.get(i).split("\t", -1);
      assertTrue(fields[0].contains(".123456" + (789 + i)), fields[0]);
      assertEquals("1", fields[1], "IP checksum of packet " + i);
      assertEquals("1", fields[2] + fields[3], "transport checksum of packet " + i);
      assertEquals("", fields[4]);
    }
  }

  private static byte[] tcpIpv6(int payload) {
    var transport = ByteBuffer.allocate(20 + payload);
    transport.putInt(0x9C40_0007).putInt(payload).putInt(1).putInt(0x5010_1000);
    return Packets.ipv6(Packets.TCP, "fd09::1", "fd09::7", transport.array(), 16);
  }

  /** Link type 1: the frame as it is, with the checksum of the packet in it complete. */
  @Test
  void recordsEthernetFramesOfBothFamilies() throws IOException {
    Path file = directory.resolve("ethernet.pcap");
    byte[] arp = Packets.ethernet(1, 2, Packets.ETHER_ARP, new byte[28]);
    byte[] padded = Arrays.copyOf(Packets.ethernet(1, 2, Packets.ETHER_IPV6, tcpIpv6(3)), 90);
    byte[][] frames = {
      Packets.ethernet(1, 2, Packets.ETHER_IPV4, tcp(1000)),
      Packets.ethernet(1, 2, Packets.ETHER_IPV6, tcpIpv6(1001)),
      padded,
      arp
    };
    try (var writer = new PcapWriter(file, Link.Kind.ETHERNET)) {
      for (byte[] frame : frames) {
        byte[] partial = frame.clone();
        int field = frame == arp ? 20 : frame[12] == 8 ? 14 + 36 : 14 + 56;
        partial[field] ^= frame == arp ? 0 : 0x55;
        writer.writeTrusted(NOON, MemorySegment.ofArray(partial), 0, partial.length);
      }
    }
    var header = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.nativeOrder());
    assertEquals(1, header.getInt(20));
    List<Recorded> recorded = read(file);
    for (int i = 0; i < frames.length; i++) {
      assertArrayEquals(frames[i], recorded.get(i).bytes(), "frame " + i);
    }
  }

  @Test
  void completesTheChecksumOfIpv6() throws IOException {
    Path file = directory.resolve("ipv6.pcap");
    byte[] packet = tcpIpv6(777);
    byte[] partial = packet.clone();
    ByteBuffer.wrap(partial).putShort(56, (short) Packets.pseudoHeaderSumIpv6(packet));
    try (var writer = new PcapWriter(file, Link.Kind.IP)) {
      writer.writeTrusted(NOON, MemorySegment.ofArray(partial), 0, packet.length);
      writer.writeCompleting(NOON, MemorySegment.ofArray(partial), 0, packet.length, 40, 16);
    }
    assertTrue(Packets.ipv6ChecksumIsRight(packet));
    for (Recorded recorded : read(file)) {
      assertArrayEquals(packet, recorded.bytes());
    }
  }

  @Test
  void samplesConnectionsOnEthernetToo() throws IOException {
    Path file = directory.resolve("sample-ethernet.pcap");
    try (var writer =
        new PcapWriter(
            file, Link.Kind.ETHERNET, new Sampling.EveryConnection(1), PcapWriter.WHOLE_PACKETS)) {
      byte[] frame = Packets.ethernet(1, 2, Packets.ETHER_IPV4, tcp(10));
      writer.write(NOON, MemorySegment.ofArray(frame), 0, frame.length);
      byte[] arp = Packets.ethernet(1, 2, Packets.ETHER_ARP, new byte[28]);
      writer.write(NOON, MemorySegment.ofArray(arp), 0, arp.length);
      assertEquals(1, writer.packets());
    }
  }

  @Test
  void keepsTheFirstPacketsOnly() throws IOException {
    Path file = directory.resolve("first.pcap");
    try (var writer =
        new PcapWriter(file, Link.Kind.IP, new Sampling.First(3), PcapWriter.WHOLE_PACKETS)) {
      for (int i = 0; i < 10; i++) {
        writer.write(NOON, MemorySegment.ofArray(tcp(i)), 0, 40 + i);
      }
      assertEquals(3, writer.packets());
    }
    assertEquals(3, read(file).size());
  }

  @Test
  void keepsBothDirectionsOfEveryKthConnection() throws IOException {
    Path file = directory.resolve("sample.pcap");
    int connections = 20_000;
    try (var writer =
        new PcapWriter(
            file, Link.Kind.IP, new Sampling.EveryConnection(10), PcapWriter.WHOLE_PACKETS)) {
      for (int i = 0; i < connections; i++) {
        int port = 10_000 + i;
        byte[] there = Packets.tcp("10.9.0.1", port, "10.9.1.7", 7, 0, new byte[0]);
        byte[] back = Packets.tcp("10.9.1.7", 7, "10.9.0.1", port, 0, new byte[0]);
        long before = writer.packets();
        writer.write(NOON, MemorySegment.ofArray(there), 0, there.length);
        writer.write(NOON, MemorySegment.ofArray(back), 0, back.length);
        assertEquals(0, (writer.packets() - before) % 2, "one direction of port " + port);
      }
      assertEquals(connections / 10.0, writer.packets() / 2.0, 5 * Math.sqrt(connections * 0.09));
    }
  }

  @Test
  void cutsPacketsAtTheSnapLength() throws IOException {
    Path file = directory.resolve("snap.pcap");
    byte[] packet = tcp(1000);
    try (var writer = new PcapWriter(file, Link.Kind.IP, new Sampling.All(), 100)) {
      for (int i = 0; i < 10_000; i++) {
        writer.write(NOON, MemorySegment.ofArray(packet), 0, packet.length);
      }
    }
    List<Recorded> recorded = read(file);
    assertEquals(10_000, recorded.size());
    assertEquals(1040, recorded.get(9_999).wireBytes());
    assertArrayEquals(java.util.Arrays.copyOf(packet, 100), recorded.get(9_999).bytes());
  }

  @ParameterizedTest
  @EnumSource(Link.Kind.class)
  void recordsWhatNoParserUnderstands(Link.Kind kind) throws IOException {
    Path file = directory.resolve("garbage.pcap");
    var random = new Random(5);
    try (var writer = new PcapWriter(file, kind)) {
      var sampled = new Sampling.EveryConnection(2);
      for (int i = 0; i < 100_000; i++) {
        var garbage = new byte[random.nextInt(80)];
        random.nextBytes(garbage);
        if (garbage.length > 0 && i % 4 != 0) {
          garbage[0] = (byte) (i % 4 == 1 ? 0x40 | garbage[0] & 0xF : 0x60);
        }
        if (kind == Link.Kind.ETHERNET && garbage.length > 14 && i % 4 != 0) {
          garbage[12] = (byte) (i % 4 == 1 ? 0x08 : i % 4 == 2 ? 0x86 : 0x81);
          garbage[13] = (byte) (i % 4 == 2 ? 0xDD : 0);
          garbage[14] = garbage[0];
        }
        MemorySegment memory = MemorySegment.ofArray(garbage);
        writer.writeTrusted(NOON, memory, 0, garbage.length);
        writer.writeCompleting(
            NOON, memory, 0, garbage.length, random.nextInt(100), random.nextInt(100));
        sampled.keeps(memory, 0, garbage.length);
      }
      assertEquals(200_000, writer.packets());
    }
  }

  @Test
  void givenAFullDisk_thenTheLinkGoesOnAndCloseTells() throws IOException {
    assumeTrue(Files.isWritable(Path.of("/dev/full")), "there is no /dev/full");
    var pipe = new InMemoryPipe();
    var link =
        new PcapLink(pipe.a(), new PcapWriter(Path.of("/dev/full"), Link.Kind.IP), () -> NOON);
    var burst = new Burst();
    for (int i = 0; i < 1000; i++) {
      assertTrue(Packets.commit(link, tcp(1000)));
      link.flush();
      burst.clear();
      assertEquals(1, pipe.b().receive(burst));
    }
    var told = assertThrows(UncheckedIOException.class, link::close);
    assertTrue(
        String.valueOf(told.getMessage()).contains("recording to /dev/full ended at byte 0"));
    burst.clear();
    assertEquals(0, pipe.a().receive(burst), "closed");
    pipe.close();
  }

  /** Two recordings in one file would be neither; the first one stays whole. */
  @Test
  void givenAnotherRecordingHasTheFile_thenItIsRefusedAndTheFirstGoesOn() throws IOException {
    Path file = directory.resolve("twice.pcap");
    try (var first = new PcapWriter(file, Link.Kind.IP)) {
      byte[] packet = tcp(10);
      first.write(NOON, MemorySegment.ofArray(packet), 0, packet.length);
      first.flush();
      var refused = assertThrows(IOException.class, () -> new PcapWriter(file, Link.Kind.IP));
      assertTrue(String.valueOf(refused.getMessage()).contains("another recording"));
    }
    try (var reader = new PcapReader(file)) {
      assertTrue(reader.next());
    }
    new PcapWriter(file, Link.Kind.IP).close(); // free again, and overwritten
    try (var reader = new PcapReader(file)) {
      assertFalse(reader.next());
    }
  }
}
