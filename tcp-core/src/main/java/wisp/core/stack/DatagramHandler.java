package wisp.core.stack;

/**
 * What an application is told of a {@link DatagramPort}; one handler may serve many. All calls come
 * from within {@link Context#poll}, on the context's thread, and may use the whole API except
 * {@code poll}, closing the port included. An exception is reported, the port stays open, and
 * nobody else is harmed.
 */
@FunctionalInterface
public interface DatagramHandler {
  /**
   * A datagram has come.
   *
   * @param datagram borrowed until the call returns, its memory too: copy what is needed longer
   */
  void onDatagram(Context context, DatagramPort port, Datagram datagram);

  /**
   * An ICMP error arrived that quotes a datagram of this port; only connected ports hear of any.
   * When it says that a datagram was too big (ICMP type 3 code 4, ICMPv6 type 2), later ones of
   * that size go in fragments.
   *
   * @param type of the ICMP or ICMPv6 message, by the family of the remote address
   * @param code of the message
   */
  default void onError(Context context, DatagramPort port, int type, int code) {}
}
