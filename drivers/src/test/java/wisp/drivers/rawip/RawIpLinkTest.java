package wisp.drivers.rawip;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.spi.Link;
import wisp.drivers.KernelLinkContract;
import wisp.drivers.Links;
import wisp.drivers.linux.TestNamespace;

/**
 * Against the real kernel, over a pair of veth between two network namespaces. Skips where that is
 * not allowed.
 */
@Timeout(120)
class RawIpLinkTest {
  abstract static class Contract extends KernelLinkContract {
    private TestNamespace ours;

    abstract String parameters();

    @Override
    protected Link openInNamespace() throws Exception {
      ours = new TestNamespace();
      ours.veth("wispa", "10.9.0.2/16", namespace, "wispb", KERNEL + "/16");
      return Links.open("rawip:" + parameters() + ",netns=" + ours.name());
    }

    @AfterEach
    void deleteOurs() {
      if (ours != null) {
        ours.close();
      }
    }
  }

  @Nested
  class OnAnInterface extends Contract {
    @Override
    String parameters() {
      return "wispa,own=10.9.1.0/24";
    }
  }

  @Nested
  class OnAnyInterface extends Contract {
    @Override
    String parameters() {
      return "own=10.9.1.7+10.9.2.0/24,mtu=1400,checksum=trust";
    }
  }

  @Nested
  class Parameters {
    @ParameterizedTest
    @ValueSource(
        strings = {
          "rawip",
          "rawip:eth0",
          "rawip:eth0,own=",
          "rawip:eth0,own=10.9.1.1/24",
          "rawip:eth0,own=0.0.0.0/0",
          "rawip:eth0,own=fd09::/64",
          "rawip:eth0,own=10.9.1.0/24,mtu=67",
          "rawip:eth0,own=10.9.1.0/24,mtu=65536",
          "rawip:eth0,own=10.9.1.0/24,checksum=on",
          "rawip:eth0,own=10.9.1.0/24,offload=on"
        })
    void wrongOnesAreRefusedInOneLine(String spec) {
      var refused =
          assertThrows(
              IllegalArgumentException.class, () -> RawIpConfig.of(Links.parse(spec).parameters()));
      assertEquals(1, refused.getMessage().lines().count(), refused.getMessage());
    }

    @Test
    void haveDefaults() {
      RawIpConfig config = RawIpConfig.of(Map.of("own", "10.9.1.0/24+10.9.2.7"));
      assertEquals(
          " [10.9.1.0/24, 10.9.2.7/32] 0 AUTO ",
          config.device()
              + " "
              + config.own()
              + " "
              + config.mtu()
              + " "
              + config.checksum()
              + " "
              + config.netns());
    }
  }
}
