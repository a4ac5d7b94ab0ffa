package wisp.drivers.pcap;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
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
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.spi.Link;

class PcapReaderTest {
  private static final long NOON = 1_800_000_000_123_456_789L;
  private static final int NANOS = 0xA1B23C4D;
  private static final int MICROS = 0xA1B2C3D4;
  @TempDir Path folder;

  private record Packet(long nanos, byte[] bytes) {}

  /** Reads to the end; what is wrong is thrown. */
  private static List<Packet> read(Path file) throws IOException {
    var packets = new ArrayList<Packet>();
    try (var reader = new PcapReader(file)) {
      while (reader.next()) {
        packets.add(
            new Packet(
                reader.timeNanos(),
                reader
                    .memory()
                    .asSlice(reader.start(), reader.length())
                    .toArray(ValueLayout.JAVA_BYTE)));
      }
      assertEquals(packets.size(), reader.packets());
      assertFalse(reader.next(), "the end stays the end");
    }
    return packets;
  }

  /** A file by hand. */
  private static byte[] file(int magic, ByteOrder order, int linkType, byte[]... packets) {
    var bytes = ByteBuffer.allocate(1 << 20).order(order);
    bytes.putInt(magic).putShort((short) 2).putShort((short) 4).putLong(0);
    bytes.putInt(262_144).putInt(linkType);
    for (int i = 0; i < packets.length; i++) {
      bytes.putInt(1_800_000_000 + i).putInt(123_456);
      bytes.putInt(packets[i].length).putInt(packets[i].length).put(packets[i]);
    }
    return Arrays.copyOf(bytes.array(), bytes.position());
  }

  private static byte[] noise(int bytes, int seed) {
    var noise = new byte[bytes];
    new Random(seed).nextBytes(noise);
    return noise;
  }

  @ParameterizedTest
  @ValueSource(strings = {"IP", "ETHERNET"})
  void whatWasWrittenIsRead(Link.Kind kind) throws IOException {
    Path file = folder.resolve("round.pcap");
    var packets = new ArrayList<byte[]>();
    try (var writer = new PcapWriter(file, kind)) {
      for (int i = 0; i < 1000; i++) {
        packets.add(noise(i % 10 == 0 ? 65_000 : i, i));
        writer.write(NOON + i, MemorySegment.ofArray(packets.get(i)), 0, packets.get(i).length);
      }
    }
    List<Packet> read = read(file);
    assertEquals(1000, read.size());
    for (int i = 0; i < 1000; i++) {
      assertEquals(NOON + i, read.get(i).nanos());
      assertArrayEquals(packets.get(i), read.get(i).bytes());
    }
    try (var reader = new PcapReader(file)) {
      assertEquals(kind, reader.linkKind());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "true, BIG_ENDIAN, 1, ETHERNET",
    "true, LITTLE_ENDIAN, 101, IP",
    "false, BIG_ENDIAN, 101, IP",
    "false, LITTLE_ENDIAN, 1, ETHERNET",
    "false, BIG_ENDIAN, 228, IP",
    "false, LITTLE_ENDIAN, 229, IP",
    "true, BIG_ENDIAN, 0x14000001, ETHERNET", // frames end with a check of 2 bytes
  })
  void readsBothResolutionsAndByteOrders(
      boolean nanos, String order, String linkType, Link.Kind kind) throws IOException {
    ByteOrder byteOrder =
        order.equals("BIG_ENDIAN") ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    byte[] bytes =
        file(
            nanos ? NANOS : MICROS, byteOrder, Integer.decode(linkType), noise(60, 1), noise(0, 2));
    Path file = Files.write(folder.resolve("order.pcap"), bytes);
    List<Packet> read = read(file);
    long fraction = nanos ? 123_456 : 123_456_000;
    assertEquals(1_800_000_000L * 1_000_000_000 + fraction, read.get(0).nanos());
    assertEquals(1_800_000_001L * 1_000_000_000 + fraction, read.get(1).nanos());
    assertArrayEquals(noise(60, 1), read.get(0).bytes());
    assertEquals(0, read.get(1).bytes().length);
    try (var reader = new PcapReader(file)) {
      assertEquals(kind, reader.linkKind());
    }
  }

