package wisp.core.wire;

import java.lang.foreign.MemorySegment;
import wisp.core.tcp.SeqNum;

/**
 * The options of one segment (RFC 9293 §3.2, RFC 7323, RFC 2018): a result that {@link #parse}
 * fills, reused for ever. It copies what it finds, so it stays valid when the packet is gone.
 *
 * <p>Of an option that comes twice the first one counts. Unknown kinds are skipped. What stands
 * behind the end-of-list option or behind a malformed one is not looked at; what stood in front is
 * kept. MSS, window scale and SACK-permitted count on SYN segments only, SACK blocks only on
 * others.
 */
public final class TcpOptions {
  /** All options of a segment together. */
  public static final int MOST_BYTES = 40;

  /** Bytes that {@link #writeMss} writes. */
  public static final int MSS_LENGTH = 4;

  /** Bytes that {@link #writeWindowScale} writes, a NOP included. */
  public static final int WINDOW_SCALE_LENGTH = 4;

  /** Bytes that {@link #writeSackPermitted} writes, two NOPs included. */
  public static final int SACK_PERMITTED_LENGTH = 4;

  /** Bytes that {@link #writeTimestamp} writes, two NOPs included. */
  public static final int TIMESTAMP_LENGTH = 12;

  /** Bytes that {@link #writeUserTimeout} writes. */
  public static final int USER_TIMEOUT_LENGTH = 4;

  /** The longest user timeout that can be told: 15 bits of minutes. */
  public static final int MOST_USER_TIMEOUT_SECONDS = 0x7FFF * 60;

  /** The largest shift (RFC 7323 §2.3). */
  public static final int MAX_WINDOW_SCALE = 14;

  private static final int END_OF_LIST = 0;
  private static final int NO_OPERATION = 1;
  private static final int MSS = 2;
  private static final int WINDOW_SCALE = 3;
  private static final int SACK_PERMITTED = 4;
  private static final int SACK = 5;
  private static final int TIMESTAMP = 8;
  private static final int FAST_OPEN = 34;
  private static final int USER_TIMEOUT = 28;

  /** AccECN0 and AccECN1: the same counters in either order. */
  private static final int ACCURATE_ECN_0 = 172;

  private static final int ACCURATE_ECN_1 = 174;

  /** Shared by experiments, which their first two bytes tell apart (RFC 6994). */
  private static final int EXPERIMENT = 254;

  /** Fast Open before it had a kind of its own. */
  private static final int FAST_OPEN_EXPERIMENT = 0xF989;

  private static final int MOST_COOKIE_BYTES = 16;

  /** The first of the 16 bits: minutes, not seconds. */
  private static final int IN_MINUTES = 0x8000;

  /** NOP, NOP, timestamp, length 10: all that most segments carry (RFC 7323 Appendix A). */
  private static final int ALIGNED_TIMESTAMP = 0x0101_080A;

  private static final int ABSENT = -1;
  private static final int MAX_SACK_BLOCKS = 4;

  private int mss;
  private int windowScale;
  private boolean sackPermitted;
  private boolean hasTimestamp;
  private int tsVal;
  private int tsEcr;
  private int sackBlocks;
  private int userTimeoutSeconds;
  private final @SeqNum int[] sackEdges = new int[2 * MAX_SACK_BLOCKS];
  private boolean malformed;
  private boolean hasMarkedBytes;
  private int ect0Bytes;
  private int ceBytes;
  private int ect1Bytes;
  private int fastOpenBytes;
  private long fastOpenHigh;
  private long fastOpenLow;
  private boolean fastOpenExperimental;

  /**
   * Forgets the last result and reads the options of a segment. Never throws, whatever they are; at
   * most 40 steps.
   */
  public void parse(TcpHeader header) {
    clear();
    MemorySegment m = header.memory();
    long start = header.optionsStart();
    int length = header.optionsLength();
    if (length == TIMESTAMP_LENGTH && Wire.i32(m, start) == ALIGNED_TIMESTAMP) {
      timestamp(m, start + 2);
      return;
    }
    boolean syn = header.has(TcpHeader.SYN);
    int i = 0;
    while (i < length) {
      int kind = Wire.u8(m, start + i);
      if (kind == END_OF_LIST) {
        return;
      }
      if (kind == NO_OPERATION) {
        i++;
        continue;
      }
      int bytes = i + 1 < length ? Wire.u8(m, start + i + 1) : 0;
      // Below 2 the cursor would not pass kind and length, or stand still (CVE-2020-24337).
      if (bytes < 2 || bytes > length - i || !isSizeOf(kind, bytes)) {
        malformed = true;
        return;
      }
      take(kind, bytes, m, start + i, syn);
      i += bytes;
    }
  }

