package wisp.drivers.afxdp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UmemLayoutTest {
  @ParameterizedTest
  @CsvSource({
    "true,2048,64,82", "true,2048,64,1514", "true,4096,4096,1514", "true,4096,64,9014",
    "true,4096,256,65280", "false,2048,64,1514", "false,4096,4096,1514", "false,4096,64,9014"
  })
  void partsLieBesideEachOtherAndAreFoundAgain(
      boolean overlapping, int chunkBytes, int chunks, int frameBytes) {
    UmemLayout layout = UmemLayout.of(overlapping, chunkBytes, chunks, frameBytes);
    for (int i = 0; i < chunks; i++) {
      long chunk = layout.chunk(i);
      long filled = overlapping ? chunk | 256L << 48 : chunk + 256;
      assertEquals(chunk + 256, layout.position(filled));
      assertEquals(i, layout.chunkOf(filled));
      assertEquals(-1, layout.chunkOf(overlapping ? chunk + 1 : -1 - chunk));
      if (i > 0) { // what is written into one chunk ends before the next one's begins
        assertTrue(layout.chunk(i - 1) + 256 + layout.roomBytes() <= chunk + 256, "chunk " + i);
      }
    }
    long end = layout.chunk(chunks - 1) + chunkBytes;
    assertEquals(-1, layout.chunkOf(layout.chunk(chunks)));
    for (int slot = 0; slot < layout.transmitSlots(); slot++) {
      long packet = layout.packet(slot);
      assertTrue(packet - (overlapping ? UmemLayout.METADATA_BYTES : 0) >= end, "slot " + slot);
      int pieces = 0;
      for (int sent = 0; sent < frameBytes; sent += layout.pieceBytes()) {
        assertEquals(slot, layout.slotOf(packet + sent));
        int bytes = Math.min(frameBytes - sent, layout.pieceBytes());
        assertTrue(
            overlapping || (packet + sent) % chunkBytes + bytes <= chunkBytes, "in one chunk");
        pieces++;
      }
      assertTrue(pieces * layout.transmitSlots() <= layout.transmitEntries());
      end = packet + frameBytes;
    }
    assertTrue(end <= layout.sharedBytes());
    assertEquals(-1, layout.slotOf(end + 2L * layout.slotBytes()));
    assertEquals(-1, layout.slotOf(0));
    assertEquals(0, layout.sharedBytes() % 4096);
    assertTrue(layout.gather(0) >= layout.sharedBytes());
    assertEquals(layout.bytes(), layout.gather(3) + UmemLayout.GATHER_BYTES);
    assertTrue(UmemLayout.GATHER_BYTES >= UmemLayout.LARGEST_PACKET);
  }
}
