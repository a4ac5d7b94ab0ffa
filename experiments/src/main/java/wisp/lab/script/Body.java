package wisp.lab.script;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import wisp.core.stack.Endpoint;

/** The body of a reply, written from front to back; numbers with the highest byte first. */
final class Body {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  Body putByte(int value) {
    bytes.write(value);
    return this;
  }

  Body putShort(int value) {
    return putByte(value >>> 8).putByte(value);
  }

  Body putInt(int value) {
    return putShort(value >>> 16).putShort(value);
  }

  Body putLong(long value) {
    return putInt((int) (value >>> 32)).putInt((int) value);
  }

  Body put(byte[] all) {
    bytes.writeBytes(all);
    return this;
  }

  /** With its length before it. */
  Body putBytes(byte[] all) {
    return putInt(all.length).put(all);
  }

  Body put(byte[] from, int length) {
    bytes.write(from, 0, length);
    return this;
  }

  Body put(String text) {
    return put(text.getBytes(StandardCharsets.UTF_8));
  }

  /** An address with its port; null: none. IPv4 as such, or in the form of a socket of IPv6. */
  Body putAddress(@Nullable Endpoint endpoint, boolean mapped) {
    if (endpoint == null) {
      return putByte(0);
    }
    boolean ipv4 = endpoint.address().isIpv4() && !mapped;
    putByte(ipv4 ? 4 : 6).putShort(endpoint.port());
    return ipv4
        ? putInt(endpoint.address().ipv4())
        : putLong(endpoint.address().high()).putLong(endpoint.address().low());
  }

  /** The whole reply frame. */
  ByteBuffer frame(int id, int result, int errno, long nowMicros) {
    ByteBuffer frame = ByteBuffer.allocate(24 + bytes.size());
    frame.putInt(20 + bytes.size()).putInt(id).putInt(result).putInt(errno).putLong(nowMicros);
    return frame.put(bytes.toByteArray()).flip();
  }
}
