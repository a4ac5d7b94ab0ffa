package wisp.pools.mapped;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import wisp.core.spi.BlockPool;
import wisp.core.spi.Durability.Secret;
import wisp.core.spi.RecordClass;
import wisp.core.spi.RecordStore;
import wisp.core.spi.StrategyConfig;

@DisplayName("The file of mapped: what it keeps, and which files it refuses")
class SlabFileTest {
  private static final long ADDRESS = RecordClass.mappedLow(0x0A000001);
  @TempDir private Path folder;

  private MappedStrategy open(String... more) {
    return open(RecordStore.STATE_WORDS, more);
  }

  private MappedStrategy open(int words, String... more) {
    var parameters = new java.util.HashMap<String, String>();
    parameters.put("file", file().toString());
    parameters.put("slab", "128Ki");
    for (int i = 0; i < more.length; i += 2) {
      parameters.put(more[i], more[i + 1]);
    }
    return (MappedStrategy)
        new MappedStrategyProvider().create(new StrategyConfig(words, 1_000, 0, 1, 2, parameters));
  }

  private Path file() {
    return folder.resolve("memory");
  }

  /** Ends it as a kill would: nothing is given back. */
  private static void kill(MappedStrategy strategy) {
    strategy.handOver();
    strategy.close();
  }

  private String refusal(String... more) {
    String message =
        assertThrows(IllegalArgumentException.class, () -> open(more).close()).getMessage();
    assertFalse(message.contains("\n"), message);
    assertTrue(message.contains(file().toString()), message);
    return message;
  }

  private void poke(long at, int value) throws IOException {
    try (var file = new RandomAccessFile(file().toFile(), "rw")) {
      file.seek(at);
      file.writeInt(Integer.reverseBytes(value));
    }
  }

  // ---- What it keeps ---------------------------------------------------------------------------

  @ParameterizedTest
  @EnumSource
  void givenRecords_whenTheProcessIsGone_thenTheyAreWhereTheyWere(RecordClass recordClass) {
    long high = recordClass == RecordClass.IPV4 ? 0 : 0x2001_0DB8_0000_0000L;
    var slots = new int[20_000];
    var first = open();
    var records = first.records(recordClass);
    for (int i = 0; i < slots.length; i++) {
      slots[i] = records.insert(high, ADDRESS, i);
      records.set(slots[i], 3, i + 1);
    }
    for (int i = 0; i < slots.length; i += 3) {
      records.remove(slots[i]);
    }
    kill(first);

    var second = open();
    assertTrue(second.isFormer());
    var restored = second.records(recordClass);
    restored.restore(slot -> restored.get(slot, 3) % 5 != 0);
    int kept = 0;
    for (int i = 0; i < slots.length; i++) {
      boolean lives = i % 3 != 0 && (i + 1) % 5 != 0;
      assertEquals(lives ? slots[i] : RecordStore.NONE, restored.find(high, ADDRESS, i));
      kept += lives ? 1 : 0;
    }
    assertEquals(kept, restored.size());
    int another = restored.insert(high, ADDRESS, slots.length);
    assertEquals(0, restored.get(another, 3), "a slot that was used before is clean");
    kill(second);
  }

  @Test
  void givenBlocksAndFrames_whenSomeAreClaimed_thenTheOthersAreFree() {
    var first = open();
    var blocks = new int[300];
    for (int i = 0; i < blocks.length; i++) {
      int size = i % 3 == 0 ? BlockPool.HALF_OPEN : i % 3 == 1 ? BlockPool.ACTIVITY : 2_048;
      blocks[i] = first.blocks().acquire(size);
      first
          .blocks()
          .memory(blocks[i])
          .set(
              java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED, first.blocks().start(blocks[i]), i);
    }
    int frame = first.frames().acquire(1_000);
    int other = first.frames().acquire(1_000);
    kill(first);

    var second = open();
    for (int i = 0; i < blocks.length; i += 7) {
      assertTrue(second.claimBlock(blocks[i]));
      assertFalse(second.claimBlock(blocks[i]), "once only");
    }
    assertFalse(second.claimBlock(1 << 30));
    assertFalse(second.claimBlock(-1));
    assertTrue(second.claimFrame(frame));
    assertTrue(second.claimFrame(frame), "a second reference");
    second.claimed();
    for (int i = 0; i < blocks.length; i += 7) {
      int value =
          second
              .blocks()
              .memory(blocks[i])
              .get(
                  java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED,
                  second.blocks().start(blocks[i]));
      assertEquals(i, value);
    }
    var taken = new HashSet<Integer>();
    for (int i = 0; i < 2_000; i++) {
      assertTrue(taken.add(second.blocks().acquire(BlockPool.ACTIVITY)));
    }
    for (int i = 0; i < blocks.length; i += 7) {
      assertFalse(taken.contains(blocks[i]));
      second.blocks().release(blocks[i]);
    }
    taken.forEach(second.blocks()::release);
    assertEquals(2, second.frames().references(frame));
    assertEquals(1_000, second.frames().length(frame));
    second.frames().release(frame);
    second.frames().release(frame);
    assertThrows(IllegalStateException.class, () -> second.frames().release(other));
    second.close(); // nothing is left over
  }

