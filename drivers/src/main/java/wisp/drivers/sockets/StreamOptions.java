package wisp.drivers.sockets;

import wisp.core.spi.FastOpenMode;
import wisp.core.stack.ConnectionInfo;
import wisp.core.stack.ConnectionProfile;
import wisp.core.stack.Context;

/** Options of streams: what is told of them, and what changes a connection that is there. */
final class StreamOptions {
  /** What is sent to a peer that says nothing (RFC 9293 §3.7.1). */
  private static final int DEFAULT_MSS = 536;

  private final Sockets all;
  private final Context context;

  StreamOptions(Sockets all) {
    this.all = all;
    this.context = all.context;
  }

  int get(TcpSocket tcp, int option) {
    SocketOptions options = tcp.options;
    if (option == Option.SO_ERROR) {
      return tcp.takeError();
    }
    if (option == Option.SO_TYPE) {
      return Sockets.STREAM;
    }
    if (option == Option.SO_SNDBUF) {
      return tcp.sending.limit();
    }
    if (option == Option.SO_RCVBUF) {
      return all.receiveLimits().told(options.get(option, 0));
    }
    if (option == Option.TCP_MAXSEG) {
      ConnectionInfo info = tcp.info();
      return info != null ? info.mssBytes() : options.get(option, DEFAULT_MSS);
    }
    return options.get(option, option == Option.SO_LINGER ? -1 : 0);
  }

  int set(TcpSocket tcp, int option, int value) {
    if (option == Option.TCP_FASTOPEN_CONNECT && all.fastOpen().client() == FastOpenMode.OFF) {
      return -Errno.EOPNOTSUPP;
    }
    if (option == Option.TCP_FASTOPEN_NO_COOKIE && ((value & ~1) != 0 || !tcp.isUnconnected())) {
      return -Errno.EINVAL;
    }
    int refused = tcp.options.set(option, value);
    if (refused < 0) {
      return refused;
    }
    tcp.optionsChanged();
    if (option == Option.SO_TIMESTAMPING) {
      tcp.wantStamps(value);
    }
    if (tcp.connection >= 0) {
      changeNow(tcp, option);
    }
    return 0;
  }

  private void changeNow(TcpSocket tcp, int option) {
    SocketOptions options = tcp.options;
    ConnectionProfile usual = all.profile();
    long connection = tcp.connection;
    if (option == Option.TCP_NODELAY) {
      boolean nagle = options.get(option, 0) == 0;
      context.changeNagle(connection, nagle);
      if (!nagle) {
        tcp.sending.push(); // as in Linux: also what a cork holds back
      }
    } else if (option == Option.TCP_CORK) {
      if (options.get(option, 0) == 0) {
        tcp.sending.push();
      }
    } else if (option == Option.IP_TOS || option == Option.IPV6_TCLASS) {
      context.changeDscp(connection, options.dscp(usual.dscp()));
    } else if (option == Option.TCP_SYNCNT) {
      tcp.limitOpen();
    } else if (option == Option.TCP_USER_TIMEOUT) {
      context.changeUserTimeout(
          connection, options.userTimeoutNanos(usual.retransmissionLimitNanos()));
    } else if (option == Option.SO_KEEPALIVE
        || option == Option.TCP_KEEPIDLE
        || option == Option.TCP_KEEPINTVL
        || option == Option.TCP_KEEPCNT) {
      context.changeKeepAlive(connection, options.keepAlive(usual.keepAlive()));
    }
  }
}
