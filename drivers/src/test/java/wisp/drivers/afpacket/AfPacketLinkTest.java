package wisp.drivers.afpacket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.drivers.KernelStationContract;
import wisp.drivers.Links;

/**
 * Over a veth pair whose other end is the kernel's, each test in a namespace of its own. Skips
 * where that is not allowed.
 */
@Timeout(120)
class AfPacketLinkTest {
  abstract static class Contract extends KernelStationContract {
    abstract String parameters();

    @Override
    protected Link openStation() throws LinkException {
      namespace.veth("ours", "kernels", KERNEL + "/16");
      return Links.open("afpacket:ours,netns=" + namespace.name() + parameters());
    }

    @Override
    protected String kernelsDevice() {
      return "kernels";
    }
  }

  @Nested
  class WithOffload extends Contract {
    @Override
    String parameters() {
      return "";
    }
  }

  @Nested
  class WithoutOffload extends Contract {
    @Override
    String parameters() {
      return ",offload=off,bypass=off,mac=interface";
    }
  }

  @Nested
  class AloneInAGroup extends Contract {
    @Override
    String parameters() {
      return ",fanout=1/cbpf,slot=2Ki,frames=1Ki";
    }
  }

  @Nested
  class Parameters {
    @ParameterizedTest
    @ValueSource(
        strings = {
          "afpacket",
          "afpacket:",
          "afpacket:e,frames=1",
          "afpacket:e,frames=2M",
          "afpacket:e,frames=16Ki",
          "afpacket:e,frames=4097,slot=256Ki",
          "afpacket:e,slot=255",
          "afpacket:e,slot=1Mi",
          "afpacket:e,mac=02:00:00:00:00",
          "afpacket:e,mac=01:00:5e:00:00:01",
          "afpacket:e,mac=00:00:00:00:00:00",
          "afpacket:e,mac=own",
          "afpacket:e,mtu=575",
          "afpacket:e,mtu=65536",
          "afpacket:e,offload=yes",
          "afpacket:e,bypass=",
          "afpacket:e,fanout=x",
          "afpacket:e,fanout=65536",
          "afpacket:e,fanout=1/",
          "afpacket:e,fanout=1/lb",
          "afpacket:e,fanout=1/hash/2",
          "afpacket:e,host=10.9.0.1/16"
        })
    void wrongOnesAreRefusedInOneLine(String spec) {
      var refused =
          assertThrows(
              IllegalArgumentException.class,
              () -> AfPacketConfig.of(Links.parse(spec).parameters()));
      assertEquals(1, refused.getMessage().lines().count(), refused.getMessage());
    }

    @Test
    void haveDefaults() {
      AfPacketConfig config = AfPacketConfig.of(Map.of("name", "e"));
      assertEquals(
          new AfPacketConfig("e", 256, 65_728, "", AfPacketConfig.MADE, 0, true, true, null),
          config);
    }

    @Test
    void aGroupIsReadWithItsMode() {
      assertEquals(new Fanout(7, Fanout.Mode.HASH), Fanout.parse("7"));
      assertEquals(new Fanout(65_535, Fanout.Mode.CBPF), Fanout.parse("65535/cbpf"));
      assertNull(Fanout.parse(""));
      assertEquals(7 | 0x4006 << 16, new Fanout(7, Fanout.Mode.CBPF).option());
    }
  }
}
