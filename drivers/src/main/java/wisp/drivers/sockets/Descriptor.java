package wisp.drivers.sockets;

import java.util.ArrayList;
import java.util.List;

/** What a handle stands for. */
abstract sealed class Descriptor permits TcpSocket, UdpSocket, Epoll {
  boolean nonBlocking;

  /** Events so far that made it readable, or told of an end: what edge triggering looks at. */
  long inEvents;

  /** Events so far that made room. */
  long outEvents;

  /** Where it is watched: who closes it need not ask every other handle. */
  final List<Epoll> watchers = new ArrayList<>(0);

  /** Bits of {@link Ready}. */
  abstract int ready();

  abstract void close();
}
