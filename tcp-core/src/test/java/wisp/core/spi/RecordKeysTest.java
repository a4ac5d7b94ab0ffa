package wisp.core.spi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("Keys of records: 64 bits for IPv4, 160 for IPv6")
class RecordKeysTest {
  private static final long HIGH = 0x2001_0DB8_1234_5678L;
  private static final long LOW = 0x9ABC_DEF0_0FED_CBA9L;
  private static final int TAIL = 0x8765_4321;

  private final KeyedHash hash = new KeyedHash(1, 2);

  @Test
  @DisplayName("IPv4 hashes one word, address and tail, and stores two of 32 bits")
  void ipv4IsOneWord() {
    var memory = new ArrayRecords(2);
    RecordKeys keys = RecordKeys.of(RecordClass.IPV4, memory, hash);
    int slot = memory.acquire();
    long low = RecordClass.mappedLow(0xC0A8_0102);
    assertEquals(0xFFFF_C0A8_0102L, low, "RFC 4291 §2.5.5.2: ::ffff:192.168.1.2");
    keys.put(slot, 0, low, TAIL);
    assertEquals(0xC0A8_0102, memory.get(slot, 0));
    assertEquals(TAIL, memory.get(slot, 1));
    assertEquals(hash.hash(0xC0A8_0102_8765_4321L), keys.hash(0, low, TAIL));
    assertEquals(keys.hash(0, low, TAIL), keys.hash(slot));
    assertEquals(0, keys.addressHigh(slot));
    assertEquals(low, keys.addressLow(slot));
    assertEquals(TAIL, keys.tail(slot));
    assertTrue(keys.isAt(slot, 0, low, TAIL));
    assertFalse(keys.isAt(slot, 0, low ^ 1, TAIL));
    assertFalse(keys.isAt(slot, 0, low, TAIL ^ 1 << 31));
  }

  @Test
  @DisplayName("IPv6 hashes and compares every one of 160 bits")
  void everyBitOfIpv6Counts() {
    var memory = new ArrayRecords(5);
    RecordKeys keys = RecordKeys.of(RecordClass.IPV6, memory, hash);
    int slot = memory.acquire();
    keys.put(slot, HIGH, LOW, TAIL);
    assertEquals(HIGH, keys.addressHigh(slot));
    assertEquals(LOW, keys.addressLow(slot));
    assertEquals(TAIL, keys.tail(slot));
    assertTrue(keys.isAt(slot, HIGH, LOW, TAIL));
    long own = keys.hash(HIGH, LOW, TAIL);
    assertEquals(own, keys.hash(slot));
    for (int bit = 0; bit < 160; bit++) {
      long high = HIGH ^ (bit < 64 ? 1L << bit : 0);
      long low = LOW ^ (bit >= 64 && bit < 128 ? 1L << bit - 64 : 0);
      int tail = TAIL ^ (bit >= 128 ? 1 << bit - 128 : 0);
      assertFalse(keys.isAt(slot, high, low, tail), "bit " + bit);
      assertNotEquals(own, keys.hash(high, low, tail), "bit " + bit);
    }
  }

  @Test
  @DisplayName("A store for IPv4 is not asked for an address of IPv6")
  void anIpv6AddressInAnIpv4StoreIsOurBug() {
    RecordKeys keys = RecordKeys.of(RecordClass.IPV4, new ArrayRecords(2), hash);
    assertThrows(AssertionError.class, () -> keys.hash(HIGH, LOW, TAIL));
    assertThrows(AssertionError.class, () -> keys.hash(0, 1, TAIL));
  }
}
