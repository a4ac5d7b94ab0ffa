package wisp.core.ip;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("RFC 4291 §2.8: the addresses that are ours")
class OwnAddressesTest {
  private static boolean contains(OwnAddresses own, String text) {
    IpAddress a = IpAddress.parse(text);
    return own.contains(a.high(), a.low());
  }

  private static OwnAddresses of(String... prefixes) {
    return new OwnAddresses(List.of(prefixes).stream().map(IpPrefix::parse).toList());
  }

  private static String source(OwnAddresses own, int block, long k) {
    return new IpAddress(own.sourceHigh(block), own.sourceLow(block, k)).toString();
  }

  @Test
  void givenBlocksOfBothFamilies_whenAsked_thenEachAnswersForItsOwn() {
    OwnAddresses own = of("10.9.1.0/24", "2001:db8:1::/64", "192.0.2.1");
    for (String ours :
        new String[] {"10.9.1.0", "10.9.1.255", "2001:db8:1::", "2001:db8:1::9:9", "192.0.2.1"}) {
      assertTrue(contains(own, ours), ours);
    }
    for (String others :
        new String[] {"10.9.0.255", "10.9.2.0", "2001:db8:1:1::", "192.0.2.0", "::", "0.0.0.0"}) {
      assertFalse(contains(own, others), others);
    }
  }

  @Test
  void givenABlockOfOneFamilyWithoutPrefix_whenTheOthersAddressesAreAsked_thenTheyAreNotOurs() {
    assertFalse(contains(of("::/0"), "10.0.0.1"));
    assertTrue(contains(of("::/0"), "2001:db8::1"));
    assertFalse(contains(of("0.0.0.0/0"), "2001:db8::1"));
    assertFalse(contains(of("0.0.0.0/0"), "::a00:1"));
  }

  @Test
  void givenBlocksThatComeAndGo_whenAsked_thenWhatIsThereCounts() {
    OwnAddresses own = of();
    assertEquals(0, own.size());
    for (int i = 0; i < 20; i++) {
      own.add(IpPrefix.parse("2001:db8:" + i + "::/64"));
      own.add(IpPrefix.parse("2001:db8:" + i + "::/64"));
    }
    assertEquals(20, own.size());
    own.deprecate(IpPrefix.parse("2001:db8:13::/64"));
    own.remove(IpPrefix.parse("2001:db8:0::/64"));
    own.remove(IpPrefix.parse("2001:db8:99::/64"));
    assertEquals(19, own.size());
    for (int i = 0; i < 20; i++) {
      assertEquals(i != 0, contains(own, "2001:db8:" + i + "::1"));
    }
    for (int i = 0; i < own.size(); i++) {
      boolean is13 = own.prefix(i).equals(IpPrefix.parse("2001:db8:13::/64"));
      assertEquals(is13, own.isDeprecated(i));
    }
    own.add(IpPrefix.parse("2001:db8:13::/64"));
    for (int i = 0; i < own.size(); i++) {
      assertFalse(own.isDeprecated(i), "given again: preferred again");
    }
  }

  @Test
  void givenBlocks_whenTheySupplySources_thenNotTheirFirstAndLast() {
    OwnAddresses own =
        of(
            "10.9.1.0/30",
            "10.9.1.4/31",
            "10.9.1.7",
            "2001:db8::/126",
            "2001:db8::8/127",
            "2001:db8:1::/64");
    assertEquals(2, own.sources(0));
    assertEquals("10.9.1.1", source(own, 0, 0));
    assertEquals("10.9.1.2", source(own, 0, 1));
    assertEquals(2, own.sources(1));
    assertEquals("10.9.1.4", source(own, 1, 0));
    assertEquals("10.9.1.5", source(own, 1, 1));
    assertEquals(1, own.sources(2));
    assertEquals("10.9.1.7", source(own, 2, 0));
    assertEquals(2, own.sources(3));
    assertEquals("2001:db8::1", source(own, 3, 0));
    assertEquals("2001:db8::2", source(own, 3, 1));
    assertEquals("2001:db8::9", source(own, 4, 1));
    assertEquals("2001:db8:1::1", source(own, 5, 0));
    assertTrue(own.sources(5) > 1L << 60);
  }
}
