package wisp.drivers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.spi.LinkException;
import wisp.core.spi.LinkProvider;

class LinksTest {
  @Test
  void readsAProviderANameAndParameters() {
    assertEquals(new Links.Spec("tun", Map.of()), Links.parse("tun"));
    assertEquals(new Links.Spec("tun", Map.of("name", "wa")), Links.parse("tun:wa"));
    assertEquals(
        new Links.Spec("tun", Map.of("name", "wa", "host", "10.9.0.1/16", "mtu", "9000")),
        Links.parse("tun:wa,host=10.9.0.1/16,mtu=9000"));
    assertEquals(new Links.Spec("tun", Map.of("mtu", "1500")), Links.parse("tun:mtu=1500"));
    assertEquals(new Links.Spec("tun", Map.of("host", "")), Links.parse("tun:host="));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tun:",
        "tun:wa,",
        "tun:wa,wb",
        "tun:=1",
        "tun:wa,mtu=1,mtu=2",
        "tun:wa,name=wb",
        "tun:wa,,mtu=1"
      })
  void refusesWhatIsNotASpecificationInOneLine(String spec) {
    var refused = assertThrows(IllegalArgumentException.class, () -> Links.parse(spec));
    assertTrue(
        refused.getMessage().lines().count() == 1 && refused.getMessage().contains("'"),
        refused.getMessage());
  }

  @Test
  void givenAnUnknownName_thenTheKnownOnesAreListed() {
    var refused = assertThrows(IllegalArgumentException.class, () -> Links.open("tunnel:wa"));
    assertTrue(refused.getMessage().contains("tunnel"), refused.getMessage());
    assertTrue(
        refused.getMessage().contains("dpdk, inmemory, memif, tap, tun"), refused.getMessage());
  }

  @Test
  void everyProviderDescribesItself() {
    List<LinkProvider> all = Links.providers();
    assertEquals(all.size(), all.stream().map(LinkProvider::name).distinct().count());
    for (LinkProvider provider : all) {
      assertTrue(provider.name().matches("[a-z]+"), provider.name());
      assertEquals(1, provider.description().lines().count());
      String reason = provider.unavailable();
      assertTrue(reason == null || reason.lines().count() == 1, reason);
    }
  }

  @Test
  void theInMemoryLinkSaysWhoMakesIt() {
    var refused = assertThrows(LinkException.class, () -> Links.open("inmemory"));
    assertTrue(refused.getMessage().contains("made by the suites"), refused.getMessage());
  }
}