  private void clear() {
    mss = ABSENT;
    windowScale = ABSENT;
    sackPermitted = false;
    fastOpenBytes = ABSENT;
    fastOpenHigh = 0;
    fastOpenLow = 0;
    fastOpenExperimental = false;
    hasTimestamp = false;
    tsVal = 0;
    tsEcr = 0;
    sackBlocks = 0;
    userTimeoutSeconds = 0;
    hasMarkedBytes = false;
    ect0Bytes = ABSENT;
    ceBytes = ABSENT;
    ect1Bytes = ABSENT;
    malformed = false;
  }

  private static boolean isSizeOf(int kind, int bytes) {
    return switch (kind) {
      case MSS -> bytes == 4;
      case WINDOW_SCALE -> bytes == 3;
      case SACK_PERMITTED -> bytes == 2;
      case SACK -> bytes > 2 && bytes % 8 == 2 && bytes <= 2 + 8 * MAX_SACK_BLOCKS;
      case TIMESTAMP -> bytes == 10;
      case USER_TIMEOUT -> bytes == 4;
      default -> true;
    };
  }

  private void take(int kind, int bytes, MemorySegment m, long at, boolean syn) {
    switch (kind) {
      case MSS -> {
        if (syn && mss == ABSENT) {
          mss = Wire.u16(m, at + 2);
        }
      }
      case WINDOW_SCALE -> {
        if (syn && windowScale == ABSENT) {
          // RFC 7323 §2.3: a larger shift counts as 14, the connection goes on.
          windowScale = Math.min(Wire.u8(m, at + 2), MAX_WINDOW_SCALE);
        }
      }
      case SACK_PERMITTED -> sackPermitted |= syn;
      case SACK -> {
        if (!syn && sackBlocks == 0) {
          sack(m, at, (bytes - 2) / 8);
        }
      }
      case FAST_OPEN -> {
        if (syn) {
          fastOpen(m, at + 2, bytes - 2, false);
        }
      }
      case EXPERIMENT -> {
        if (syn && bytes >= 4 && Wire.u16(m, at + 2) == FAST_OPEN_EXPERIMENT) {
          fastOpen(m, at + 4, bytes - 4, true);
        }
      }
      case TIMESTAMP -> {
        if (!hasTimestamp) {
          timestamp(m, at);
        }
      }
      case USER_TIMEOUT -> {
        if (userTimeoutSeconds == 0) {
          int field = Wire.u16(m, at + 2);
          int value = field & ~IN_MINUTES;
          userTimeoutSeconds = (field & IN_MINUTES) == 0 ? value : value * 60;
        }
      }
      case ACCURATE_ECN_0, ACCURATE_ECN_1 -> {
        if (!hasMarkedBytes) {
          markedBytes(m, at + 2, (bytes - 2) / 3, kind == ACCURATE_ECN_1);
        }
      }
      default -> {} // RFC 9293 MUST-6: ignore options that are not known
    }
  }

  /** As many whole counters as there are; what follows is padding (RFC 9768 §3.2.3). */
  private void markedBytes(MemorySegment m, long at, int fields, boolean ect1First) {
    hasMarkedBytes = true;
    int first = fields > 0 ? Wire.u8(m, at) << 16 | Wire.u16(m, at + 1) : ABSENT;
    ceBytes = fields > 1 ? Wire.u8(m, at + 3) << 16 | Wire.u16(m, at + 4) : ABSENT;
    int last = fields > 2 ? Wire.u8(m, at + 6) << 16 | Wire.u16(m, at + 7) : ABSENT;
    ect0Bytes = ect1First ? last : first;
    ect1Bytes = ect1First ? first : last;
  }

  private void sack(MemorySegment m, long at, int blocks) {
    sackBlocks = blocks;
    for (int edge = 0; edge < 2 * blocks; edge++) {
      sackEdges[edge] = Wire.i32(m, at + 2 + 4L * edge);
    }
  }

  /** A cookie of another size than RFC 7413 §4.1.1 allows is none. */
  private void fastOpen(MemorySegment m, long at, int bytes, boolean experimental) {
    boolean isCookie = bytes >= 4 && bytes <= MOST_COOKIE_BYTES && bytes % 2 == 0;
    if (fastOpenBytes != ABSENT || !(isCookie || bytes == 0)) {
      return;
    }
    fastOpenBytes = bytes;
    fastOpenExperimental = experimental;
    for (int i = 0; i < bytes; i++) {
      long b = Wire.u8(m, at + i);
      if (i < Long.BYTES) {
        fastOpenHigh |= b << 56 - 8 * i;
      } else {
        fastOpenLow |= b << 120 - 8 * i;
      }
    }
  }

  private void timestamp(MemorySegment m, long at) {
    hasTimestamp = true;
    tsVal = Wire.i32(m, at + 2);
    tsEcr = Wire.i32(m, at + 6);
  }

