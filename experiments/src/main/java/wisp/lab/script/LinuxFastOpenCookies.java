package wisp.lab.script;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import wisp.core.ip.IpAddress;
import wisp.core.spi.FastOpenCookies;
import wisp.core.spi.KeyedHash;

/**
 * Fast Open cookies as Linux makes them: SipHash-2-4 of both addresses as they stand in the SYN,
 * under a key that the administrator chooses. They never grow old. Scripts name them.
 *
 * <p>While keys change there are two: cookies of the second one are good, and whoever brings one is
 * given one of the first.
 *
 * @param second null: there is but one
 * @param required whether a SYN with text must bring one
 */
public record LinuxFastOpenCookies(Key first, @Nullable Key second, boolean required)
    implements FastOpenCookies {
  /** A key of SipHash, its halves as little-endian numbers. */
  public record Key(long low, long high) {
    static final Key ZERO = new Key(0, 0);

    /** Four words in hexadecimal, with hyphens between. */
    static Key of(String words) {
      long[] halves = {0, 0};
      String[] parts = words.split("-");
      for (int i = 0; i < 4; i++) {
        halves[i / 2] |= Long.parseLong(parts[i].strip(), 16) << 32 * (i % 2);
      }
      return new Key(halves[0], halves[1]);
    }

    /** Sixteen bytes. */
    static Key of(ByteBuffer bytes, int at) {
      ByteBuffer key = bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN);
      return new Key(key.getLong(at), key.getLong(at + 8));
    }

    private long cookie(long clientHigh, long clientLow, long serverHigh, long serverLow) {
      var hash = new KeyedHash(low, high);
      long value =
          IpAddress.isIpv4(clientHigh, clientLow)
              ? hash.hash(Long.reverseBytes(clientLow << 32 | serverLow & 0xFFFF_FFFFL))
              : hash.hash(
                  Long.reverseBytes(clientHigh),
                  Long.reverseBytes(clientLow),
                  Long.reverseBytes(serverHigh),
                  Long.reverseBytes(serverLow));
      return Long.reverseBytes(value);
    }
  }

  /** Of the setting: a key, or two with a comma between. */
  public static LinuxFastOpenCookies of(String keys, boolean required) {
    String[] words = keys.split(",", 2);
    Key second = words.length < 2 ? null : Key.of(words[1]);
    return new LinuxFastOpenCookies(Key.of(words[0]), second, required);
  }

  /** Of the socket option: 16 bytes, or 32. */
  static LinuxFastOpenCookies of(byte[] keys) {
    ByteBuffer bytes = ByteBuffer.wrap(keys);
    Key second = keys.length < 32 ? null : Key.of(bytes, 16);
    return new LinuxFastOpenCookies(Key.of(bytes, 0), second, true);
  }

  LinuxFastOpenCookies withRequired(boolean is) {
    return new LinuxFastOpenCookies(first, second, is);
  }

  @Override
  public boolean areRequired() {
    return required;
  }

  @Override
  public long make(
      long clientHigh, long clientLow, long serverHigh, long serverLow, long nowNanos) {
    return first.cookie(clientHigh, clientLow, serverHigh, serverLow);
  }

  @Override
  public Verdict check(
      long clientHigh,
      long clientLow,
      long serverHigh,
      long serverLow,
      long cookie,
      long nowNanos) {
    if (cookie == first.cookie(clientHigh, clientLow, serverHigh, serverLow)) {
      return Verdict.VALID;
    }
    boolean isOfSecond =
        second != null && cookie == second.cookie(clientHigh, clientLow, serverHigh, serverLow);
    return isOfSecond ? Verdict.OLD : Verdict.INVALID;
  }
}
