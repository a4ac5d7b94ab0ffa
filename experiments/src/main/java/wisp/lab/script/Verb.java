package wisp.lab.script;

import org.jspecify.annotations.Nullable;

/** What a request asks for; its number on the wire is one more than its place here. */
enum Verb {
  HELLO,
  BYE,
  SOCKET,
  BIND,
  LISTEN,
  ACCEPT,
  CONNECT,
  READ,
  WRITE,
  CLOSE,
  SHUTDOWN,
  GETSOCKOPT,
  SETSOCKOPT,
  FCNTL,
  IOCTL,
  POLL,
  EPOLL_CREATE,
  EPOLL_CTL,
  EPOLL_WAIT,
  PKT_IN,
  PKT_OUT,
  ADVANCE,
  SYSCTL,
  CONNS;

  static @Nullable Verb of(int number) {
    return number >= 1 && number <= values().length ? values()[number - 1] : null;
  }
}