  /** Whether this was a SYN that announced an MSS. */
  public boolean hasMss() {
    return mss != ABSENT;
  }

  /**
   * The MSS as it was sent, 0 … 65535: no lower bound has been applied. 0 when {@link #hasMss} is
   * false.
   */
  public int mss() {
    return Math.max(mss, 0);
  }

  /** The shift of the peer's window, 0 … 14; -1: none was offered. */
  public int windowScale() {
    return windowScale;
  }

  /** Whether this was a SYN that permitted SACK. */
  public boolean sackPermitted() {
    return sackPermitted;
  }

  /**
   * Whether this was a SYN that speaks Fast Open (RFC 7413): it brings a cookie, or asks for one.
   */
  public boolean hasFastOpen() {
    return fastOpenBytes != ABSENT;
  }

  /** Bytes of the cookie: 0 asks for one; −1: no option. */
  public int fastOpenBytes() {
    return fastOpenBytes;
  }

  /** The first 8 bytes of the cookie, the first one in the highest place; behind its end 0. */
  public long fastOpenHigh() {
    return fastOpenHigh;
  }

  /** The other 8 bytes. */
  public long fastOpenLow() {
    return fastOpenLow;
  }

  /** Whether it came as an experiment (kind 254), as it did before RFC 7413. */
  public boolean fastOpenExperimental() {
    return fastOpenExperimental;
  }

  /** Whether there is a timestamp. */
  public boolean hasTimestamp() {
    return hasTimestamp;
  }

  /** TSval; 0 when {@link #hasTimestamp} is false. */
  public int tsVal() {
    return tsVal;
  }

  /** TSecr; means something only on segments with ACK. 0 when {@link #hasTimestamp} is false. */
  public int tsEcr() {
    return tsEcr;
  }

  /** SACK blocks, 0 … 4. */
  public int sackBlocks() {
    return sackBlocks;
  }

  /** First sequence number of SACK block {@code block}. As sent: nothing has been checked. */
  public @SeqNum int sackLeftEdge(int block) {
    assert block >= 0 && block < sackBlocks : block;
    return sackEdges[2 * block];
  }

  /**
   * The sequence number behind the last one of SACK block {@code block}. As sent: nothing has been
   * checked.
   */
  public @SeqNum int sackRightEdge(int block) {
    assert block >= 0 && block < sackBlocks : block;
    return sackEdges[2 * block + 1];
  }

  /** What the peer advises as user timeout (RFC 5482 §3.1); 0: nothing. */
  public int userTimeoutSeconds() {
    return userTimeoutSeconds;
  }

  /** Whether there is an AccECN option (RFC 9768 §3.2.3): it means nothing on a SYN without ACK. */
  public boolean hasMarkedBytes() {
    return hasMarkedBytes;
  }

  /** Bytes that came with ECT(0), modulo 2^24, as the peer counts them; −1: it does not say. */
  public int ect0Bytes() {
    return ect0Bytes;
  }

  /** The same of CE. */
  public int ceBytes() {
    return ceBytes;
  }

  /** The same of ECT(1). */
  public int ect1Bytes() {
    return ect1Bytes;
  }

  /**
   * Whether parsing stopped at a length of 0 or 1, one past the header, or one that a known kind
   * does not have.
   */
  public boolean malformed() {
    return malformed;
  }

  /**
   * Writes an MSS option. Returns {@link #MSS_LENGTH}, as the others here do: any sequence of them
   * is a multiple of 4.
   */
  public static int writeMss(MemorySegment m, long start, int mss) {
    assert mss >= 0 && mss <= 0xFFFF : mss;
    Wire.i32(m, start, MSS << 24 | 4 << 16 | mss);
    return MSS_LENGTH;
  }

  /** Writes NOP and a window scale option; {@code shift} 0 … 14. */
  public static int writeWindowScale(MemorySegment m, long start, int shift) {
    assert shift >= 0 && shift <= MAX_WINDOW_SCALE : shift;
    Wire.i32(m, start, NO_OPERATION << 24 | WINDOW_SCALE << 16 | 3 << 8 | shift);
    return WINDOW_SCALE_LENGTH;
  }

  /** Writes two NOPs and SACK-permitted. */
  public static int writeSackPermitted(MemorySegment m, long start) {
    Wire.i32(m, start, NO_OPERATION << 24 | NO_OPERATION << 16 | SACK_PERMITTED << 8 | 2);
    return SACK_PERMITTED_LENGTH;
  }

  /** Bytes of a Fast Open option with a cookie of so many bytes, its NOPs included. */
  public static int fastOpenLength(int cookieBytes, boolean experimental) {
    return (experimental ? 4 : 2) + cookieBytes + 3 & ~3;
  }

