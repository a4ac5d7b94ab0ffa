package wisp.drivers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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
  @CsvSource({
    "10.9.0.0/16,true",
    "10.9.0.1/16,false",
    "10.9.0.1/32,true",
    "0.0.0.0/0,true",
    "fd09::/64,true",
    "fd09::1/64,false",
    "fd09::1/128,true",
    "fd09:0:0:1::/63,false",
    "::/0,true",
    "fd09::8000:0/97,true",
    "fd09::8000:0/96,false",
    "8000::/1,true",
    "8000::/0,false"
  })
  void knowsANetwork(String text, boolean isNetwork) {
    assertEquals(isNetwork, HostPrefix.parse(text).isNetwork());
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
