package wisp.lab.suite;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.List;
import org.junit.jupiter.api.Test;

class CatalogTest {
  @Test
  void distances() {
    assertEquals(0, Catalog.distance("slab", "slab"));
    assertEquals(1, Catalog.distance("slba", "slab"));
    assertEquals(1, Catalog.distance("slb", "slab"));
    assertEquals(4, Catalog.distance("", "slab"));
  }

  @Test
  void suggestsOnlyWhatIsNear() {
    var names = List.of("heap", "pool", "slab", "persocket");
    assertEquals("slab", Catalog.nearest("slabb", names));
    assertEquals("persocket", Catalog.nearest("per", names));
    assertNull(Catalog.nearest("zzzz", names));
    assertNull(Catalog.nearest("", names));
  }
}
