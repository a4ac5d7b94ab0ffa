package wisp.core.spi;

/**
 * The two kinds of records, apart so that IPv4 does not pay for the addresses of IPv6. A key is an
 * address of 128 bits and a tail of 32: peer port and number of the binding. Each class has a
 * {@link RecordStore} of its own, whose slots are numbered independently.
 */
public enum RecordClass {
  /**
   * Addresses in their mapped form {@code ::ffff:a.b.c.d} (RFC 4291 §2.5.5.2), of which only the
   * last 32 bits are stored.
   */
  IPV4(2),
  /** Any address. */
  IPV6(5);

  private static final long MAPPED = 0xFFFF_0000_0000L;

  private final int keyWords;

  RecordClass(int keyWords) {
    this.keyWords = keyWords;
  }

  /** 32-bit words that a key takes in a record. */
  public int keyWords() {
    return keyWords;
  }

  /** The last 64 bits of an IPv4 address in its mapped form; the first 64 are 0. */
  public static long mappedLow(int address) {
    return MAPPED | (address & 0xFFFF_FFFFL);
  }

  /** Whether an address is the mapped form of an IPv4 address. */
  static boolean isMapped(long high, long low) {
    return high == 0 && low >>> 32 == 0xFFFF;
  }
}
