package wisp.drivers.sockets;

/** What a handle stands for. */
abstract sealed class Descriptor permits TcpSocket, UdpSocket, Epoll {
  boolean nonBlocking;

  /** Events so far that made it readable, or told of an end: what edge triggering looks at. */
  long inEvents;

  /** Events so far that made room. */
  long outEvents;

  /** Bits of {@link Ready}. */
  abstract int ready();

  abstract void close();
}
