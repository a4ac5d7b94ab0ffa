package wisp.lab.script;

import wisp.core.ip.IpAddress;
import wisp.core.spi.FastOpenCookies;
import wisp.core.spi.KeyedHash;

/**
 * Fast Open cookies as Linux makes them: SipHash-2-4 of both addresses as they stand in the SYN,
 * under a key that the administrator chooses. They never grow old. Scripts name them.
 *
 * @param required whether a SYN with text must bring one
 */
public record LinuxFastOpenCookies(long key0, long key1, boolean required)
    implements FastOpenCookies {
  /** Of the setting: four words in hexadecimal, with hyphens between. */
  public static LinuxFastOpenCookies of(String words, boolean required) {
    long[] key = {0, 0};
    String[] parts = words.split(",", 2)[0].split("-"); // behind a comma: the key to come
    for (int i = 0; i < 4; i++) {
      key[i / 2] |= Long.parseLong(parts[i].strip(), 16) << 32 * (i % 2);
    }
    return new LinuxFastOpenCookies(key[0], key[1], required);
  }

  LinuxFastOpenCookies withRequired(boolean is) {
    return new LinuxFastOpenCookies(key0, key1, is);
  }

  @Override
  public boolean areRequired() {
    return required;
  }

  @Override
  public long make(
      long clientHigh, long clientLow, long serverHigh, long serverLow, long nowNanos) {
    var hash = new KeyedHash(key0, key1);
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

  @Override
  public Verdict check(
      long clientHigh,
      long clientLow,
      long serverHigh,
      long serverLow,
      long cookie,
      long nowNanos) {
    boolean isOurs = cookie == make(clientHigh, clientLow, serverHigh, serverLow, nowNanos);
    return isOurs ? Verdict.VALID : Verdict.INVALID;
  }
}
