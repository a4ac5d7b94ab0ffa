package wisp.pools.region;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@DisplayName("Slabs cut out of the kernel's address space")
@EnabledOnOs(OS.LINUX)
class ChunksTest {
  /** No multiple of a page, so that neighbours share pages. */
  private static final long SLAB_BYTES = 197_632;

  private final Chunks chunks = new Chunks(Long.MAX_VALUE);

  private Slab take(byte content) {
    Slab slab = chunks.take(SLAB_BYTES);
    slab.memory().fill(content);
    return slab;
  }

  @Test
  void givenManySlabs_whenSomeGoAndOthersCome_thenTheRestKeepWhatIsInThem() {
    var random = new Random(5);
    List<Slab> slabs = new ArrayList<>();
    List<Byte> contents = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      if (slabs.size() < 400 && random.nextInt(3) > 0) {
        byte content = (byte) random.nextInt(1, 128);
        slabs.add(take(content));
        contents.add(content);
      } else if (!slabs.isEmpty()) {
        int at = random.nextInt(slabs.size());
        chunks.give(slabs.remove(at));
        contents.remove(at);
      }
    }
    for (int i = 0; i < slabs.size(); i++) {
      Slab slab = slabs.get(i);
      byte expected = contents.get(i);
      for (long at = 0; at < SLAB_BYTES; at += SLAB_BYTES - 1) {
        assertEquals(expected, slab.memory().get(ValueLayout.JAVA_BYTE, at));
      }
      assertEquals(expected, slab.store().readByte(slab.base() + 1_000));
    }
    slabs.forEach(chunks::give);
    assertEquals(0, chunks.tableBytes(), "no chunk is left");
  }

  @Test
  void givenAPlaceIsFree_whenASlabIsTaken_thenItIsTheLowest() {
    Slab first = take((byte) 1);
    Slab second = take((byte) 2);
    assertEquals(first.memory().address() + SLAB_BYTES, second.memory().address());
    chunks.give(first);
    assertEquals(first.memory().address(), take((byte) 3).memory().address());
    assertNotEquals(0, chunks.tableBytes());
  }

  @Test
  void givenHalfOfTheSlabsGoInAnyOrder_thenSoDoesTheMemoryBehindThem() throws IOException {
    List<Slab> slabs = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      slabs.add(take((byte) 7));
    }
    long full = residentBytes();
    Collections.shuffle(slabs, new Random(3));
    for (int i = 0; i < 500; i++) {
      chunks.give(slabs.removeLast());
    }
    long half = residentBytes();
    assertTrue(
        full - half > 480 * SLAB_BYTES, "half of the slabs gave " + (full - half) + " bytes back");
    slabs.forEach(chunks::give);
    assertTrue(full - residentBytes() > 980 * SLAB_BYTES, "all of them did");
  }

  /** What this process occupies of anonymous memory. */
  private static long residentBytes() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("RssAnon:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) << 10;
      }
    }
    throw new IOException("no RssAnon in /proc/self/status");
  }
}
