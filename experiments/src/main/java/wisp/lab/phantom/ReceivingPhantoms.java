package wisp.lab.phantom;

import java.lang.foreign.MemorySegment;
import wisp.core.stack.Endpoint;

/**
 * Phantoms that are all sent the same message: they compare each byte with it and acknowledge what
 * they have, one round trip later. The first ones look at checksums, too. Each remembers how much
 * it has, where that began, and the last timestamp: twenty bytes with its place in the queue.
 */
public final class ReceivingPhantoms extends ConnectedPhantoms {
  private static final int SLOT_BYTES = 128;
  private static final int SUMMED = 100;
  private static final long MILLI = 1_000_000;

  /** In {@link #received}: an acknowledgment is owed. */
  private static final int AWAITED = 1 << 31;

  private final MemorySegment message;
  private final int[] expected;
  private final int[] received;
  private final int[] timestamps;
  private final int[] waiting;
  private final int[] dueMillis;
  private final int roundTripMillis;
  private long nowNanos;
  private int head;
  private int waits;
  private int complete;
  private long wrong;

  /** For so many phantoms, whose answers to text take so long. */
  public ReceivingPhantoms(
      PhantomPeers peers, Endpoint server, int count, MemorySegment message, int roundTripMillis) {
    super(peers, server, count, SLOT_BYTES);
    this.roundTripMillis = roundTripMillis;
    dueMillis = new int[count];
    this.message = message;
    expected = new int[count];
    received = new int[count];
    timestamps = new int[count];
    waiting = new int[count];
  }

  /** From now on they take text; all connections must stand. */
  public void listen() {
    connected();
  }

  /** Phantoms that have the whole message. */
  public int complete() {
    return complete;
  }

  /** Segments that were not the next of the message, or damaged. */
  public long wrong() {
    return wrong;
  }

  /** Bytes that they hold for all this: not the stack's. */
  public long ownBytes() {
    return 20L * received.length;
  }

  @Override
  public String name() {
    return "receiving-phantoms";
  }

  @Override
  void heardOpening(MemorySegment m, long at) {
    long number = number(m, at);
    if (number >= 0 && (m.get(Segments.BE16, at + 32) & Segments.SYN) != 0) {
      expected[(int) number] = m.get(Segments.BE32, at + 24) + 1;
    }
  }

  @Override
  public void clock(long nowNanos) {
    super.clock(nowNanos);
    this.nowNanos = nowNanos;
  }

  /** When the next answer is due; {@link Long#MAX_VALUE}: none is. */
  public long nextNanos() {
    return waits > 0 ? dueMillis[head] * MILLI : Long.MAX_VALUE;
  }

  @Override
  boolean hasNext() {
    return waits > 0 && dueMillis[head] * MILLI <= nowNanos;
  }

  @Override
  int write(long at) {
    int number = waiting[head];
    head = head + 1 == waiting.length ? 0 : head + 1;
    waits--;
    timestamp(at, number, timestamps[number]);
    int length =
        Segments.write(
            slots,
            at,
            peers.address(number),
            peers.port(number),
            server.address().ipv4(),
            server.port(),
            peers.isn(number) + 1,
            expected[number],
            Segments.ACK,
            WINDOW,
            OPTION_BYTES);
    received[number] &= ~AWAITED;
    return length;
  }

  @Override
  void heard(MemorySegment m, long at) {
    int number = (int) number(m, at);
    int header = headerBytes(m, at);
    int payload = (m.get(Segments.BE16, at + 2) & 0xFFFF) - 20 - header;
    if (number < 0 || payload <= 0) {
      return;
    }
    int place = received[number] & ~AWAITED;
    long from = at + 20 + header;
    int begin = place + m.get(Segments.BE32, at + 24) - expected[number];
    int end = begin + payload; // not beyond what is next; before it, it was resent
    boolean isRight =
        begin >= 0
            && begin <= place
            && end <= message.byteSize()
            && MemorySegment.mismatch(m, from, from + payload, message, begin, end) < 0
            && (number >= SUMMED || Segments.tcpSum(m, at, header + payload) == 0xFFFF);
    if (!isRight) {
      wrong++;
      return;
    }
    int more = Math.max(0, end - place);
    expected[number] += more;
    timestamps[number] = timestampOf(m, at);
    if ((received[number] & AWAITED) == 0) {
      int tail = head + waits;
      int queued = tail >= waiting.length ? tail - waiting.length : tail;
      waiting[queued] = number;
      dueMillis[queued] = (int) (nowNanos / MILLI) + roundTripMillis;
      waits++;
    }
    received[number] = place + more | AWAITED;
    if (more > 0 && place + more == message.byteSize()) {
      complete++;
    }
  }
}