  @Test
  void givenAHalfWrittenRecord_whenOpenedAgain_thenItIsAsBefore() {
    var first = open();
    var records = first.records(RecordClass.IPV4);
    int slot = records.insert(0, ADDRESS, 5);
    int still = records.insert(0, ADDRESS, 6);
    for (int word = 0; word < 4; word++) {
      records.set(slot, word, 10 + word);
      records.set(still, word, 20 + word);
    }
    records.begin(slot);
    records.set(slot, 0, 99);
    records.set(slot, 2, 98);
    kill(first);

    var second = open();
    var restored = second.records(RecordClass.IPV4);
    for (int word = 0; word < 4; word++) {
      assertEquals(10 + word, restored.get(slot, word));
      assertEquals(20 + word, restored.get(still, word));
    }
    restored.begin(slot);
    restored.set(slot, 0, 77);
    restored.commit();
    kill(second);
    var third = open();
    assertEquals(77, third.records(RecordClass.IPV4).get(slot, 0), "committed is committed");
    kill(third);
  }

  private static int[] words(RecordStore records, int slot) {
    return IntStream.range(0, 4).map(word -> records.get(slot, word)).toArray();
  }

  /** A file as a kill before each store of a write from 10 … to 20 … leaves it. */
  private List<Path> killedWhileWriting(MappedStrategy first, RecordStore records, int slot) {
    for (int word = 0; word < 4; word++) {
      records.set(slot, word, 10 + word);
    }
    var copies = new ArrayList<Path>();
    first.beforeStores(
        () -> {
          copies.add(folder.resolve("copy" + copies.size()));
          try {
            Files.copy(file(), copies.getLast());
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
    records.begin(slot);
    for (int word = 0; word < 4; word++) {
      records.set(slot, word, 20 + word);
    }
    records.commit();
    first.beforeStores(() -> {});
    return copies;
  }

  @ParameterizedTest
  @EnumSource
  void whenKilledAtAnyStoreOfAWrite_thenTheRecordIsTheOldOneAndItsNeighboursAreUntouched(
      RecordClass recordClass) {
    var first = open();
    long high = 0x2001_0DB8_0000_0000L;
    int ipv4 = first.records(RecordClass.IPV4).insert(0, ADDRESS, 5);
    int ipv6 = first.records(RecordClass.IPV6).insert(high, 1, 5);
    boolean isIpv4 = recordClass == RecordClass.IPV4;
    RecordClass other = isIpv4 ? RecordClass.IPV6 : RecordClass.IPV4;
    first.records(other).set(isIpv4 ? ipv6 : ipv4, 0, 7);
    int slot = isIpv4 ? ipv4 : ipv6;
    var copies = killedWhileWriting(first, first.records(recordClass), slot);
    kill(first);
    assertEquals(
        10, copies.size(), "4 words of the old one, its number, 4 of the new one, the end");
    for (Path copy : copies) {
      var second = open("file", copy.toString());
      assertArrayEquals(
          new int[] {10, 11, 12, 13}, words(second.records(recordClass), slot), copy::toString);
      assertEquals(7, second.records(other).get(isIpv4 ? ipv6 : ipv4, 0));
      second.records(recordClass).set(slot, 0, 99); // one word alone, of which nothing is undone
      kill(second);
      var third = open("file", copy.toString());
      assertEquals(99, third.records(recordClass).get(slot, 0), copy::toString);
      kill(third);
    }
  }

  @Test
  void givenMoreAndMoreRecords_thenNothingIsHeldBesideTheFileAndTheIndex() {
    var direct =
        ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
            .filter(pool -> pool.getName().equals("direct"))
            .findFirst()
            .orElseThrow();
    try (var strategy = open()) {
      var records = strategy.records(RecordClass.IPV4);
      long before = direct.getTotalCapacity();
      for (int i = 0; i < 200_000; i++) { // 37 slabs of 128 KiB
        records.insert(0, ADDRESS, i);
      }
      assertTrue(direct.getTotalCapacity() - before < 1 << 20, "buffers that nobody needs");
      IntStream.range(0, 200_000).forEach(i -> records.remove(records.find(0, ADDRESS, i)));
    }
  }

  @Test
  void secretsNotesAndClockAreKept() {
    var wall = new AtomicLong(1_000_000);
    var first = open();
    first.wallClock(wall::get);
    assertFalse(first.isFormer());
    assertEquals(0, first.clockNanos());
    long isn = first.secret(Secret.INITIAL_SEQUENCE_NUMBERS, () -> 11).hash(1);
    long stamps = first.secret(Secret.TIMESTAMPS, () -> 22).hash(1);
    assertNotEquals(isn, stamps);
    assertTrue(first.note(1, new byte[] {1, 2, 3}));
    assertTrue(first.note(65_535, new byte[252]));
    assertTrue(first.note(2, new byte[] {4}));
    first.forget(2);
    first.clockIsBelow(5_000_000_000L);
    kill(first);

    var second = open();
    second.wallClock(() -> wall.get() + 1_500);
    assertEquals(isn, second.secret(Secret.INITIAL_SEQUENCE_NUMBERS, () -> 33).hash(1));
    assertEquals(stamps, second.secret(Secret.TIMESTAMPS, () -> 44).hash(1));
    assertArrayEquals(new byte[] {1, 2, 3}, second.note(1));
    assertEquals(252, second.note(65_535).length);
    assertNull(second.note(2));
    assertNull(second.note(3));
    assertEquals(6_500_000_000L, second.clockNanos(), "the time away is added");
    second.wallClock(() -> 0);
    assertEquals(5_000_000_000L, second.clockNanos(), "a wall clock set back does not count");
    kill(second);
  }

  /** All that a kill before any store would leave of a note. */
  private List<byte[]> leftWhenNoting(byte[] before, byte[] after) throws IOException {
    var first = open();
    assertTrue(first.note(0, before));
    var copies = new ArrayList<Path>();
    first.beforeStores(
        () -> {
          copies.add(folder.resolve("copy" + copies.size()));
          try {
            Files.copy(file(), copies.getLast(), StandardCopyOption.REPLACE_EXISTING);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
    assertTrue(first.note(0, after));
    kill(first);
    Files.delete(file());
    var left = new ArrayList<byte[]>();
    for (Path copy : copies) {
      var second = open("file", copy.toString());
      left.add(second.note(0));
      kill(second);
    }
    return left;
  }

  @Test
  void givenANoteThatGrows_whenKilledMeanwhile_thenTheOldOneIsThere() throws IOException {
    var left = leftWhenNoting(new byte[] {1, 2}, new byte[] {1, 2, 3, 4});
    assertFalse(left.isEmpty());
    left.forEach(note -> assertArrayEquals(new byte[] {1, 2}, note));
  }

  @Test
  void givenANoteThatChanges_whenKilledMeanwhile_thenTheOldOneIsThereOrNone() throws IOException {
    var left = leftWhenNoting(new byte[] {1, 2, 3}, new byte[] {1, 5, 3, 4});
    assertEquals(2, left.size());
    assertArrayEquals(new byte[] {1, 2, 3}, left.get(0));
    assertNull(left.get(1), "never a mixture");
  }

  @Test
  void whenNoContextTakesOver_thenClosingLeavesAllAsItIs() {
    var first = open();
    int slot = first.records(RecordClass.IPV4).insert(0, ADDRESS, 5);
    kill(first);
    open().close(); // the link could not be opened, say
    var third = open();
    assertTrue(third.records(RecordClass.IPV4).isLive(slot));
    kill(third);
  }

  @Test
  void theFileIsItsOwnersAlone() throws IOException {
    open().close();
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file())));
  }

  @Test
  void givenAnEmptyFileThatOthersMayRead_thenTheyMayNotAnyMore() throws IOException {
    Files.createFile(file());
    Files.setPosixFilePermissions(file(), PosixFilePermissions.fromString("rw-r--r--"));
    open().close();
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file())));
  }

