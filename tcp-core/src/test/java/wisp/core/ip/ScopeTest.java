package wisp.core.ip;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("RFC 4291 §2.4, RFC 6724 §3.1, RFC 1122 §3.2.1.3: how far an address reaches")
class ScopeTest {
  @ParameterizedTest
  @CsvSource({
    "::, 0, false",
    "::1, 0, false",
    "::2, 14, false",
    "ff02::1, 0, true",
    "ff0e::1, 0, true",
    "feff::1, 14, false",
    "fe80::1, 2, false",
    "fe7f:ffff::1, 14, false",
    "febf:ffff::1, 2, false",
    "fec0::1, 14, false",
    "fd00::1, 14, false",
    "2001:db8::1, 14, false",
    "0.0.0.0, 0, false",
    "0.255.255.255, 0, false",
    "1.0.0.0, 14, false",
    "126.255.255.255, 14, false",
    "127.0.0.1, 0, false",
    "127.255.255.255, 0, false",
    "128.0.0.0, 14, false",
    "169.253.255.255, 14, false",
    "169.254.0.1, 2, false",
    "169.255.0.0, 14, false",
    "223.255.255.255, 14, false",
    "224.0.0.1, 0, true",
    "239.255.255.255, 0, true",
    "240.0.0.1, 0, false",
    "255.255.255.255, 0, false"
  })
  void givenAnAddress_whenAsked_thenItsScope(String text, int scope, boolean multicast) {
    IpAddress a = IpAddress.parse(text);
    assertEquals(scope, Scope.of(a.high(), a.low()));
    assertEquals(scope != Scope.NONE, Scope.isUnicast(a.high(), a.low()));
    assertEquals(multicast, Scope.isMulticast(a.high(), a.low()));
  }
}
