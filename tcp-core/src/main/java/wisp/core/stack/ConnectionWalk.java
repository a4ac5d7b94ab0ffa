package wisp.core.stack;

/**
 * Walks over the open connections of one handler in the order of their records, a few at a time, so
 * that an application which wants to reach all of them needs no list: no byte a connection. Between
 * two calls anything may happen. Who is open all the while is met exactly once; who opens or closes
 * meanwhile may be met or not.
 */
public final class ConnectionWalk {
  /** No connection among the records that were looked at. */
  public static final long NONE = -1;

  private final Records records;
  private final TcbDesk desk;
  private final Bindings bindings;
  private final ConnectionHandler handler;
  private boolean ipv6;
  private int place;

  ConnectionWalk(Records records, TcbDesk desk, Bindings bindings, ConnectionHandler handler) {
    this.records = records;
    this.desk = desk;
    this.bindings = bindings;
    this.handler = handler;
  }

  /**
   * The next connection.
   *
   * @param mostRecords how many records to look at, ≥ 1: the bound of this call's work
   * @return its handle, or {@link #NONE}; {@link #atEnd} tells whether to ask on
   */
  @SuppressWarnings("ReferenceEquality") // the very handler, whatever it says of being equal
  public long next(int mostRecords) {
    for (int left = mostRecords; left > 0 && !atEnd(); left--) {
      int slot = ipv6 ? place | Records.IPV6 : place;
      place++;
      if (records.isLive(slot)
          && bindings.handler(Bindings.tailBinding(records.tail(slot))) == handler) {
        long handle = desk.handle(slot);
        if (desk.openSlotOf(handle) == slot) {
          return handle;
        }
      }
    }
    return NONE;
  }

  /** Whether all have been met. */
  public boolean atEnd() {
    if (!ipv6 && place >= records.bound(false)) {
      ipv6 = true; // its places are counted apart, and those of IPv4 may have become more by now
      place = 0;
    }
    return ipv6 && place >= records.bound(true);
  }

  /** Begins anew. */
  public void restart() {
    ipv6 = false;
    place = 0;
  }
}