  // ---- What it refuses -------------------------------------------------------------------------

  @Test
  void givenAForeignFile_thenItIsRefusedAndLeftAlone() throws IOException {
    Files.writeString(file(), "dear diary");
    assertTrue(refusal().contains("is not a file of mapped memory"));
    assertEquals("dear diary", Files.readString(file()));
  }

  @Test
  void givenAnotherVersion_thenItIsRefused() throws IOException {
    open().close();
    poke(8, 99);
    assertTrue(refusal().contains("version 99"));
  }

  @Test
  void givenAnotherLayout_thenItIsRefused() {
    open().close();
    assertTrue(refusal("slab", "256Ki").contains("another layout"));
    String message =
        assertThrows(IllegalArgumentException.class, () -> open(RecordStore.STATE_WORDS + 1))
            .getMessage();
    assertTrue(message.contains("another layout"), message);
  }

  @Test
  void givenATruncatedFile_thenItIsRefused() throws IOException {
    var first = open();
    first.records(RecordClass.IPV4).insert(0, ADDRESS, 5);
    kill(first);
    try (var file = new RandomAccessFile(file().toFile(), "rw")) {
      file.setLength(2 << 20);
    }
    assertTrue(refusal().contains("is cut short"));
    try (var file = new RandomAccessFile(file().toFile(), "rw")) {
      file.setLength(5_000);
    }
    assertTrue(refusal().contains("is cut short"));
    try (var file = new RandomAccessFile(file().toFile(), "rw")) {
      file.setLength(100);
    }
    assertTrue(refusal().contains("is not a file of mapped memory"));
  }

