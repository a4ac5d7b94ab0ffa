package wisp.core.ip;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("RFC 4291 §2.2, RFC 5952: addresses as text")
class IpAddressTest {
  @ParameterizedTest
  @CsvSource({
    "::, ::",
    "::1, ::1",
    "1::, 1::",
    "0:0:0:0:0:0:0:0, ::",
    "2001:DB8::1, 2001:db8::1",
    "2001:0db8:0000:0000:0000:0000:0000:0001, 2001:db8::1",
    "2001:db8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
    "2001:0:0:1:0:0:0:1, 2001:0:0:1::1",
    "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
    "1:2:3:4:5:6:7::, 1:2:3:4:5:6:7:0",
    "::2:3:4:5:6:7:8, 0:2:3:4:5:6:7:8",
    "0:0:3:4:5:6:7:8, ::3:4:5:6:7:8",
    "1:2:3:4:5:6:0:0, 1:2:3:4:5:6::",
    "::ffff:10.9.0.1, 10.9.0.1",
    "::ffff:a09:1, 10.9.0.1",
    "64:ff9b::192.0.2.33, 64:ff9b::c000:221",
    "1:2:3:4:5:6:1.2.3.4, 1:2:3:4:5:6:102:304",
    "255.255.255.255, 255.255.255.255",
    "0.0.0.0, 0.0.0.0"
  })
  void givenText_whenReadAndWritten_thenItIsCanonical(String text, String canonical) {
    IpAddress address = IpAddress.parse(text);
    assertEquals(canonical, address.toString());
    assertEquals(address, IpAddress.parse(canonical));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ":",
        ":::",
        "1",
        "1:2",
        ":1::2",
        "1::2:",
        ":1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:",
        "1:2:3:4:5:6:7:8:9",
        "1:2:3:4::5:6:7:8",
        "1::2::3",
        "12345::",
        "g::",
        "1:2:3:4:5:6:7:1.2.3.4",
        "1.2.3.4::",
        "1.2.3.4::1",
        "1:1.2.3.4::",
        "::1.2.3",
        "::1.2.3.256",
        "::1.2.3.4:5",
        "1.2.3",
        "1.2.3.4.5",
        "1..2.3",
        "256.0.0.1",
        "1.2.3.0004",
        "1.2.3.-4",
        "1.2.3.+4",
        "fe80::1%eth0",
        " ::1",
        "::1/64",
        "\u0661::",
        "1.2.3.\u0664"
      })
  void givenWhatIsNoAddress_whenRead_thenRefusedInOneLine(String text) {
    var e = assertThrows(IllegalArgumentException.class, () -> IpAddress.parse(text));
    assertFalse(e.getMessage().contains("\n"));
  }

  @Test
  void givenAnyBits_whenWrittenAndRead_thenTheyAreTheSame_asForThePlatform()
      throws UnknownHostException {
    var random = new SplittableRandom(5952);
    for (int i = 0; i < 20_000; i++) {
      long high = sparse(random);
      long low = sparse(random);
      var address = new IpAddress(high, low);
      String text = address.toString();
      assertEquals(address, IpAddress.parse(text), text);
      if (!address.isIpv4()) {
        byte[] theirs = InetAddress.getByName(text).getAddress();
        assertEquals(16, theirs.length, text);
        assertEquals(high, ByteBuffer.wrap(theirs).getLong(0), text);
        assertEquals(low, ByteBuffer.wrap(theirs).getLong(8), text);
        assertFalse(text.contains(":::") || text.matches(".*[A-Z].*"), text);
        assertFalse(text.matches("(.*:)?0[0-9a-f].*"), text);
      }
    }
  }

  /** Bits with many groups of zero. */
  private static long sparse(SplittableRandom random) {
    long bits = random.nextLong();
    for (int group = 0; group < 4; group++) {
      if (random.nextInt(3) > 0) {
        bits &= ~(0xFFFFL << 16 * group);
      }
    }
    return bits;
  }

  @Test
  void givenBothFamilies_whenAsked_thenTheMappedFormIsIpv4AndNothingElseIs() {
    assertTrue(IpAddress.parse("10.0.0.1").isIpv4());
    assertEquals(0x0A00_0001, IpAddress.parse("10.0.0.1").ipv4());
    assertEquals(-1, IpAddress.ofIpv4(-1).ipv4());
    assertFalse(IpAddress.parse("::10.0.0.1").isIpv4());
    assertFalse(IpAddress.parse("1::ffff:10.0.0.1").isIpv4());
    assertFalse(IpAddress.parse("::1:ffff:a00:1").isIpv4());
    assertThrows(IllegalStateException.class, () -> IpAddress.parse("::1").ipv4());
    assertTrue(IpAddress.parse("::").isUnspecified());
    assertTrue(IpAddress.parse("0.0.0.0").isUnspecified());
    assertFalse(IpAddress.parse("::1").isUnspecified());
  }
}
