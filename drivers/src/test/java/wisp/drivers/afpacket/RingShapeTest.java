package wisp.drivers.afpacket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RingShapeTest {
  @ParameterizedTest
  @CsvSource({
    "256,65728,15,18",
    "2,65728,3,1",
    "128,2048,128,1",
    "1,256,16,1",
    "513,2048,512,2",
    "4096,2049,496,9",
    "3,262144,4,1",
    "100000,1000,1024,98"
  })
  void hasRoomForWhatWasAskedFor(int slots, int slotBytes, int perBlock, int blocks) {
    RingShape shape = RingShape.of(slots, slotBytes);
    assertEquals(perBlock, shape.slotsPerBlock());
    assertEquals(blocks, shape.blocks());
    assertTrue(shape.slots() >= slots && shape.slotBytes() >= slotBytes);
    assertEquals(0, shape.slotBytes() % 64);
    // The kernel's own conditions.
    assertEquals(1, Integer.bitCount(shape.blockBytes()));
    assertTrue(shape.blockBytes() >= 4096);
    assertTrue(shape.slotsPerBlock() * shape.slotBytes() <= shape.blockBytes());
    assertEquals(shape.blockBytes() / shape.slotBytes(), shape.slotsPerBlock());
  }

  @Test
  void theUsualSlotHolds64KiB() {
    assertTrue(RingShape.slotBytesFor(65_535) <= RingShape.USUAL_SLOT_BYTES);
  }
}
