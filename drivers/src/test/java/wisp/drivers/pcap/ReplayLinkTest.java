package wisp.drivers.pcap;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.drivers.LinkDownException;
import wisp.drivers.Links;
import wisp.drivers.Packets;

@Timeout(60)
class ReplayLinkTest {
  private static final long MILLI = 1_000_000;
  private static final long NOON = 1_800_000_000_000_000_000L;
  @TempDir Path folder;
  private final long[] clock = {5_000};

  private static byte[] packet(int number) {
    return Packets.udp("10.9.0.1", 1, "10.9.1.7", 2, new byte[] {(byte) number});
  }

  /** Packets at these milliseconds. */
  private Path capture(Link.Kind kind, int... millis) throws IOException {
    Path file = folder.resolve("in.pcap");
    try (var writer = new PcapWriter(file, kind)) {
      for (int i = 0; i < millis.length; i++) {
        byte[] packet = packet(i);
        if (kind == Link.Kind.ETHERNET) {
          packet = Packets.ethernet(0x02_00_00_00_ab_cdL, 2, Packets.ETHER_IPV4, packet);
        }
        writer.write(NOON + millis[i] * MILLI, MemorySegment.ofArray(packet), 0, packet.length);
      }
    }
    return file;
  }

  private ReplayLink open(Path file, String... more) throws LinkException {
    var parameters = new java.util.HashMap<>(Map.of("read", file.toString()));
    for (String item : more) {
      parameters.put(item.substring(0, item.indexOf('=')), item.substring(item.indexOf('=') + 1));
    }
    return ReplayLink.open(ReplayConfig.of(parameters), () -> clock[0]);
  }

