package wisp.core.ip;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("RFC 4291 §2.3, RFC 4632 §3.1: blocks of addresses")
class IpPrefixTest {
  private static boolean contains(String prefix, String address) {
    IpAddress a = IpAddress.parse(address);
    return IpPrefix.parse(prefix).contains(a.high(), a.low());
  }

  @ParameterizedTest
  @CsvSource({
    "10.9.0.0/16, 10.9.0.0, 10.9.255.255, 10.8.255.255, 10.10.0.0",
    "10.9.0.4/31, 10.9.0.4, 10.9.0.5, 10.9.0.3, 10.9.0.6",
    "10.9.0.1, 10.9.0.1, 10.9.0.1, 10.9.0.0, 10.9.0.2",
    "2001:db8::/32, 2001:db8::, 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff, 2001:db7::1, 2001:db9::",
    "2001:db8::/64, 2001:db8::, 2001:db8::ffff:ffff:ffff:ffff, 2001:db8:0:1::, 2001:db7::",
    "2001:db8::/65, 2001:db8::, 2001:db8::7fff:ffff:ffff:ffff, 2001:db8::8000:0:0:0, ::",
    "2001:db8::2/127, 2001:db8::2, 2001:db8::3, 2001:db8::1, 2001:db8::4",
    "2001:db8::2, 2001:db8::2, 2001:db8::2, 2001:db8::1, 2001:db8::3",
  })
  void givenItsEdges_whenAsked_thenInsideIsInsideAndOutsideIsNot(
      String prefix, String first, String last, String before, String after) {
    assertTrue(contains(prefix, first));
    assertTrue(contains(prefix, last));
    assertFalse(contains(prefix, before));
    assertFalse(contains(prefix, after));
  }

  @Test
  void givenAPrefixOfOneFamily_whenTheOthersAddressesAreAsked_thenNone() {
    assertTrue(contains("0.0.0.0/0", "255.255.255.255"));
    assertFalse(contains("0.0.0.0/0", "::1"));
    assertTrue(contains("::/0", "2001:db8::1"));
    assertFalse(contains("::/0", "10.0.0.1"));
    assertFalse(contains("::/64", "10.0.0.1"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "10.9.0.0/33",
        "10.9.0.0/-1",
        "10.9.0.0/",
        "10.9.0.0/x",
        "10.9.0.1/24",
        "2001:db8::/129",
        "2001:db8::1/64",
        "/64",
        "10.9.0.0/+16",
        "10.9.0.0/16/16",
        "2001:db8::/64 "
      })
  void givenWhatIsNoPrefix_whenRead_thenRefused(String text) {
    assertThrows(IllegalArgumentException.class, () -> IpPrefix.parse(text));
  }

  @Test
  void givenPrefixes_whenMeasured_thenTheirSizeIsRight() {
    assertEquals(1, IpPrefix.parse("10.9.0.1").size());
    assertEquals(256, IpPrefix.parse("10.9.0.0/24").size());
    assertEquals(1L << 32, IpPrefix.parse("0.0.0.0/0").size());
    assertEquals(1, IpPrefix.parse("2001:db8::1").size());
    assertEquals(4, IpPrefix.parse("2001:db8::/126").size());
    assertEquals(1L << 62, IpPrefix.parse("2001:db8::/64").size());
    assertEquals("2001:db8::/64", IpPrefix.parse("2001:DB8:0::/64").toString());
  }
}
