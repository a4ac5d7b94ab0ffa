package wisp.lab.phantom;

import static wisp.lab.phantom.Segments.ACK;
import static wisp.lab.phantom.Segments.BE16;
import static wisp.lab.phantom.Segments.BE32;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import wisp.core.stack.Endpoint;

/**
 * Phantoms, each once, send eight bytes to an echo and look whether these come back. Having no
 * memory, a phantom asks first where the server stands:
 *
 * <pre>
 *   phantom                                    server
 *   SEQ = its RCV.NXT − 1, no data      →                                 a keep-alive probe (RFC 9293 §3.8.4)
 *                                       ←      ACK, SEQ = SND.NXT
 *   SEQ = RCV.NXT, ACK = SND.NXT, data  →
 *                                       ←      data, the same eight bytes
 *   ACK                                 →
 * </pre>
 *
 * <p>A server answers so many probes a second only (RFC 5961 §10); who hears nothing for two
 * seconds probes again.
 */
public final class Questions implements Errand {
  /** Asked and not yet answered at most. */
  private static final int MOST_OPEN = 256;

  private static final int REPEAT_MILLIS = 2_000;
  private static final int QUESTION_BYTES = 8;
  private static final int OPTION_BYTES = 12;
  private static final int WINDOW = 500;
  private static final int OPTION_TIMESTAMPS = 8;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

  private final PhantomPeers peers;
  private final Endpoint server;
  private final Order order;
  private final long count;
  private final long[] open = new long[MOST_OPEN];
  private int openCount;
  private int repeated = MOST_OPEN;
  private int clockMillis;
  private int repeatedMillis;
  private long asked;
  private long answered;
  private long wrong;

  /**
   * Questions.
   *
   * @param order who asks first
   * @param count how many ask
   */
  public Questions(PhantomPeers peers, Endpoint server, Order order, long count) {
    this.peers = peers;
    this.server = server;
    this.order = order;
    this.count = Math.min(count, order.count());
  }

  /** Sets the phantoms' clock. */
  public void clock(long nowNanos) {
    clockMillis = (int) (nowNanos / 1_000_000);
  }

  /** Who has had the right answer. */
  public long answered() {
    return answered;
  }

  /** Packets that were not what should have come. */
  public long wrong() {
    return wrong;
  }

  /** Whether all have been answered. */
  public boolean isDone() {
    return answered == count;
  }

  @Override
  public int next(MemorySegment m, long at) {
    if (asked < count && openCount < MOST_OPEN) {
      open[openCount++] = order.at(asked++);
      return probe(m, at, open[openCount - 1]);
    }
    if (clockMillis - repeatedMillis >= REPEAT_MILLIS) {
      repeatedMillis = clockMillis;
      repeated = 0;
    }
    return repeated < openCount ? probe(m, at, open[repeated++]) : 0;
  }

  private int probe(MemorySegment m, long at, long number) {
    return write(m, at, number, peers.isn(number), 0, 0, 0);
  }

  private void close(long number) {
    for (int i = 0; i < openCount; i++) {
      if (open[i] == number) {
        open[i] = open[--openCount];
        answered++;
        return;
      }
    }
    wrong++; // nobody asked
  }

  @Override
  public int heard(
      long number, MemorySegment m, long at, int length, MemorySegment answers, long answer) {
    long tcp = at + 20;
    int header = (m.get(BE16, tcp + 12) & 0xF000) >>> 10;
    int flags = m.get(BE16, tcp + 12) & 0x3F;
    int payload = length - 20 - header;
    int seq = m.get(BE32, tcp + 4);
    int acked = m.get(BE32, tcp + 8) - peers.isn(number) - 1;
    long timestamps = Segments.option(m, tcp, header, OPTION_TIMESTAMPS);
    boolean isRight =
        Segments.tcpSum(m, at, length - 20) == 0xFFFF && (flags & ~8) == ACK && timestamps >= 0;
    if (isRight && payload == 0 && acked == 0) {
      return write(
          answers, answer, number, peers.isn(number) + 1, seq, QUESTION_BYTES, echo(m, timestamps));
    }
    if (isRight && payload == 0 && acked == QUESTION_BYTES) {
      return 0; // the question has arrived; the answer comes
    }
    if (!isRight
        || payload != QUESTION_BYTES
        || acked != QUESTION_BYTES
        || m.get(LONG, tcp + header) != PhantomPeers.mix(number)) {
      wrong++;
      return 0;
    }
    close(number);
    return write(
        answers,
        answer,
        number,
        peers.isn(number) + 1 + QUESTION_BYTES,
        seq + QUESTION_BYTES,
        0,
        echo(m, timestamps));
  }

  private static int echo(MemorySegment m, long timestamps) {
    return m.get(BE32, timestamps);
  }

  private int write(
      MemorySegment m, long at, long number, int seq, int ack, int payload, int echo) {
    Segments.timestampOption(m, at + 40, peers.timestampBase(number) + clockMillis, echo);
    long text = at + 40 + OPTION_BYTES;
    if (payload > 0) {
      m.set(LONG, text, PhantomPeers.mix(number));
    }
    return Segments.write(
        m,
        at,
        peers.address(number),
        peers.port(number),
        server.address().ipv4(),
        server.port(),
        seq,
        ack,
        ACK,
        WINDOW,
        OPTION_BYTES,
        payload,
        Segments.sum(m, text, payload));
  }
}
