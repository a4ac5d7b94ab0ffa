package wisp.lab.script;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import wisp.drivers.sockets.Notice;

/** What comes beside the bytes of a read, in Linux's layout for 64 bits. */
final class ControlMessages {
  private static final int HEAD_BYTES = 16;
  private static final int MOST_BYTES = 160;
  private static final int SOCKET = 1;
  private static final int TIMESTAMPING = 37;
  private static final int TIMES_BYTES = 48;
  private static final int IP = 0;
  private static final int IP_RECVERR = 11;
  private static final int IPV6 = 41;
  private static final int IPV6_RECVERR = 25;
  private static final int EXTENDED_ERROR_BYTES = 16;
  private static final int INET_ADDRESS_BYTES = 16;
  private static final int INET6_ADDRESS_BYTES = 28;
  private static final int TCP = 6;
  private static final int TCP_INQ = 36;
  private static final long SECOND = 1_000_000_000L;

  private final ByteBuffer bytes = ByteBuffer.allocate(MOST_BYTES).order(ByteOrder.LITTLE_ENDIAN);

  private ControlMessages() {}

  /** How much is left to be read. */
  static byte[] unread(int count) {
    var all = new ControlMessages();
    all.begin(TCP, TCP_INQ, Integer.BYTES).putInt(count);
    return all.take();
  }

  /** A notice from the error queue of a socket of IPv4 or IPv6. */
  static byte[] notice(Notice notice, boolean ipv6) {
    var all = new ControlMessages();
    if (notice.origin() == Notice.SEND_TIME) {
      all.begin(SOCKET, TIMESTAMPING, TIMES_BYTES)
          .putLong(notice.atNanos() / SECOND)
          .putLong(notice.atNanos() % SECOND)
          .put(new byte[TIMES_BYTES - 2 * Long.BYTES]);
    }
    int addressBytes = ipv6 ? INET6_ADDRESS_BYTES : INET_ADDRESS_BYTES;
    all.begin(
            ipv6 ? IPV6 : IP, ipv6 ? IPV6_RECVERR : IP_RECVERR, EXTENDED_ERROR_BYTES + addressBytes)
        .putInt(notice.errno())
        .put((byte) notice.origin())
        .put((byte) 0)
        .put((byte) notice.code())
        .put((byte) 0)
        .putInt(notice.info())
        .putInt(notice.data())
        .put(new byte[addressBytes]);
    return all.take();
  }

  /** Each begins at a multiple of 8. */
  private ByteBuffer begin(int level, int type, int length) {
    bytes.position(bytes.position() + 7 & ~7);
    return bytes.putLong(HEAD_BYTES + length).putInt(level).putInt(type);
  }

  private byte[] take() {
    bytes.position(bytes.position() + 7 & ~7);
    byte[] all = new byte[bytes.position()];
    bytes.get(0, all);
    return all;
  }
}