  private String refusal(byte[] bytes) throws IOException {
    Path file = Files.write(folder.resolve("bad.pcap"), bytes);
    var refused = assertThrows(PcapReader.DamagedException.class, () -> read(file));
    assertEquals(1, refused.getMessage().lines().count());
    assertTrue(refused.getMessage().startsWith(file.toString()), refused.getMessage());
    return refused.getMessage();
  }

  @Test
  void saysWhatIsWrongAndWhere() throws IOException {
    byte[] good = file(NANOS, ByteOrder.LITTLE_ENDIAN, 101, noise(60, 1), noise(50, 2));
    assertTrue(refusal(new byte[0]).contains("it has only 0 bytes"));
    assertTrue(refusal(Arrays.copyOf(good, 23)).contains("it has only 23 bytes"));
    assertTrue(refusal(new byte[100]).contains("does not begin like pcap"));
    byte[] pcapng = good.clone();
    ByteBuffer.wrap(pcapng).putInt(0, 0x0A0D0D0A);
    assertTrue(refusal(pcapng).contains("editcap -F nsecpcap IN OUT"));
    byte[] version = good.clone();
    version[4] = 3;
    assertTrue(refusal(version).contains("version 3, not 2"));
    assertTrue(
        refusal(file(MICROS, ByteOrder.BIG_ENDIAN, 113)).contains("link type 113; only Ethernet"));
    assertTrue(
        refusal(Arrays.copyOf(good, good.length - 1))
            .endsWith("ends within a packet, at byte 100 after 1 packets"));
    assertTrue(
        refusal(Arrays.copyOf(good, 24 + 16 + 60 + 15))
            .endsWith("ends within a packet's header, at byte 100 after 1 packets"));
    byte[] fraction = good.clone();
    ByteBuffer.wrap(fraction).order(ByteOrder.LITTLE_ENDIAN).putInt(28, 1_000_000_000);
    assertTrue(refusal(fraction).contains("parts of a second"));
    byte[] length = good.clone();
    ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).putInt(32, 262_145);
    assertTrue(refusal(length).contains("a packet of 262145 bytes, at byte 24 after 0 packets"));
    ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).putInt(32, -1);
    assertTrue(refusal(length).contains("a packet of 4294967295 bytes"));
    for (Path nothing : List.of(folder, Path.of("/dev/zero"), Path.of("/dev/null"))) {
      assertThrows(PcapReader.DamagedException.class, () -> read(nothing));
    }
    assertThrows(IOException.class, () -> read(folder.resolve("none")));
  }

  /**
   * Whatever happens to a file: packets, or one line; and what comes before the damage is right.
   */
  @Test
  void damagedFilesEndInOneLineAndNothingElse() throws IOException {
    byte[][] packets = {noise(60, 1), noise(1500, 2), noise(0, 3), noise(40, 4), noise(700, 5)};
    int damaged = 0;
    for (int seed = 0; seed < 5000; seed++) {
      var random = new Random(seed);
      byte[] bytes =
          file(
              random.nextBoolean() ? NANOS : MICROS,
              random.nextBoolean() ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN,
              random.nextBoolean() ? 1 : 101,
              packets);
      int first = bytes.length;
      for (int spoilt = random.nextInt(4); spoilt > 0; spoilt--) {
        int at = random.nextInt(random.nextBoolean() ? 48 : bytes.length);
        bytes[at] = (byte) random.nextInt();
        first = Math.min(first, at);
      }
      if (random.nextInt(3) == 0) {
        bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length + 1));
        first = Math.min(first, bytes.length);
      }
      Path file = Files.write(folder.resolve("damaged.pcap"), bytes);
      int right = 0;
      try (var reader = new PcapReader(file)) {
        int end = 24;
        while (reader.next()) {
          assertTrue(reader.length() >= 0 && reader.length() <= 262_144);
          assertTrue(reader.start() + reader.length() <= reader.memory().byteSize());
          end += 16 + reader.length();
          if (end <= first && first > 24) {
            assertArrayEquals(
                packets[right++],
                reader
                    .memory()
                    .asSlice(reader.start(), reader.length())
                    .toArray(ValueLayout.JAVA_BYTE));
          }
          assertTrue(reader.packets() <= bytes.length / 16);
        }
      } catch (PcapReader.DamagedException e) {
        damaged++;
        assertEquals(1, e.getMessage().lines().count());
      }
    }
    assertTrue(damaged > 1000, damaged + " of 5000 were refused");
  }
}
