package wisp.lab.phantom;

import java.lang.foreign.MemorySegment;
import wisp.core.stack.Endpoint;

/**
 * Phantoms that listen once they are connected: all text that is sent to them is acknowledged with
 * the next burst, whatever it is. They remember nothing but the segments not answered yet.
 */
public final class ListeningPhantoms extends ConnectedPhantoms {
  private static final int SLOT_BYTES = 128;

  /** Segments that may wait for their answer, a power of two. */
  private static final int MOST_WAITING = 4_096;

  private final int[] numbers = new int[MOST_WAITING];
  private final int[] acks = new int[MOST_WAITING];
  private final int[] timestamps = new int[MOST_WAITING];
  private int head;
  private int tail;
  private long bytes;

  /** For so many phantoms. */
  public ListeningPhantoms(PhantomPeers peers, Endpoint server, int count) {
    super(peers, server, count, SLOT_BYTES);
  }

  /** From now on they acknowledge text; all connections must stand. */
  public void listen() {
    connected();
  }

  /** Bytes of text that came while they listened. */
  public long bytes() {
    return bytes;
  }

  /** As if so much text had been sent to phantom {@code number}: what they cost by themselves. */
  public void hear(int number, int bytes) {
    await(number, bytes, 0);
  }

  @Override
  public String name() {
    return "listening-phantoms";
  }

  @Override
  boolean hasNext() {
    return head != tail;
  }

  @Override
  int write(long at) {
    int waiting = head++ & MOST_WAITING - 1;
    int number = numbers[waiting];
    timestamp(at, number, timestamps[waiting]);
    return Segments.write(
        slots,
        at,
        peers.address(number),
        peers.port(number),
        server.address().ipv4(),
        server.port(),
        peers.isn(number) + 1,
        acks[waiting],
        Segments.ACK,
        WINDOW,
        OPTION_BYTES);
  }

  @Override
  void heard(MemorySegment m, long at) {
    int payload = (m.get(Segments.BE16, at + 2) & 0xFFFF) - 20 - headerBytes(m, at);
    if (payload > 0) {
      bytes += payload;
      int ack = m.get(Segments.BE32, at + 24) + payload;
      await((int) number(m, at), ack, timestampOf(m, at));
    }
  }

  private void await(int number, int ack, int timestamp) {
    int waiting = tail++ & MOST_WAITING - 1;
    numbers[waiting] = number;
    acks[waiting] = ack;
    timestamps[waiting] = timestamp;
  }
}