  private static List<byte[]> receive(Link link) {
    var burst = new Burst();
    link.receive(burst);
    var packets = new ArrayList<byte[]>();
    for (int i = 0; i < burst.size(); i++) {
      packets.add(Packets.copy(burst, i));
    }
    return packets;
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "10, 0.1", "0.5, 2"})
  void packetsComeAsFarApartAsTheyWereCaptured(String speed, double factor) throws Exception {
    int[] millis = {7, 8, 8, 20, 15, 1_000_000};
    int[] due = {0, 1, 1, 13, 13, 999_993}; // an earlier one comes right after the one before
    try (ReplayLink link = open(capture(Link.Kind.IP, millis), "speed=" + speed)) {
      for (int i = 0; i < millis.length; i++) {
        long at = 5_000 + (long) (due[i] * factor * MILLI);
        if (i == 0 || due[i] > due[i - 1]) {
          if (i > 0) {
            clock[0] = at - 1;
            assertEquals(0, receive(link).size(), "too early: " + i);
          }
          clock[0] = at;
          List<byte[]> packets = receive(link);
          assertArrayEquals(packet(i), packets.getFirst());
          assertEquals(
              Arrays.stream(due).filter(d -> d == due(due, at, factor)).count(), packets.size());
        }
      }
      assertTrue(link.hasEnded());
      clock[0] = Long.MAX_VALUE / 2;
      assertEquals(0, receive(link).size());
      assertEquals(0, link.drops());
    }
  }

  private static long due(int[] due, long at, double factor) {
    return Math.round((at - 5_000) / factor / MILLI);
  }

  @Test
  void atOnceIsAtOnceInBurstsThatAreBounded() throws Exception {
    var millis = new int[200];
    Arrays.setAll(millis, i -> i * 1000);
    try (ReplayLink link = open(capture(Link.Kind.IP, millis), "speed=max")) {
      for (int expected : new int[] {64, 64, 64, 8, 0}) {
        assertEquals(expected, receive(link).size());
      }
    }
  }

  @Test
  void whatIsSentIsCountedOrWritten() throws Exception {
    Path out = folder.resolve("out.pcap");
    Path in = capture(Link.Kind.IP, 0);
    try (ReplayLink link = open(in, "write=" + out)) {
      assertTrue(Packets.commit(link, packet(1)));
      assertTrue(Packets.commit(link, packet(2)));
      Packets.commit(link, new byte[1501]);
      assertEquals(2, link.sent());
      assertEquals(58, link.sentBytes());
      assertEquals(1, link.drops());
    }
    try (var reader = new PcapReader(out)) {
      for (int i = 1; i <= 2; i++) {
        assertTrue(reader.next());
        assertEquals(
            i, reader.memory().get(java.lang.foreign.ValueLayout.JAVA_BYTE, reader.start() + 28));
      }
      assertFalse(reader.next());
    }
    try (ReplayLink link = open(in)) {
      assertTrue(Packets.commit(link, packet(1)));
      assertEquals(1, link.sent());
    }
    var same = assertThrows(LinkException.class, () -> open(in, "write=" + in));
    assertTrue(same.getMessage().contains("read and written at once"), same.getMessage());
    assertEquals(1, receive(open(in)).size(), "it is not overwritten");
    assertThrows(LinkException.class, () -> open(in, "write=/nowhere/out.pcap"));
  }

  @Test
  void onEthernetOurAddressIsWhereTheFirstFrameGoes() throws Exception {
    Path file = capture(Link.Kind.ETHERNET, 0, 1);
    try (ReplayLink link = open(file)) {
      assertEquals(Link.Kind.ETHERNET, link.kind());
      assertEquals(0x02_00_00_00_ab_cdL, link.hardwareAddress());
    }
    try (ReplayLink link = open(file, "mac=02:00:00:00:00:07")) {
      assertEquals(0x02_00_00_00_00_07L, link.hardwareAddress());
    }
  }

  @Test
  void whatWasCutOrIsTooLargeIsDroppedAndCounted() throws Exception {
    Path file = folder.resolve("odd.pcap");
    try (var writer = new PcapWriter(file, Link.Kind.IP, new Sampling.All(), 70_000)) {
      for (int bytes : new int[] {80_000, 69_000, 0, 100}) {
        writer.write(NOON, MemorySegment.ofArray(new byte[bytes]), 0, bytes);
      }
    }
    try (ReplayLink link = open(file, "checksums=trust")) {
      var burst = new Burst();
      assertEquals(1, link.receive(burst));
      assertEquals(Burst.CHECKSUM_TRUSTED, burst.flags(0));
      assertEquals(3, link.drops());
    }
  }

  @Test
  void aFileThatGoesWrongBringsTheLinkDownAfterWhatWasGood() throws Exception {
    Path file = capture(Link.Kind.IP, 0, 1, 2);
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length - 3));
    try (ReplayLink link = open(file, "speed=max")) {
      assertEquals(2, receive(link).size());
      long before = System.nanoTime();
      link.awaitReadable(10_000_000_000L);
      assertTrue(System.nanoTime() - before < 5_000_000_000L, "nobody waits for what can't come");
      var down = assertThrows(LinkDownException.class, () -> receive(link));
      assertEquals(
          "pcap: " + file + " ends within a packet, at byte 114 after 2 packets",
          down.getMessage());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "pcap|needs a capture: pcap:read=FILE",
        "pcap:/tmp/a.pcap|pcap has no parameter 'name'",
        "pcap:read=/nowhere/a.pcap|pcap can't read /nowhere/a.pcap (No such file or directory)",
        "pcap:read=/proc/self/status|is no capture",
        "pcap:read=/dev/null|is not a file",
        "pcap:read=x,speed=fast|speed=fast is neither a number like 10 nor max",
        "pcap:read=x,speed=0|speed=0.0 is outside",
        "pcap:read=x,mtu=9|mtu=9 is outside",
        "pcap:read=x,checksums=maybe|neither verify nor trust",
        "pcap:read=x,mac=1|mac=1 is not a hardware address",
      })
  void refusesInOneLine(String spec, String why) {
    var refused = assertThrows(Exception.class, () -> Links.open(spec));
    assertTrue(refused instanceof LinkException || refused instanceof IllegalArgumentException);
    assertEquals(1, refused.getMessage().lines().count());
    assertTrue(refused.getMessage().contains(why), refused.getMessage());
  }

  @Test
  void waitsUntilThePacketIsDueOrSomebodyWakesIt() throws Exception {
    Path file = capture(Link.Kind.IP, 0, 30, 100_000);
    try (Link link = Links.open("pcap:read=" + file)) {
      assertEquals(1, receive(link).size());
      long before = System.nanoTime();
      int count = 0;
      while (count == 0) {
        link.awaitReadable(10_000_000_000L);
        count = receive(link).size();
      }
      long took = System.nanoTime() - before;
      assertTrue(took > 25 * MILLI && took < 5000 * MILLI, took + " ns");
      Thread waker =
          Thread.ofPlatform()
              .start(
                  () -> {
                    pause();
                    link.wake();
                  });
      before = System.nanoTime();
      link.awaitReadable(20_000_000_000L);
      assertTrue(System.nanoTime() - before < 10_000 * MILLI);
      waker.join();
      link.wake();
      link.awaitReadable(20_000_000_000L); // woken before it waited
      assertTrue(System.nanoTime() - before < 15_000 * MILLI);
    }
  }

  private static void pause() {
    try {
      Thread.sleep(20);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aClosedLinkDoesNothingAndLeavesNothingOpen() throws Exception {
    Path file = capture(Link.Kind.IP, 0, 1);
    int before = descriptors();
    for (int i = 0; i < 20; i++) {
      ReplayLink link = open(file, "write=" + folder.resolve("out.pcap"));
      receive(link);
      link.close();
      link.close();
      assertEquals(0, receive(link).size());
      assertFalse(Packets.commit(link, packet(1)));
      link.flush();
      link.wake();
      link.awaitReadable(1);
      assertThrows(LinkException.class, () -> open(file, "write=" + file));
      assertThrows(LinkException.class, () -> open(Path.of("/proc/self/status")));
    }
    assertTrue(descriptors() <= before + 2, before + " → " + descriptors());
  }

  private static int descriptors() {
    String[] all = new java.io.File("/proc/self/fd").list();
    return all == null ? 0 : all.length;
  }

  @Test
  void allocatesNothingPerPacket() throws Exception {
    Path file = folder.resolve("long.pcap");
    int count = 400_000;
    try (var writer = new PcapWriter(file, Link.Kind.IP)) {
      MemorySegment packet = MemorySegment.ofArray(packet(1));
      for (int i = 0; i < count; i++) {
        writer.write(NOON, packet, 0, (int) packet.byteSize());
      }
    }
    var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    var burst = new Burst();
    try (ReplayLink link = open(file)) {
      long least = Long.MAX_VALUE;
      for (int batch = 0; batch < 3; batch++) { // the last ones are left over
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int received = 0; received < count / 4; ) {
          burst.clear();
          received += link.receive(burst);
        }
        least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
      }
      assertTrue(least < count / 40, least + " B for " + count / 4 + " packets");
    }
  }
}
