package wisp.lab.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.Set;
import org.junit.jupiter.api.Test;

class MeasuredTest {
  private static final double PER_CONNECTION = 30;
  private static final double FIXED = 5e6;

  private static void put(Measured measured, long count) {
    double reserved = FIXED + PER_CONNECTION * count;
    measured.put(count, "bytes_per_connection", "bytes", reserved / count);
    measured.put(count, "reserved_bytes", "bytes", reserved);
    measured.put(count, "rss_growth_bytes", "bytes", reserved);
    measured.put(count, "fixed_bytes", "bytes", 1);
  }

  private static Measured.Value value(Measured measured, long count, String metric) {
    return measured.at(count, 1).stream()
        .filter(value -> value.metric().equals(metric))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void fromAMillionOnTheSlopeIsTheFigure() {
    var measured = new Measured(new Variant("slab", true, true));
    put(measured, 1_000_000);
    put(measured, 2_000_000);
    var value = value(measured, 1_000_000, "bytes_per_connection");
    assertEquals(PER_CONNECTION, value.value(), 1e-6);
    assertEquals("slope to 2000000", value.note());
    assertEquals(FIXED, value(measured, 1_000_000, "fixed_bytes").value(), 1);
  }

  @Test
  void theSlopeGoesToTheNextCountThatIsTwiceAsLarge_orComesFromTheLastThatIsHalf() {
    var measured = new Measured(new Variant("slab", true, true));
    for (long count : new long[] {100_000, 1_000_000, 1_500_000, 10_000_000, 100_000_000}) {
      put(measured, count);
    }
    assertEquals("slope to 10000000", value(measured, 1_000_000, "bytes_per_connection").note());
    assertEquals("slope to 10000000", value(measured, 1_500_000, "bytes_per_connection").note());
    assertEquals(
        "slope from 10000000", value(measured, 100_000_000, "bytes_per_connection").note());
    for (long count : measured.counts().tailSet(1_000_000L)) {
      assertEquals(PER_CONNECTION, value(measured, count, "bytes_per_connection").value(), 1e-6);
      assertEquals(FIXED, value(measured, count, "fixed_bytes").value(), 10);
    }
  }

  @Test
  void belowOrAloneItIsTheQuotient() {
    var measured = new Measured(new Variant("slab", true, true));
    put(measured, 1_000);
    put(measured, 2_000);
    put(measured, 4_000_000);
    for (long count : measured.counts()) {
      assertEquals("quotient", value(measured, count, "bytes_per_connection").note());
      assertEquals(1, value(measured, count, "fixed_bytes").value());
    }
  }

  @Test
  void theResidentSetIsComparedBetweenCountsThatLieFarApart() {
    var measured = new Measured(new Variant("slab", true, true));
    for (long count : new long[] {1_000, 1_000_000, 2_000_000, 10_000_000}) {
      put(measured, count);
    }
    measured.put(2_000_000, "rss_growth_bytes", "bytes", 1); // what else moves
    var slopes = measured.residentSlopes();
    assertEquals(Set.of(1_000_000L, 2_000_000L), slopes.keySet());
    assertEquals(1, slopes.get(1_000_000L).value(), 1e-9);
    assertEquals("slope to 10000000", slopes.get(1_000_000L).note());
  }

  @Test
  void whatWouldNotFitIsToldBeforehand() {
    var measured = new Measured(new Variant("slab", true, true));
    assertNull(measured.misfit(1L << 40, 1));
    put(measured, 1_000);
    put(measured, 100_000);
    assertNull(measured.misfit(1_000_000, 36_000_000));
    assertNotNull(measured.misfit(1_000_000, 34_000_000));
    assertEquals("needs about 35 MB, 1 MB are free", measured.misfit(1_000_000, 1_000_000));
  }
}
