package wisp.lab.phantom;

/**
 * Who the phantoms are. Number, address, port, initial sequence number and timestamp follow from
 * each other, so nothing about a phantom is ever stored:
 *
 * <pre>
 *   number i  ↔  address 10.128.0.0 + i / 60000, port 1024 + i mod 60000
 *   (address, port)  →  ISN, timestamp base: keyed hash
 * </pre>
 */
public final class PhantomPeers {
  /** As many as the block 10.128.0.0/9 has room for. */
  public static final long MOST = (1L << 23) * 60_000;

  private static final int FIRST_ADDRESS = 10 << 24 | 128 << 16;
  private static final int FIRST_PORT = 1024;
  private static final int PORTS = 60_000;
  private final long key;

  /** Other seeds give other sequence numbers, not other addresses. */
  public PhantomPeers(long seed) {
    key = mix(seed ^ 0x5EED_0F0F_FA9E_57L);
  }

  /** IPv4 address of phantom {@code i}. */
  public int address(long i) {
    return FIRST_ADDRESS + (int) (i / PORTS);
  }

  /** Port of phantom {@code i}. */
  public int port(long i) {
    return FIRST_PORT + (int) (i % PORTS);
  }

  /** The number of the phantom at an endpoint, or −1: there is none. */
  public long number(int address, int port) {
    long host = (address & 0xFFFF_FFFFL) - FIRST_ADDRESS;
    if (host < 0 || host >= 1 << 23 || port < FIRST_PORT || port >= FIRST_PORT + PORTS) {
      return -1;
    }
    return host * PORTS + port - FIRST_PORT;
  }

  /** Initial sequence number of phantom {@code i}. */
  public int isn(long i) {
    return (int) mix(key + i);
  }

  /** What phantom {@code i} adds to the clock in its timestamps (RFC 7323 §5.4). */
  public int timestampBase(long i) {
    return (int) (mix(key + i) >>> 32);
  }

  /** The finalizer of SplitMix64: every bit of the result depends on every bit of {@code x}. */
  static long mix(long x) {
    long z = x * 0x9E37_79B9_7F4A_7C15L;
    z = (z ^ z >>> 30) * 0xBF58_476D_1CE4_E5B9L;
    z = (z ^ z >>> 27) * 0x94D0_49BB_1331_11EBL;
    return z ^ z >>> 31;
  }
}
