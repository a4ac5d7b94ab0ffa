package wisp.drivers.afxdp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.ip.IpPrefix;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.drivers.KernelStationContract;
import wisp.drivers.Links;

/**
 * Over a veth pair whose other end is the kernel's, each test in a namespace of its own. Skips
 * where that is not allowed.
 */
@Timeout(120)
class AfXdpLinkTest {
  abstract static class Contract extends KernelStationContract {
    abstract String parameters();

    abstract boolean isNative();

    @BeforeAll
    static void demandXdp() {
      String reason = new AfXdpProvider().unavailable();
      assumeTrue(reason == null, reason);
    }

    @Override
    protected Link openStation() throws LinkException {
      namespace.veth("ours", "kernels", KERNEL + "/16");
      return Links.open("afxdp:ours,own=10.9.1.0/24,netns=" + namespace.name() + parameters());
    }

    @Override
    protected String kernelsDevice() {
      return "kernels";
    }

    @Test
    void itIsWhatWasAskedFor() {
      assertEquals(isNative(), ((AfXdpLink) link).isNative());
      String device = namespace.run("ip", "link", "show", "ours");
      assertTrue(device.contains(isNative() ? " xdp " : " xdpgeneric "), device);
    }
  }

  @Nested
  class InTheDriver extends Contract {
    @Override
    String parameters() {
      return ",mode=native";
    }

    @Override
    boolean isNative() {
      return true;
    }
  }

  @Nested
  class InTheStack extends Contract {
    @Override
    String parameters() {
      return ",mode=skb";
    }

    @Override
    boolean isNative() {
      return false;
    }
  }

  @Nested
  class InSmallChunks extends Contract {
    @Override
    String parameters() {
      return ",mode=native,chunk=2048,frames=256,mac=02:00:00:00:00:07,checksum=verify";
    }

    @Override
    boolean isNative() {
      return true;
    }
  }

  @Nested
  class Parameters {
    @ParameterizedTest
    @ValueSource(
        strings = {
          "afxdp",
          "afxdp:,own=10.9.1.0/24",
          "afxdp:e",
          "afxdp:e,own=",
          "afxdp:e,own=10.9.1.7/24",
          "afxdp:e,own=ten",
          "afxdp:e,own=10.9.1.0/24,queue=256",
          "afxdp:e,own=10.9.1.0/24,queue=-1",
          "afxdp:e,own=10.9.1.0/24,mode=drv",
          "afxdp:e,own=10.9.1.0/24,mode=NATIVE",
          "afxdp:e,own=10.9.1.0/24,mode=skb,zerocopy=on",
          "afxdp:e,own=10.9.1.0/24,zerocopy=yes",
          "afxdp:e,own=10.9.1.0/24,frames=32",
          "afxdp:e,own=10.9.1.0/24,frames=1000",
          "afxdp:e,own=10.9.1.0/24,frames=1M",
          "afxdp:e,own=10.9.1.0/24,chunk=1024",
          "afxdp:e,own=10.9.1.0/24,mac=01:00:5e:00:00:01",
          "afxdp:e,own=10.9.1.0/24,checksum=on",
          "afxdp:e,own=10.9.1.0/24,host=10.9.0.1/16"
        })
    void wrongOnesAreRefusedInOneLine(String spec) {
      var refused =
          assertThrows(
              IllegalArgumentException.class, () -> AfXdpConfig.of(Links.parse(spec).parameters()));
      assertEquals(1, refused.getMessage().lines().count(), refused.getMessage());
    }

    @Test
    void haveDefaults() {
      assertEquals(
          new AfXdpConfig(
              "e",
              List.of(IpPrefix.parse("10.9.1.0/24"), IpPrefix.parse("fd09::7")),
              0,
              AfXdpConfig.Mode.AUTO,
              AfXdpConfig.ZeroCopy.AUTO,
              4096,
              4096,
              0,
              "",
              0,
              AfXdpConfig.Trust.AUTO),
          AfXdpConfig.of(Map.of("name", "e", "own", "10.9.1.0/24+fd09::7")));
    }
  }
}
