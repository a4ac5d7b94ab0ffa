package wisp.core.stack;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A segment of the peer's: only the fields that matter are set, {@link TcpFixture} fills in the
 * others. Numbers are relative: the peer's SYN is 0, its first byte 1, and so are ours.
 */
final class Seg {
  static final int FIN = 1;
  static final int SYN = 2;
  static final int RST = 4;
  static final int PSH = 8;
  static final int ACK = 16;
  static final int URG = 32;
  static final int ECE = 64;
  static final int CWR = 128;
  static final int AE = 256;

  final int flags;
  @Nullable Integer seq;
  @Nullable Integer ack;
  int window = -1;
  int length;
  byte @Nullable [] payload;
  byte[] options = {};
  int urgent;
  boolean timestamp = true;
  @Nullable Integer tsVal;
  @Nullable Integer tsEcr;
  boolean corrupt;

  /** ECN field of the packet. */
  int ecn;

  private Seg(int flags) {
    this.flags = flags;
  }

  static Seg flags(int flags) {
    return new Seg(flags);
  }

  static Seg syn() {
    return new Seg(SYN).seq(0).options(mss(1_460));
  }

  static Seg synAck() {
    return new Seg(SYN | ACK).seq(0).options(mss(1_460));
  }

  static Seg ack() {
    return new Seg(ACK);
  }

  /** So many bytes of the peer's stream, from {@link #seq} on. */
  static Seg data(int bytes) {
    return new Seg(ACK | PSH).length(bytes);
  }

  static Seg fin() {
    return new Seg(FIN | ACK);
  }

  static Seg rst() {
    return new Seg(RST);
  }

  Seg seq(int relative) {
    seq = relative;
    return this;
  }

  Seg ack(int relative) {
    ack = relative;
    return this;
  }

  Seg window(int field) {
    window = field;
    return this;
  }

  Seg length(int bytes) {
    length = bytes;
    return this;
  }

  /** Other bytes than those of the stream. */
  Seg payload(byte[] bytes) {
    payload = bytes;
    length = bytes.length;
    return this;
  }

  Seg urgent(int pointer) {
    urgent = pointer;
    return this;
  }

  Seg withoutTimestamp() {
    timestamp = false;
    return this;
  }

  Seg ts(int value, int echo) {
    tsVal = value;
    tsEcr = echo;
    return this;
  }

  /** The packet's ECN field. */
  Seg ecn(int codePoint) {
    ecn = codePoint;
    return this;
  }

  Seg corrupt() {
    corrupt = true;
    return this;
  }

  Seg options(byte[]... parts) {
    int n = 0;
    for (byte[] part : parts) {
      n += part.length;
    }
    options = new byte[n];
    n = 0;
    for (byte[] part : parts) {
      System.arraycopy(part, 0, options, n, part.length);
      n += part.length;
    }
    return this;
  }

  static byte[] bytes(int... values) {
    byte[] b = new byte[values.length];
    for (int i = 0; i < b.length; i++) {
      b[i] = (byte) values[i];
    }
    return b;
  }

  static byte[] mss(int mss) {
    return bytes(2, 4, mss >>> 8, mss);
  }

  static byte[] scale(int shift) {
    return bytes(3, 3, shift);
  }

  static byte[] userTimeout(int field) {
    return bytes(28, 4, field >>> 8, field);
  }

  /** AccECN: 172 or 174, then up to three counters. */
  static byte[] markedBytes(int kind, int... counters) {
    byte[] b = new byte[2 + 3 * counters.length];
    b[0] = (byte) kind;
    b[1] = (byte) b.length;
    for (int i = 0; i < counters.length; i++) {
      for (int k = 0; k < 3; k++) {
        b[2 + 3 * i + k] = (byte) (counters[i] >>> 16 - 8 * k);
      }
    }
    return b;
  }

  static byte[] sackPermitted() {
    return bytes(4, 2);
  }

  static byte[] timestamp(int value, int echo) {
    return bytes(
        8,
        10,
        value >>> 24,
        value >>> 16,
        value >>> 8,
        value,
        echo >>> 24,
        echo >>> 16,
        echo >>> 8,
        echo);
  }

  /** Fast Open: asks for a cookie. */
  static byte[] fastOpen() {
    return bytes(34, 2);
  }

  /** Fast Open: brings one. */
  static byte[] fastOpen(long cookie) {
    byte[] b = new byte[10];
    b[0] = 34;
    b[1] = 10;
    for (int i = 0; i < 8; i++) {
      b[2 + i] = (byte) (cookie >>> 56 - 8 * i);
    }
    return b;
  }

  /** Fast Open: brings one of any size. */
  static byte[] fastOpenBytes(byte... cookie) {
    byte[] b = Arrays.copyOf(new byte[] {34, (byte) (2 + cookie.length)}, 2 + cookie.length);
    System.arraycopy(cookie, 0, b, 2, cookie.length);
    return b;
  }

  /** An option as it was before RFC 7413. */
  static byte[] experimental(byte[] fastOpen) {
    byte[] b = new byte[fastOpen.length + 2];
    b[0] = (byte) 254;
    b[1] = (byte) b.length;
    b[2] = (byte) 0xF9;
    b[3] = (byte) 0x89;
    System.arraycopy(fastOpen, 2, b, 4, fastOpen.length - 2);
    return b;
  }

  /** SACK with absolute edges. */
  static byte[] sack(int... edges) {
    byte[] b = new byte[2 + 4 * edges.length];
    b[0] = 5;
    b[1] = (byte) b.length;
    for (int i = 0; i < edges.length; i++) {
      for (int k = 0; k < 4; k++) {
        b[2 + 4 * i + k] = (byte) (edges[i] >>> (24 - 8 * k));
      }
    }
    return b;
  }

  /** Sequence numbers it takes. */
  int seqLength() {
    return length + ((flags & SYN) != 0 ? 1 : 0) + ((flags & FIN) != 0 ? 1 : 0);
  }

  static String name(int flags) {
    String[] names = {"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR", "AE"};
    var text = new StringBuilder();
    for (int i = 0; i < names.length; i++) {
      if ((flags >>> i & 1) != 0) {
        text.append(text.isEmpty() ? "" : "|").append(names[i]);
      }
    }
    return text.isEmpty() ? "no flags" : text.toString();
  }
}
