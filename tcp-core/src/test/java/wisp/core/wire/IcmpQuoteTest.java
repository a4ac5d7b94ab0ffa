package wisp.core.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@DisplayName("RFC 792, RFC 4443 §2.4 d: the packet that an error quotes")
@Tag("rfc792")
class IcmpQuoteTest {
  private static final String IPV4 = "4500 05dc 1234 4000 4006 0000 c0000201 f0336402";
  private static final String TRANSPORT = "c001 01bb 89abcdef";
  private static final String ADDRESSES =
      "2001 0db8 0011 2233 8000 0000 0000 0001 fe80 0000 0000 0000 f234 5678 9abc def0";
  private static final String PADDED = "00 01 04 00 00 00 00";

  private final IcmpQuote quote = new IcmpQuote();

  @Test
  @DisplayName("RFC 792: an IPv4 header and 8 bytes are enough")
  void ipv4() {
    assertTrue(wrap(IPV4 + TRANSPORT));
    assertFalse(quote.ipv6());
    assertEquals(0, quote.sourceHigh());
    assertEquals(0xffff_c000_0201L, quote.sourceLow());
    assertEquals(0, quote.destinationHigh());
    assertEquals(0xffff_f033_6402L, quote.destinationLow());
    assertEquals(6, quote.protocol());
    assertTrue(quote.hasTransport());
    assertEquals(0xc001, quote.sourcePort());
    assertEquals(443, quote.destinationPort());
    assertEquals(0x89abcdef, quote.tcpSequence());
    assertEquals(1500, quote.totalLength());
    assertFalse(quote.isFragment());
  }

  @Test
  void ipv4OptionsArePassed() {
    assertTrue(wrap(IPV4.replaceFirst("45", "4f") + "01".repeat(40) + TRANSPORT));
    assertEquals(0x89abcdef, quote.tcpSequence());
    assertFalse(wrap(IPV4.replaceFirst("45", "4f") + "01".repeat(40) + "c001 01bb 89abcd"));
  }

  @Test
  @DisplayName("RFC 4443 §2.4 d: an IPv6 header, whatever stands behind it, and 8 bytes")
  void ipv6() {
    assertTrue(wrap(ipv6(1460, "06") + TRANSPORT));
    assertIpv6(1500);
    assertFalse(quote.isFragment());
    assertTrue(wrap(ipv6(1460, "00") + "3c" + PADDED + "2b" + PADDED + "06" + PADDED + TRANSPORT));
    assertIpv6(1500);
    assertTrue(wrap(ipv6(1460, "00") + "06 01" + PADDED.repeat(2) + TRANSPORT));
    assertIpv6(1500);
  }

  private void assertIpv6(int totalLength) {
    assertTrue(quote.ipv6());
    assertEquals(0x2001_0db8_0011_2233L, quote.sourceHigh());
    assertEquals(0x8000_0000_0000_0001L, quote.sourceLow());
    assertEquals(0xfe80_0000_0000_0000L, quote.destinationHigh());
    assertEquals(0xf234_5678_9abc_def0L, quote.destinationLow());
    assertEquals(6, quote.protocol());
    assertTrue(quote.hasTransport());
    assertEquals(0xc001, quote.sourcePort());
    assertEquals(443, quote.destinationPort());
    assertEquals(0x89abcdef, quote.tcpSequence());
    assertEquals(totalLength, quote.totalLength());
  }

  @Test
  @DisplayName("a first fragment has ports, a later one has not, whatever its bytes are")
  void fragments() {
    assertTrue(wrap(IPV4.replace("4000", "2000") + TRANSPORT));
    assertTrue(quote.isFragment() && quote.hasTransport());
    assertEquals(443, quote.destinationPort());
    assertTrue(wrap(IPV4.replace("4000", "0001") + TRANSPORT));
    assertLaterFragment();
    assertTrue(wrap(ipv6(1460, "2c") + "06 00 0001 00000001" + TRANSPORT));
    assertTrue(quote.isFragment());
    assertIpv6(1500);
    assertTrue(wrap(ipv6(1460, "2c") + "06 00 0008 00000001" + TRANSPORT));
    assertLaterFragment();
    assertTrue(wrap(ipv6(1460, "2c") + "06 00 0000 00000001" + TRANSPORT)); // RFC 6946
    assertFalse(quote.isFragment());
    assertIpv6(1500);
  }

