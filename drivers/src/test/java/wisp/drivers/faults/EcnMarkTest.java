package wisp.drivers.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import wisp.core.wire.Ipv4Header;
import wisp.core.wire.Ipv6Header;

@DisplayName("A path that marks: RFC 3168 §5, only what is ECN-capable, the checksum stays right")
class EcnMarkTest {
  private static final int PACKETS = 20_000;

  @Test
  void marksItsShareOfIpv4() {
    for (int codePoint = 0; codePoint < 4; codePoint++) {
      MemorySegment m = MemorySegment.ofArray(new byte[100]);
      Ipv4Header.write(m, 0, 100, 6, 0x0A00_0001, 0x0A00_0002, 64, 46 << 2 | codePoint);
      var header = new Ipv4Header();
      int marked = 0;
      try (var model = new PathModel(PathConfig.parse("mark=10%"), 1_500, 7)) {
        for (int i = 0; i < PACKETS; i++) {
          model.offer(m, 0, 100, 0, i);
          int slot = model.poll(i);
          assertTrue(header.wrap(model.memory(slot), model.start(slot), 100));
          assertTrue(header.checksumOk());
          assertEquals(46, header.dscp());
          marked += header.ecn() == codePoint ? 0 : 1;
          assertTrue(header.ecn() == codePoint || header.ecn() == 3);
          model.release(slot);
        }
        assertEquals(marked, model.stats().marked());
      }
      boolean isCapable = codePoint == 1 || codePoint == 2;
      assertEquals(isCapable ? PACKETS / 10 : 0, marked, PACKETS / 50.0);
    }
  }

  @Test
  void marksIpv6() {
    MemorySegment m = MemorySegment.ofArray(new byte[100]);
    Ipv6Header.write(m, 0, 60, 6, 1, 2, 3, 4, 64, 46 << 2 | 2, 0xABCDE);
    var header = new Ipv6Header();
    try (var model = new PathModel(PathConfig.parse("mark=100%"), 1_500, 7)) {
      model.offer(m, 0, 100, 0, 1);
      int slot = model.poll(1);
      assertTrue(header.wrap(model.memory(slot), model.start(slot), 100));
      assertEquals(46 << 2 | 3, header.trafficClass());
      assertEquals(0xABCDE, header.flowLabel());
    }
  }
}
