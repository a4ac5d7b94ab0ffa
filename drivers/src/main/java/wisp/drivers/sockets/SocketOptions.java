package wisp.drivers.sockets;

import java.util.HashMap;
import java.util.Map;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.KeepAlive;

/** What was set on one socket, and the connection profile that follows from it. */
final class SocketOptions {
  private static final long SECOND = 1_000_000_000L;
  private static final long MILLI = 1_000_000L;
  private static final int LEAST_MSS = 88;
  private static final int MOST_MSS = 32_767;
  private static final int MOST_BUFFER_BYTES = 1 << 29;
  private static final int MOST_SYN_COPIES = 16; // a day and a half

  private final Map<Integer, Integer> values = new HashMap<>();
  private String congestionControl;

  SocketOptions(String congestionControl) {
    this.congestionControl = congestionControl;
  }

  /** An accepted socket has what its listener had. */
  SocketOptions copy() {
    var copy = new SocketOptions(congestionControl);
    copy.values.putAll(values);
    return copy;
  }

  int get(int option, int usual) {
    return values.getOrDefault(option, usual);
  }

  /** Keeps it; EINVAL: it is out of range. */
  int set(int option, int value) {
    if (option == Option.TCP_MAXSEG && value != 0 && (value < LEAST_MSS || value > MOST_MSS)) {
      return -Errno.EINVAL;
    }
    boolean isBuffer = option == Option.SO_SNDBUF || option == Option.SO_RCVBUF;
    values.put(option, isBuffer ? Math.clamp(value, 1, MOST_BUFFER_BYTES) : value);
    return 0;
  }

  String congestionControl() {
    return congestionControl;
  }

  void congestionControl(String name) {
    congestionControl = name;
  }

  /** How long an open is tried, by the number of SYNs; 0: not said. */
  long openLimitNanos() {
    int copies = Math.min(get(Option.TCP_SYNCNT, 0), MOST_SYN_COPIES);
    return copies <= 0 ? 0 : ((2L << copies) - 1) * SECOND;
  }

  /** For a connection that begins now. */
  ConnectionProfile profile(ConnectionProfile usual, ReceiveLimits receive) {
    int chosen = get(Option.SO_RCVBUF, 0);
    return usual.with(
        b -> {
          b.nagle = get(Option.TCP_NODELAY, usual.nagle() ? 0 : 1) == 0;
          b.ttl = get(Option.IP_TTL, get(Option.IPV6_UNICAST_HOPS, usual.ttl()));
          b.dscp = dscp(usual.dscp());
          b.congestionControl = congestionControl;
          b.keepAlive = keepAlive(usual.keepAlive());
          b.retransmissionLimitNanos = userTimeoutNanos(usual.retransmissionLimitNanos());
          b.mssLimit = get(Option.TCP_MAXSEG, usual.mssLimit());
          b.receiveWindowBytes = receive.window(chosen);
          b.leastWindowShift = receive.shift(chosen);
        });
  }

  int dscp(int usual) {
    return (get(Option.IP_TOS, get(Option.IPV6_TCLASS, usual << 2)) & 0xFF) >>> 2;
  }

  long userTimeoutNanos(long usual) {
    int millis = get(Option.TCP_USER_TIMEOUT, 0);
    return millis == 0 ? usual : millis * MILLI;
  }

  KeepAlive keepAlive(KeepAlive usual) {
    return new KeepAlive(
        get(Option.SO_KEEPALIVE, usual.on() ? 1 : 0) != 0,
        get(Option.TCP_KEEPIDLE, (int) (usual.idleNanos() / SECOND)) * SECOND,
        get(Option.TCP_KEEPINTVL, (int) (usual.intervalNanos() / SECOND)) * SECOND,
        Math.max(2, get(Option.TCP_KEEPCNT, usual.probes())),
        usual.garbageOctet());
  }
}