  @Test
  void givenAFileInUse_thenItIsRefused() {
    var first = open();
    assertTrue(refusal().contains("is in use"));
    assertFalse(first.isWanted(), "nobody asked for it");
    first.close();
    open().close();
  }

  @Test
  void givenAFileInUse_whenAskedToHandOver_thenTheOwnerSeesIt() throws InterruptedException {
    var first = open();
    int slot = first.records(RecordClass.IPV4).insert(0, ADDRESS, 5);
    var owner =
        Thread.ofPlatform()
            .start(
                () -> {
                  while (!first.isWanted()) {
                    Thread.onSpinWait();
                  }
                  kill(first);
                });
    var second = open("takeover", "60");
    owner.join();
    assertFalse(second.isWanted());
    assertTrue(second.records(RecordClass.IPV4).isLive(slot));
    kill(second);
  }

  @Test
  void givenAFileInUse_whenItIsNotHandedOverInTime_thenItsOwnerIsNotAskedAnyMore() {
    var first = open();
    var layout =
        new SlabFile.Layout(RecordStore.STATE_WORDS, MappedStrategy.blockSizes(), 128 << 10);
    String message =
        assertThrows(IllegalArgumentException.class, () -> SlabFile.open(file(), layout, 5))
            .getMessage();
    assertTrue(message.contains("does not hand it over"), message);
    assertFalse(first.isWanted(), "it would leave, and nobody would go on");
    first.close();
  }

  @Test
  void givenAFileInUseOfAnotherLayout_thenItsOwnerIsNotEvenAsked() {
    var first = open();
    assertTrue(refusal("slab", "256Ki", "takeover", "60").contains("another layout"));
    assertFalse(first.isWanted(), "its connections would be lost");
    first.close();
  }

  @Test
  void givenItsMakerWasKilledOnTheWay_thenItIsMadeAnew() throws IOException {
    var first = open();
    first.records(RecordClass.IPV4).insert(0, ADDRESS, 5);
    kill(first);
    poke(12, 0);
    var second = open();
    assertFalse(second.isFormer());
    second.close();
  }

  @Test
  void givenTheMachineWasStartedAnew_thenItIsMadeAnew() throws IOException {
    var first = open();
    first.records(RecordClass.IPV4).insert(0, ADDRESS, 5);
    kill(first);
    poke(32, 0x1234);
    var second = open();
    assertFalse(second.isFormer());
    assertEquals(0, second.records(RecordClass.IPV4).size());
    second.close();
  }

  @Test
  void givenNoSuchFolder_thenOneLineSaysSo() {
    var config =
        new StrategyConfig(
            4, 1, 0, 1, 2, Map.of("file", folder.resolve("no/such/file").toString()));
    String message =
        assertThrows(
                IllegalArgumentException.class, () -> new MappedStrategyProvider().create(config))
            .getMessage();
    assertTrue(message.startsWith("can't use "), message);
  }
}
