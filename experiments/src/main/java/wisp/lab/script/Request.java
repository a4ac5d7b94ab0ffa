package wisp.lab.script;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import wisp.core.ip.IpAddress;
import wisp.core.stack.Endpoint;

/**
 * One request frame.
 *
 * @param driver whether the script asks nothing else before this is answered
 * @param nowMicros the caller's clock
 * @param body what follows the head, read from front to back
 */
record Request(int id, int verb, boolean driver, long nowMicros, ByteBuffer body) {
  static final int HEAD_BYTES = 16;
  private static final int DRIVER = 1;

  /** From the bytes behind the length. */
  static Request of(ByteBuffer frame) {
    int id = frame.getInt();
    int verb = frame.getShort() & 0xFFFF;
    int flags = frame.getShort();
    return new Request(id, verb, (flags & DRIVER) != 0, frame.getLong(), frame.slice());
  }

  int nextInt() {
    return body.getInt();
  }

  long nextLong() {
    return body.getLong();
  }

  /** An address with its port; null: none. */
  @Nullable Endpoint nextAddress() {
    int family = body.get();
    if (family == 0) {
      return null;
    }
    int port = body.getShort() & 0xFFFF;
    IpAddress address =
        family == 4
            ? IpAddress.ofIpv4(body.getInt())
            : new IpAddress(body.getLong(), body.getLong());
    return new Endpoint(address, port);
  }

  /** Refuses a count that the body does not hold; what reserves memory for it asks before. */
  void expect(int count, int bytesEach) {
    if (count < 0 || count > body.remaining() / bytesEach) {
      throw new IllegalArgumentException("a count of " + count + " in a shorter body");
    }
  }

  byte[] nextBytes(int n) {
    expect(n, 1);
    byte[] bytes = new byte[n];
    body.get(bytes);
    return bytes;
  }

  byte[] rest() {
    return nextBytes(body.remaining());
  }

  String text() {
    return new String(rest(), StandardCharsets.UTF_8);
  }
}
