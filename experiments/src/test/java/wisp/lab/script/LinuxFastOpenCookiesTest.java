package wisp.lab.script;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wisp.core.ip.IpAddress;
import wisp.core.spi.FastOpenCookies;
import wisp.core.spi.FastOpenCookies.Verdict;

@DisplayName(
    "Fast Open cookies of two keys: that a kernel's are the same is shown against a kernel")
class LinuxFastOpenCookiesTest {
  private static final String FIRST = "00010203-04050607-08090a0b-0c0d0e0f";
  private static final String SECOND = "f0e0d0c0-b0a09080-70605040-30201000";
  private static final String OTHER = "f0e0d0c0-b0a09080-70605040-30201001";

  private static long make(FastOpenCookies cookies, String client) {
    IpAddress c = IpAddress.parse(client);
    IpAddress s = IpAddress.parse("10.0.0.1");
    return cookies.make(c.high(), c.low(), s.high(), s.low(), 0);
  }

  private static Verdict check(FastOpenCookies cookies, String client, long cookie) {
    IpAddress c = IpAddress.parse(client);
    IpAddress s = IpAddress.parse("10.0.0.1");
    return cookies.check(c.high(), c.low(), s.high(), s.low(), cookie, 0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.0.0.2", "2001:db8::2"})
  void givenTwoKeys_thenTheFirstMakesAndTheSecondsAreGoodOnceMore(String client) {
    long first = make(LinuxFastOpenCookies.of(FIRST, true), client);
    long second = make(LinuxFastOpenCookies.of(SECOND, true), client);
    long other = make(LinuxFastOpenCookies.of(OTHER, true), client);
    var both = LinuxFastOpenCookies.of(FIRST + "," + SECOND, true);
    assertNotEquals(first, second);
    assertEquals(first, make(both, client));
    assertEquals(Verdict.VALID, check(both, client, first));
    assertEquals(Verdict.OLD, check(both, client, second));
    assertEquals(Verdict.INVALID, check(both, client, other));
    assertEquals(Verdict.INVALID, check(both, "10.0.0.3", first));
    assertEquals(Verdict.INVALID, check(LinuxFastOpenCookies.of(FIRST, true), client, second));
  }

  @Test
  void theSocketOptionIsTheSameInBytes() {
    byte[] bytes =
        HexFormat.of()
            .parseHex("03020100070605040b0a09080f0e0d0c" + "c0d0e0f08090a0b04050607000102030");
    assertEquals(
        LinuxFastOpenCookies.of(FIRST + "," + SECOND, true), LinuxFastOpenCookies.of(bytes));
    byte[] one = Arrays.copyOf(bytes, 16);
    assertEquals(LinuxFastOpenCookies.of(FIRST, true), LinuxFastOpenCookies.of(one));
  }
}
