package wisp.core.ip;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@DisplayName("RFC 6724 §5: which address a connection comes from")
class SourceChoiceTest {
  private static String best(String prefixes, String to) {
    OwnAddresses own =
        new OwnAddresses(List.of(prefixes.split(" ")).stream().map(IpPrefix::parse).toList());
    return best(own, to, 0);
  }

  private static String best(OwnAddresses own, String to, long tried) {
    IpAddress a = IpAddress.parse(to);
    int i = new SourceChoice(own).best(a.high(), a.low(), tried);
    return i < 0 ? "none" : own.prefix(i).toString();
  }

  /** The examples of RFC 6724 §10.1 that one link can show, and more. */
  @ParameterizedTest
  @Tag("rfc6724-a")
  @CsvSource({
    // rule 1: the address itself
    "2001:db8:1::1 2001:db8:2::1, 2001:db8:2::1, 2001:db8:2::1/128",
    "2001:db8:1::1 fe80::1, fe80::1, fe80::1/128",
    // rule 2: a scope that reaches far enough, and not farther
    "fe80::1 2001:db8:1::1, 2001:db8:2::1, 2001:db8:1::1/128",
    "2001:db8:1::1 fe80::1, 2001:db8:2::1, 2001:db8:1::1/128",
    "fe80::1 2001:db8:1::1, fe80::2, fe80::1/128",
    "2001:db8:1::1 fe80::1, fe80::2, fe80::1/128",
    "169.254.1.1 198.51.100.1, 192.0.2.9, 198.51.100.1/32",
    "198.51.100.1 169.254.1.1, 169.254.9.9, 169.254.1.1/32",
    // rule 8: the longest common prefix
    "2001:db8:1::1 2001:db8:3::1, 2001:db8:3::2, 2001:db8:3::1/128",
    "2001:db8:3::1 2001:db8:1::1, 2001:db8:1::2, 2001:db8:1::1/128",
    "2001:db8:1::/64 2001:db8:1:8000::/64, 2001:db8:1:8001::1, 2001:db8:1:8000::/64",
    "fd00::1 2001:db8::1, 2001:db8:9::9, 2001:db8::1/128",
    "2001:db8::1 fd00::1, fd00::9, fd00::1/128",
    "10.0.0.1 192.168.0.1, 192.168.7.7, 192.168.0.1/32",
    "10.0.0.1 192.168.0.1, 10.7.7.7, 10.0.0.1/32",
    // nothing decides: the first
    "10.0.1.0/24 10.0.0.0/24, 192.168.7.7, 10.0.1.0/24",
    // the family decides before everything else
    "10.0.0.1 2001:db8::1, 10.0.0.2, 10.0.0.1/32",
    "10.0.0.1 2001:db8::1, 2001:db8::2, 2001:db8::1/128",
    "10.0.0.1, 2001:db8::2, none",
    "2001:db8::1, 10.0.0.2, none",
  })
  void givenSources_whenADestinationIsNamed_thenTheRulesChoose(
      String prefixes, String to, String expected) {
    assertEquals(expected, best(prefixes, to));
  }

  @Test
  @DisplayName("RFC 6724 §2.2: no more bits count than the source's prefix is long")
  void givenALongPrefixAndAShortOne_whenBitsBeyondItAreEqual_thenTheyDontCount() {
    assertEquals("2001:db8::/32", best("2001:db8::/32 2001:db8::/33", "2001:db8:8000::1"));
    assertEquals("2001:db8::/33", best("2001:db8::/32 2001:db8::/33", "2001:db8:1::1"));
  }

  @Test
  @Tag("rfc6724-b")
  void givenADeprecatedAddress_whenAnotherFits_thenItIsNotChosen() {
    var own =
        new OwnAddresses(List.of(IpPrefix.parse("2001:db8:1::1"), IpPrefix.parse("2001:db8:f::1")));
    assertEquals("2001:db8:1::1/128", best(own, "2001:db8:1::9", 0));
    own.deprecate(IpPrefix.parse("2001:db8:1::1"));
    assertEquals("2001:db8:f::1/128", best(own, "2001:db8:1::9", 0));
    assertEquals("2001:db8:1::1/128", best(own, "2001:db8:1::9", 2), "when nothing else is left");
    assertEquals("none", best(own, "2001:db8:1::9", 3));
  }
}
