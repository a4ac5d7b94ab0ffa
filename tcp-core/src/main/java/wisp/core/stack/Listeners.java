package wisp.core.stack;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import wisp.core.ip.IpAddress;
import wisp.core.tcp.Backlog;

/** Where connections are accepted. Asked once a SYN: by port first, then by address. */
final class Listeners {
  /** Who accepts, and how. */
  record Listener(
      Endpoint local,
      ConnectionProfile profile,
      ConnectionHandler handler,
      ListenConfig config,
      Backlog backlog) {}

  private final Map<Endpoint, Listener> all = new HashMap<>();
  private final Listener[][] byPort = new Listener[65_536 / PORTS_A_PAGE][];
  private static final int PORTS_A_PAGE = 256;
  private static final Listener[] NO_LISTENERS = {};

  void add(Listener listener) {
    if (all.putIfAbsent(listener.local(), listener) != null) {
      throw new IllegalStateException(listener.local() + " is in use by another listener");
    }
    rebuildPage(listener.local().port());
  }

  boolean remove(Endpoint local) {
    boolean was = all.remove(local) != null;
    rebuildPage(local.port());
    return was;
  }

  /**
   * The listener for this address and port: one for the address itself before one for any of its
   * family, and that before one for any at all.
   */
  @Nullable Listener find(long high, long low, int port) {
    Listener[] page = byPort[port / PORTS_A_PAGE];
    Listener any = null;
    if (page != null) {
      for (Listener listener : page) {
        if (listener.local().port() == port) {
          IpAddress address = listener.local().address();
          if (address.low() == low && address.high() == high) {
            return listener;
          }
          boolean isAnyIpv4 = address.equals(Endpoint.ANY_IPV4) && IpAddress.isIpv4(high, low);
          if (isAnyIpv4 || (any == null && address.equals(Endpoint.ANY))) {
            any = listener;
          }
        }
      }
    }
    return any;
  }

  private void rebuildPage(int port) {
    int page = port / PORTS_A_PAGE;
    byPort[page] =
        all.values().stream()
            .filter(l -> l.local().port() / PORTS_A_PAGE == page)
            .toList()
            .toArray(NO_LISTENERS);
  }

  long reservedBytes() {
    return byPort.length * 4L + all.size() * 128L;
  }
}
