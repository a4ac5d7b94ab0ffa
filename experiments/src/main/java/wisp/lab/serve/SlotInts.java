package wisp.lab.serve;

import java.util.Arrays;
import wisp.core.stack.Context;

/** A number for each connection, by its slot: those of IPv4 and of IPv6 are counted apart. */
final class SlotInts {
  private int[] ipv4 = new int[1_024];
  private int[] ipv6 = {};

  /** Makes room for a connection and sets its number to 0. */
  void clear(long connection) {
    int slot = Context.slot(connection);
    if (slot >= array(connection).length) {
      int[] grown =
          Arrays.copyOf(
              array(connection), Math.max(slot + 1, Math.max(1_024, array(connection).length * 2)));
      if (Context.isIpv6(connection)) {
        ipv6 = grown;
      } else {
        ipv4 = grown;
      }
    }
    array(connection)[slot] = 0;
  }

  int get(long connection) {
    return array(connection)[Context.slot(connection)];
  }

  void add(long connection, int n) {
    array(connection)[Context.slot(connection)] += n;
  }

  /** Bytes that it occupies. */
  long bytes() {
    return 4L * (ipv4.length + ipv6.length);
  }

  private int[] array(long connection) {
    return Context.isIpv6(connection) ? ipv6 : ipv4;
  }
}
