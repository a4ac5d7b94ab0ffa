package wisp.core.stack;

/**
 * A word of a record: everything about a sleeping connection that is not a sequence number, a
 * timestamp or an address.
 *
 * <pre>
 *    0  state: 0 free, ESTABLISHED, FIN-WAIT-2 (two of it), CLOSE-WAIT,
 *       TIME-WAIT, awake (two)                                                  3 bits
 *    3  Snd.Wind.Scale, 15: no window scaling                                   4
 *    7  SACK permitted      8  timestamps                                       1 + 1
 *    9  MSS class (see MssTable)                                                4
 *   13  TS age                                                                  2
 *   15  receive window shut    16  ECN    17  ACK owed                          1 each
 *   18  ECE owed; without ECN: ECN is accurate    19  waiting for memory    1 each
 *   20  SND.WND: exponent 5, mantissa 6 of which the first bit is not kept,
 *       rounded down                                                            10
 *   30  the ACK of a single segment may wait                                    1
 *   31  ACK due at the end of the burst, and listed for it                       1
 * </pre>
 *
 * <p>In the {@link TimeWaitTable} bits 20 to 31 tell until when it lasts instead. Awake only the
 * state and the waiting bit count: the rest is in the activity block, whose number overlays
 * SND.NXT. Two further bits then tell a process that comes after a sudden end whether block and
 * words can be trusted ({@link Journal}).
 */
final class RecordFlags {
  static final int FREE = 0;
  static final int ESTABLISHED = 1;
  static final int FIN_WAIT_2 = 2;
  static final int CLOSE_WAIT = 3;
  static final int TIME_WAIT = 4;
  static final int AWAKE = 5;

  /**
   * Awake, in SYN-SENT or SYN-RECEIVED; one that came from LISTEN is not the application's yet, and
   * its block is a small one.
   */
  static final int HALF_OPEN = 6;

  /** FIN-WAIT-2 with the application gone: in no other state does such a connection sleep. */
  static final int FIN_WAIT_2_CLOSED = 7;

  /** Words of a record beside its key. */
  static final int SND_NXT = 0;

  static final int RCV_NXT = 1;
  static final int FLAGS = 2;

  /** The last one, since who has no timestamps has no such word. */
  static final int TS_RECENT = 3;

  /**
   * Awake, and laid out at this moment, in a memory that outlives its process: the block may be
   * half written, and packets may have left of which it does not know.
   */
  static final int IN_WORK = 1 << 3;

  /**
   * With {@link #AWAKE} in the same case: it slept, and packets have left since. The other words
   * are those of its sleep, and there is no block.
   */
  static final int IN_DOUBT = 1 << 4;

  static final int SACK = 1 << 7;
  static final int TIMESTAMPS = 1 << 8;
  static final int SHUT = 1 << 15;
  static final int ECN = 1 << 16;
  static final int ACK_OWED = 1 << 17;
  static final int ECE_OWED = 1 << 18;
  static final int WAITING = 1 << 19;
  static final int DELAYS_ACK = 1 << 30;
  static final int ACK_NOW = 1 << 31;
  static final int NO_SCALE = 15;
  private static final int WINDOW_PLACE = 20;
  private static final int STAMP_PLACE = 20;

  /** The largest stamp; the mask of one, too. */
  static final int LAST_STAMP = 0xFFF;

  private static final int AGE_PLACE = 13;

  private RecordFlags() {}

  static int state(int flags) {
    return flags & 7;
  }

  static int scale(int flags) {
    return flags >>> 3 & 15;
  }

  static int mssClass(int flags) {
    return flags >>> 9 & 15;
  }

  static int age(int flags) {
    return flags >>> AGE_PLACE & 3;
  }

  static boolean has(int flags, int bit) {
    return (flags & bit) != 0;
  }

  static int of(int state, int scale, int mssClass, int age) {
    return state | scale << 3 | mssClass << 9 | age << AGE_PLACE;
  }

  /** SND.WND in bytes. */
  static int window(int flags) {
    int code = flags >>> WINDOW_PLACE & 0x3FF;
    return code < 64 ? code : 32 + (code & 31) << (code >>> 5) - 1;
  }

  /**
   * SND.WND in 10 bits, rounded down: less is promised than the peer did, never more. Of what has
   * an exponent the mantissa is 32 or more, so they share a bit: the codes follow on one another.
   */
  static int windowBits(int bytes) {
    int exponent = Math.max(0, 26 - Integer.numberOfLeadingZeros(bytes));
    return (exponent << 5) + (bytes >>> exponent) << WINDOW_PLACE;
  }

  /** Where in the TIME-WAIT table: how long after its page's first it is over. */
  static int stampOf(int flags) {
    return flags >>> STAMP_PLACE & LAST_STAMP;
  }

  static int withStamp(int flags, int stamp) {
    return (flags & ~(LAST_STAMP << STAMP_PLACE)) | stamp << STAMP_PLACE;
  }
}