  /**
   * Writes a Fast Open option and NOPs.
   *
   * @param high the first 8 bytes of the cookie, the first one in the highest place
   * @param low the other ones
   * @param cookieBytes 0, to ask for one, or 4 … 16
   * @return bytes written
   */
  public static int writeFastOpen(
      MemorySegment m, long start, long high, long low, int cookieBytes, boolean experimental) {
    int length = fastOpenLength(cookieBytes, experimental);
    int head = experimental ? 4 : 2;
    Wire.u8(m, start, experimental ? EXPERIMENT : FAST_OPEN);
    Wire.u8(m, start + 1, head + cookieBytes);
    if (experimental) {
      Wire.u16(m, start + 2, FAST_OPEN_EXPERIMENT);
    }
    for (int i = 0; i < length - head; i++) {
      long eight = i < Long.BYTES ? high : low;
      int b = i < cookieBytes ? (int) (eight >>> 56 - 8 * (i % Long.BYTES)) & 0xFF : NO_OPERATION;
      Wire.u8(m, start + head + i, b);
    }
    return length;
  }

  /** Writes two NOPs and a timestamp option. */
  public static int writeTimestamp(MemorySegment m, long start, int tsVal, int tsEcr) {
    Wire.i32(m, start, ALIGNED_TIMESTAMP);
    Wire.i32(m, start + 4, tsVal);
    Wire.i32(m, start + 8, tsEcr);
    return TIMESTAMP_LENGTH;
  }

  /**
   * Writes SACK-permitted in the place of the two NOPs, and a timestamp option: as long as {@link
   * #writeTimestamp} alone.
   */
  public static int writeSackPermittedAndTimestamp(
      MemorySegment m, long start, int tsVal, int tsEcr) {
    Wire.i32(m, start, SACK_PERMITTED << 24 | 2 << 16 | (ALIGNED_TIMESTAMP & 0xFFFF));
    Wire.i32(m, start + 4, tsVal);
    Wire.i32(m, start + 8, tsEcr);
    return TIMESTAMP_LENGTH;
  }

  /** Writes a user timeout, 1 … {@link #MOST_USER_TIMEOUT_SECONDS}: in minutes if it must be. */
  public static int writeUserTimeout(MemorySegment m, long start, int seconds) {
    assert seconds >= 1 && seconds <= MOST_USER_TIMEOUT_SECONDS : seconds;
    int field = seconds < IN_MINUTES ? seconds : Math.ceilDiv(seconds, 60) | IN_MINUTES;
    Wire.i32(m, start, USER_TIMEOUT << 24 | 4 << 16 | field);
    return USER_TIMEOUT_LENGTH;
  }

  /** Bytes of an AccECN option with so many counters, 0 … 3, its NOPs included. */
  public static int markedBytesLength(int fields) {
    return 2 + 3 * fields + 3 & ~3;
  }

  /**
   * Writes an AccECN option and NOPs (RFC 9768 §3.2.3): the first {@code fields} of ECT(0), CE and
   * ECT(1), or of ECT(1), CE and ECT(0).
   *
   * @return bytes written
   */
  public static int writeMarkedBytes(
      MemorySegment m, long start, boolean ect1First, int fields, int ect0, int ce, int ect1) {
    int length = 2 + 3 * fields;
    Wire.u8(m, start, ect1First ? ACCURATE_ECN_1 : ACCURATE_ECN_0);
    Wire.u8(m, start + 1, length);
    for (int i = 0; i < fields; i++) {
      int counter = i == 1 ? ce : (i == 0) == ect1First ? ect1 : ect0;
      Wire.u8(m, start + 2 + 3L * i, counter >>> 16 & 0xFF);
      Wire.u16(m, start + 3 + 3L * i, counter & 0xFFFF);
    }
    for (int i = length; i < markedBytesLength(fields); i++) {
      Wire.u8(m, start + i, NO_OPERATION);
    }
    return markedBytesLength(fields);
  }

  /** Bytes of a SACK option with so many blocks, its two NOPs included. */
  public static int sackLength(int blocks) {
    return 4 + 8 * blocks;
  }

  /** How many blocks a SACK option may have in so many bytes. */
  public static int sackBlocksWithin(int bytes) {
    return Math.max(0, (bytes - 4) / 8);
  }

  /**
   * Writes NOP NOP SACK with {@code blocks} blocks (RFC 2018 §3).
   *
   * @param edges left and right edges alternately
   * @return bytes written
   */
  public static int writeSack(MemorySegment m, long start, int[] edges, int blocks) {
    Wire.i32(m, start, NO_OPERATION << 24 | NO_OPERATION << 16 | SACK << 8 | 2 + 8 * blocks);
    for (int i = 0; i < 2 * blocks; i++) {
      Wire.i32(m, start + 4 + 4L * i, edges[i]);
    }
    return sackLength(blocks);
  }
}
