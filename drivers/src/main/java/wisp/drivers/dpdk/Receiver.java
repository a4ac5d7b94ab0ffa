package wisp.drivers.dpdk;

import java.lang.foreign.Arena;
import wisp.core.spi.Burst;
import wisp.drivers.Framing;

/**
 * What the driver has received. Each packet is lent in the buffer into which the driver has put it,
 * until the next call; then the buffer is written to next, as long as there is room among the
 * {@link Spares}, and the rest goes to the pool.
 */
final class Receiver {
  private final String label;
  private final Librte librte;
  private final MbufPool pool;
  private final Port port;
  private final Lookout lookout;
  private final Spares spares;
  private final boolean trusted;

  /** Those that the stack borrows. */
  private final MbufList lent;

  /** Those received while waiting. */
  private final MbufList found;

  private int lentCount;
  private int foundCount;
  private int foundTaken;
  private long drops;

  /**
   * For one device.
   *
   * @param trusted whether checksums are right wherever a packet comes from
   */
  Receiver(
      String label,
      Librte librte,
      MbufPool pool,
      Port port,
      Lookout lookout,
      Spares spares,
      boolean trusted,
      Arena arena) {
    this.label = label;
    this.librte = librte;
    this.pool = pool;
    this.port = port;
    this.lookout = lookout;
    this.spares = spares;
    this.trusted = trusted;
    lent = new MbufList(arena, Burst.CAPACITY);
    found = new MbufList(arena, Burst.CAPACITY);
  }

  /**
   * Adds what is there to the burst.
   *
   * @return whether anything was there, of use or not
   */
  boolean receive(Burst burst) {
    giveBack();
    int room = Burst.CAPACITY - burst.size();
    if (room == 0) {
      return true;
    }
    if (foundTaken < foundCount) {
      takeFound(room);
    } else {
      lentCount = poll(lent, room);
    }
    for (int i = 0; i < lentCount; i++) {
      add(burst, lent.get(i));
    }
    return lentCount > 0;
  }

  /** Whether there are packets for the next {@link #receive}; keeps them. */
  boolean finds() {
    if (foundTaken == foundCount) {
      foundTaken = 0;
      foundCount = poll(found, Burst.CAPACITY);
    }
    return foundCount > 0;
  }

  private int poll(MbufList into, int most) {
    return lookout.isUsable() ? Math.min(port.receive(into.address(0), most), most) : 0;
  }

  private void giveBack() {
    while (lentCount > 0 && spares.wantsMore() && Mbuf.isWhole(lent.get(lentCount - 1))) {
      spares.put(lent.get(--lentCount));
    }
    lent.free(librte, 0, lentCount);
    lentCount = 0;
  }

  private void takeFound(int room) {
    lentCount = Math.min(room, foundCount - foundTaken);
    for (int i = 0; i < lentCount; i++) {
      lent.set(i, found.get(foundTaken++));
    }
  }

  private void add(Burst burst, long mbuf) {
    if (!pool.contains(mbuf)) {
      throw new IllegalStateException(label + ": the driver received into memory that is not ours");
    }
    int offset = Mbuf.dataOffset(mbuf);
    int bytes = Mbuf.pieceBytes(mbuf);
    if (Mbuf.pieces(mbuf) != 1 || bytes < Framing.ETHERNET_BYTES || offset + bytes > pool.room()) {
      drops++;
      return;
    }
    long start = mbuf + Mbuf.BYTES + offset - pool.memory().address();
    boolean vouched = trusted || Mbuf.isChecksumGood(mbuf);
    burst.add(pool.memory(), start, bytes, vouched ? Burst.CHECKSUM_TRUSTED : 0);
  }

  /** Packets that could not be handed out. */
  long drops() {
    return drops;
  }

  /** Gives all back, and what lies in a ring of net_ring, which nobody else does. */
  void close() {
    giveBack();
    found.free(librte, foundTaken, foundCount);
    foundTaken = foundCount;
    for (int i = 0; i < pool.size(); i += Burst.CAPACITY) {
      lentCount = poll(lent, Burst.CAPACITY);
      if (lentCount == 0) {
        break;
      }
      giveBack();
    }
  }
}