  private void assertLaterFragment() {
    assertTrue(quote.isFragment());
    assertFalse(quote.hasTransport());
    assertEquals(6, quote.protocol());
    assertEquals(0, quote.sourcePort());
    assertEquals(0, quote.destinationPort());
    assertEquals(0, quote.tcpSequence());
    assertTrue(wrap(IPV4 + TRANSPORT)); // and forgotten
    assertTrue(quote.hasTransport());
    assertFalse(quote.isFragment());
  }

  @Test
  void everyQuoteThatIsCutOffIsRefused() {
    String chain = ipv6(1460, "00") + "2b" + PADDED + "2c" + PADDED + "06 00 0001 00000001";
    for (String headers : new String[] {IPV4, ipv6(1460, "06"), chain}) {
      MemorySegment whole = Hex.segment(headers + TRANSPORT);
      int length = (int) whole.byteSize();
      assertTrue(quote.wrap(whole, 0, length), headers);
      for (int cut = 0; cut < length; cut++) {
        assertFalse(quote.wrap(whole.asSlice(0, cut), 0, cut), headers + " cut to " + cut);
      }
      assertFalse(quote.wrap(whole, 0, -1));
    }
  }

  @Test
  void refusesWhatContradictsItself() {
    assertFalse(wrap(IPV4.replaceFirst("45", "44") + TRANSPORT));
    assertFalse(wrap(IPV4.replaceFirst("45", "55") + TRANSPORT));
    assertFalse(wrap(IPV4.replaceFirst("45", "05") + TRANSPORT));
    assertFalse(wrap(IPV4.replace("05dc", "001b") + TRANSPORT)); // had but 7 bytes itself
    assertTrue(wrap(IPV4.replace("05dc", "001c") + TRANSPORT));
    assertFalse(wrap(ipv6(7, "06") + TRANSPORT));
    assertTrue(wrap(ipv6(8, "06") + TRANSPORT));
    assertFalse(wrap(ipv6(15, "3c") + "06" + PADDED + TRANSPORT));
    assertFalse(wrap(ipv6(1460, "3c") + "06 03 00 00 00000000" + TRANSPORT));
    assertTrue(wrap(ipv6(1460, "3c") + ("3c" + PADDED).repeat(7) + "06" + PADDED + TRANSPORT));
    assertFalse(wrap(ipv6(1460, "3c") + ("3c" + PADDED).repeat(8) + "06" + PADDED + TRANSPORT));
  }

  @Test
  @DisplayName("random quotes: nothing is thrown, nothing is read past the message")
  void survivesNoise() {
    var random = new SplittableRandom(792);
    int[] known = {0, 43, 44, 60, 6, 17};
    byte[] bytes = new byte[128];
    int ipv4 = 0;
    int ipv6 = 0;
    for (int i = 0; i < 200_000; i++) {
      random.nextBytes(bytes);
      int length = random.nextInt(bytes.length + 1);
      bytes[0] = (byte) (random.nextInt(3, 8) << 4 | bytes[0] & 0xF);
      bytes[6] = (byte) known[random.nextInt(known.length)];
      for (int at = 40; at < bytes.length; at += 8) {
        bytes[at] = (byte) known[random.nextInt(known.length)];
        bytes[at + 1] = (byte) (random.nextInt(8) == 0 ? random.nextInt(256) : random.nextInt(2));
      }
      if (quote.wrap(Hex.exactly(bytes, length), 0, length)) {
        assertEquals(bytes[0] >>> 4 == 6, quote.ipv6());
        assertTrue(quote.hasTransport() || quote.isFragment());
        ipv4 += quote.ipv6() ? 0 : 1;
        ipv6 += quote.ipv6() ? 1 : 0;
      }
    }
    assertTrue(ipv4 > 5_000 && ipv6 > 5_000, ipv4 + " IPv4, " + ipv6 + " IPv6");
  }

  private static String ipv6(int payloadLength, String nextHeader) {
    return "6000 0000 %04x %s 40".formatted(payloadLength, nextHeader) + ADDRESSES;
  }

  /** Behind three bytes of something else. */
  private boolean wrap(String hex) {
    MemorySegment m = Hex.segment("ffffff" + hex);
    return quote.wrap(m, 3, (int) m.byteSize() - 3);
  }
}
