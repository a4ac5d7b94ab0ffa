package wisp.core.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.SplittableRandom;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Ethernet, ARP, neighbour discovery, multicast listener discovery: as bytes")
class EthernetFormatsTest {
  private static final long STATION = 0x0011_2233_4455L;

  @Test
  @DisplayName("RFC 826: a request byte by byte, and read back")
  void arp() {
    var m = Hex.segment("00".repeat(42));
    EthernetHeader.write(m, 0, HardwareAddress.BROADCAST, STATION, EthernetHeader.TYPE_ARP);
    ArpPacket.write(m, 14, ArpPacket.REQUEST, STATION, 0x0A000001, 0, 0x0A000002);
    String expected =
        "ffffffffffff 001122334455 0806 0001 0800 06 04 0001"
            + " 001122334455 0a000001 000000000000 0a000002";
    assertEquals(-1, Hex.segment(expected).mismatch(m));
    var frame = new EthernetHeader();
    assertTrue(frame.wrap(m, 0, 42));
    assertEquals(STATION, frame.source());
    assertEquals(28, frame.payloadLength());
    var arp = new ArpPacket();
    assertTrue(arp.wrap(m, frame.payloadStart(), 28));
    assertFalse(arp.wrap(m, frame.payloadStart(), 27));
    assertEquals(STATION, arp.senderHardware());
    assertEquals(0x0A000002, arp.targetAddress());
  }

  @Test
  @DisplayName("RFC 2464 §7, RFC 1112 §6.4, RFC 4291 appendix A: addresses that follow from others")
  void derivedAddresses() {
    assertEquals(0x3333_FF44_5566L, HardwareAddress.ofMulticast(0xFF02L << 48, 0x1_FF44_5566L));
    assertEquals(0x0100_5E7F_0203L, HardwareAddress.ofMulticast(0, 0xFFFF_E1FF_0203L));
    assertEquals(0x0211_22FF_FE33_4455L, HardwareAddress.interfaceIdentifier(STATION));
    assertFalse(HardwareAddress.isUnicast(HardwareAddress.BROADCAST));
    assertFalse(HardwareAddress.isUnicast(0));
    assertFalse(HardwareAddress.isUnicast(HardwareAddress.UNKNOWN));
  }

  @Test
  @DisplayName("RFC 3810 §5.1.3: a maximum response code from 0x8000 on is a floating-point number")
  void maximumResponse() {
    var query = new MldReport();
    assertTrue(query.wrapQuery(Hex.segment("82000000 8001" + "00".repeat(22)), 0, 28));
    assertEquals(0x1001L << 3, query.maxResponseMillis());
    assertTrue(query.wrapQuery(Hex.segment("82000000 7fff" + "00".repeat(22)), 0, 28));
    assertEquals(0x7FFF, query.maxResponseMillis());
    assertFalse(query.wrapQuery(Hex.segment("82000000" + "00".repeat(23)), 0, 27));
    assertFalse(query.wrapQuery(Hex.segment("82000000" + "00".repeat(22) + "0001"), 0, 28));
  }

  @Test
  @DisplayName("Noise is refused or can be read to the end; memory ends where the packet does")
  void noise() {
    var random = new SplittableRandom(826);
    var frame = new EthernetHeader();
    var arp = new ArpPacket();
    var ndp = new NdpMessage();
    var mld = new MldReport();
    byte[] bytes = new byte[96];
    int options = 0;
    for (int i = 0; i < 300_000; i++) {
      random.nextBytes(bytes);
      int length = random.nextInt(bytes.length + 1);
      bytes[0] = (byte) (128 + random.nextInt(10));
      for (int at : new int[] {9, 17, 25, 41}) {
        bytes[at] = (byte) random.nextInt(6);
      }
      var m = Hex.exactly(bytes, length);
      assertEquals(length >= 14, frame.wrap(m, 0, length));
      assertFalse(arp.wrap(m, 0, length));
      if (mld.wrapQuery(m, 0, length)) {
        assertTrue(mld.maxResponseMillis() >= 0);
        mld.groupLow();
      }
      if (ndp.wrap(m, 0, length)) {
        ndp.mtu();
        ndp.linkAddress(NdpMessage.OPTION_SOURCE_LINK_ADDRESS);
        for (int o = ndp.firstOption(); o != NdpMessage.NONE; o = ndp.next(o)) {
          options++;
          if (ndp.isPrefix(o)) {
            ndp.prefixLow(o);
          }
        }
      }
    }
    assertTrue(options > 1_000, options + " options seen");
  }
}
