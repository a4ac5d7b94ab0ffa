package wisp.drivers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.ip.IpAddress;

class HostPrefixTest {
  @Test
  void readsBothFamilies() {
    assertEquals(
        new HostPrefix(IpAddress.ofIpv4(0x0A09_0001), 16), HostPrefix.parse("10.9.0.1/16"));
    assertEquals(
        new HostPrefix(new IpAddress(0xFD09_0000_0000_0000L, 1), 64),
        HostPrefix.parse("fd09::1/64"));
    assertEquals(32, HostPrefix.parse("10.9.0.1").bits());
    assertEquals(128, HostPrefix.parse("::1").bits());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/",
        "10.9.0.1/",
        "10.9.0.1/33",
        "10.9.0/8",
        "fd09::1/129",
        "fd09::1/",
        "fd09::1/-1",
        "fd09::1%lo/64",
        "[fd09::1]/64",
        "fd09:::1/64",
        "::ffff:10.9.0.1/120",
        "1:2:3:4:5:6:7:8:9/64"
      })
  void refusesTheRestInOneLine(String text) {
    var refused = assertThrows(IllegalArgumentException.class, () -> HostPrefix.parse(text));
    assertEquals(1, refused.getMessage().lines().count(), refused.getMessage());
  }
}
