package wisp.core.stack;

import static wisp.core.stack.Seg.mss;
import static wisp.core.stack.Seg.sackPermitted;
import static wisp.core.stack.Seg.scale;
import static wisp.core.stack.Seg.timestamp;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;

/**
 * A receiver at the far end of a bad path, written independently of the stack's own: it does
 * whatever the RFCs let a receiver do, as seldom as that may be. It reneges, shrinks its window,
 * shuts it and loses the update, delays, stretches and reorders its acknowledgments, cuts segments
 * at the window's edge, and says nothing of duplicates or everything. A liar also acknowledges at
 * random.
 */
final class AdversePeer {
  private static final long MS = TcpFixture.MS;

  /** Something on the way, or a timer of the peer's. */
  private record Event(long atNanos, long number, Runnable what) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      int byTime = Long.compare(atNanos, other.atNanos);
      return byTime != 0 ? byTime : Long.compare(number, other.number);
    }
  }

  final SplittableRandom random;
  final boolean sack;
  final boolean timestamps;
  final boolean ipv6;
  final int mss;
  final int shift;
  final long delayNanos;
  private final boolean lies;
  private final double lossForward;
  private final double lossBack;
  private final double burst;
  private final double overtaken;
  private final long lateNanos;
  private final double copied;
  private final double nanosPerByte;
  private final double reneges;
  private final double shrinks;
  private final boolean reportsDuplicates;
  private final int acknowledgesEvery;
  private final long ackDelayNanos;
  private final int usualWindow;
  private final long outageEveryNanos;
  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private final BitSet held = new BitSet();
  private final ArrayDeque<Integer> recent = new ArrayDeque<>();
  private long numbers;
  private long freeAt;
  private long outageUntil;
  private int badLuck;
  private int window;
  private int owed;
  private long ackTimer;
  private int tsRecent;
  private int lastAcked = 1;
  private final int finSeq;
  private TcpFixture tcp;

  /** RCV.NXT, relative. */
  int rcvNxt = 1;

  /** What it has thrown away although it had said that it has it. */
  int reneged;

  /** What has reached us of it since somebody looked. */
  String said = "";

  int lost;
  int twice;

  AdversePeer(long seed, int bytes, boolean lies) {
    random = new SplittableRandom(seed);
    this.lies = lies;
    finSeq = 1 + bytes;
    ipv6 = random.nextInt(4) == 0;
    sack = random.nextInt(6) != 0;
    timestamps = random.nextBoolean();
    mss = (int) pick(64, 200, 536, 1_000, 1_400, 1_440);
    shift = (int) pick(0, 0, 3, 7);
    delayNanos = (long) (pick(0.05, 1, 5, 20, 100, 300) * MS);
    lossForward = pick(0, 0, 0.001, 0.01, 0.05, 0.2, 0.4);
    lossBack = pick(0, 0, 0, 0.05, 0.3);
    burst = pick(0, 0, 0, 0.005);
    overtaken = pick(0, 0, 0.02, 0.2);
    lateNanos = (long) (pick(0.1, 0.5, 1, 3) * delayNanos) + 1_000;
    copied = pick(0, 0, 0.02, 0.2);
    nanosPerByte = pick(0, 10, 1_000, 20_000);
    reneges = pick(0, 0, 0, 0.002, 0.02);
    shrinks = pick(0, 0, 0, 0.01, 0.1);
    reportsDuplicates = random.nextBoolean();
    acknowledgesEvery = (int) pick(1, 2, 2, 4, 16);
    ackDelayNanos = (long) (pick(0, 1, 40, 200) * MS);
    usualWindow = (int) Math.min(pick(500, 3_000, 20_000, 60_000, 500_000), 65_535L << shift);
    outageEveryNanos = (long) (pick(0, 0, 0, 5_000) * MS);
    window = usualWindow;
  }

  private double pick(double... values) {
    return values[random.nextInt(values.length)];
  }

  private boolean happens(double probability) {
    return probability > 0 && random.nextDouble() < probability;
  }

  /** Options of its SYN. */
  byte[][] options() {
    List<byte[]> options = new ArrayList<>();
    options.add(mss(mss));
    if (sack) {
      options.add(sackPermitted());
    }
    if (timestamps) {
      options.add(timestamp(5_000, 0));
    }
    if (shift > 0) {
      options.add(scale(shift));
    }
    return options.toArray(byte[][]::new);
  }

  /** The connection that it plays with, established. */
  void meets(TcpFixture fixture) {
    tcp = fixture;
    outageUntil = fixture.host.now;
    if (outageEveryNanos > 0) {
      outage();
    }
    sendAck();
  }

  private void outage() {
    at(now() + 1 + random.nextLong(2 * outageEveryNanos), this::outage);
    outageUntil = now() + random.nextLong(outageEveryNanos / 4);
  }

  private long now() {
    return tcp.host.now;
  }

  private void at(long nanos, Runnable what) {
    events.add(new Event(nanos, numbers++, what));
  }

  /** Its window as a segment without scale has it. */
  int windowField() {
    return Math.min(65_535, usualWindow >>> shift);
  }

  /** Whether it has all, the FIN too. */
  boolean hasAll() {
    return rcvNxt > finSeq;
  }

  long nextEventNanos() {
    return events.isEmpty() ? Long.MAX_VALUE : events.peek().atNanos;
  }

  /** The first of what is due. */
  boolean step() {
    if (nextEventNanos() > now()) {
      return false;
    }
    events.remove().what.run();
    return true;
  }

  // ---- The path --------------------------------------------------------------------------------

  private boolean isLost(double probability) {
    if (now() < outageUntil) {
      return true;
    }
    if (badLuck > 0) {
      badLuck--;
      return true;
    }
    if (happens(burst)) {
      badLuck = random.nextInt(30);
    }
    return happens(probability);
  }

  /** Our segment leaves. */
  void carries(Sent s) {
    if (isLost(lossForward)) {
      lost++;
      return;
    }
    freeAt = Math.max(freeAt, now()) + (long) (nanosPerByte * s.bytes);
    if (freeAt - now() > 200 * MS + delayNanos) {
      freeAt -= (long) (nanosPerByte * s.bytes); // its queue is full
      lost++;
      return;
    }
    int copies = happens(copied) ? 2 : 1;
    for (int i = 0; i < copies; i++) {
      at(freeAt + late(), () -> arrives(s));
    }
  }

  private long late() {
    return delayNanos + (happens(overtaken) ? random.nextLong(lateNanos) : 0);
  }

  private String sackText(Seg seg) {
    var text = new StringBuilder();
    var options = ByteBuffer.wrap(seg.options);
    for (int i = 2; i + 8 <= seg.options.length; i += 8) {
      int left = options.getInt(i) - tcp.iss;
      text.append(" [").append(left).append(", ").append(options.getInt(i + 4) - tcp.iss);
      text.append(')');
    }
    return text.toString();
  }

  private void answers(Seg seg) {
    if (isLost(lossBack)) {
      return;
    }
    byte[] packet = tcp.packet(seg);
    int copies = happens(copied) ? 2 : 1;
    for (int i = 0; i < copies; i++) {
      at(
          now() + late(),
          () -> {
            said += " ACK " + seg.ack + " window " + (seg.window << shift) + sackText(seg);
            tcp.host.link.incoming.add(packet);
            tcp.host.poll();
          });
    }
  }

  // ---- The receiver ----------------------------------------------------------------------------

  private void arrives(Sent s) {
    int before = rcvNxt;
    int end = s.seq + s.seqLength();
    boolean isOld = s.seqLength() > 0 && end <= rcvNxt;
    boolean isOutside = s.seq >= rcvNxt + Math.max(1, window) || s.seqLength() == 0;
    boolean isBeyond = s.seq > rcvNxt;
    if (s.hasTimestamp && s.tsVal - tsRecent >= 0 && s.seq <= lastAcked) {
      tsRecent = s.tsVal;
    }
    if (happens(shrinks)) {
      changeWindow();
    }
    if (s.seqLength() == 0) {
      return;
    }
    int[] duplicate = null;
    if (!isOld && !isOutside) {
      int to = Math.min(end, rcvNxt + window);
      if (held.get(s.seq) && s.seq > rcvNxt) {
        duplicate = new int[] {s.seq, Math.min(to, held.nextClearBit(s.seq))};
        twice++;
      }
      if (s.seq < to) {
        held.set(s.seq, to);
        recent.remove((Object) s.seq);
        recent.addFirst(s.seq);
      }
      rcvNxt = Math.max(rcvNxt, held.nextClearBit(rcvNxt));
    } else if (isOld) {
      duplicate = new int[] {s.seq, end};
      twice++;
    }
    if (happens(reneges) && held.nextSetBit(rcvNxt) >= 0) {
      held.clear(rcvNxt, held.length());
      recent.clear();
      reneged++;
    }
    boolean isOrderly = rcvNxt > before && held.nextSetBit(rcvNxt) < 0;
    if (isOrderly && ++owed < acknowledgesEvery && ackDelayNanos > 0) {
      awaitAck();
      return;
    }
    if (isBeyond || isOld || isOutside || isOrderly || rcvNxt > before) {
      sendAck(reportsDuplicates ? duplicate : null);
    }
  }

  private void awaitAck() {
    if (ackTimer <= now()) {
      ackTimer = now() + 1 + random.nextLong(ackDelayNanos + 1);
      at(
          ackTimer,
          () -> {
            if (owed > 0) {
              sendAck(null);
            }
          });
    }
  }

  /** Smaller than was promised, or shut: the update that opens it again may be lost. */
  private void changeWindow() {
    window = random.nextInt(4) == 0 ? 0 : random.nextInt(usualWindow) + 1;
    at(
        now() + random.nextLong(3_000 * MS),
        () -> {
          window = usualWindow;
          sendAck(null);
        });
  }

  void sendAck() {
    sendAck(null);
  }

  private void sendAck(int[] duplicate) {
    owed = 0;
    lastAcked = rcvNxt;
    int ack = rcvNxt;
    List<int[]> blocks = sack ? blocks(duplicate) : List.of();
    if (lies && random.nextInt(8) == 0) {
      int sent = Math.max(1, tcp.ourNxt);
      ack = random.nextInt(3) == 0 ? 1 + random.nextInt(sent + 2_000) : ack;
      for (int[] block : blocks) {
        block[random.nextInt(2)] += random.nextInt(6_000) - 3_000;
      }
      if (sack && blocks.size() < 3) {
        int left = random.nextInt(sent + 100);
        blocks.add(
            random.nextInt(blocks.size() + 1), new int[] {left, left + random.nextInt(9_000)});
      }
    }
    int field = Math.min(65_535, window >>> shift);
    Seg seg = Seg.ack().seq(1).ack(ack).window(field);
    if (timestamps) {
      seg.ts(5_000 + (int) (now() / MS), tsRecent);
    }
    if (!blocks.isEmpty()) {
      int[] edges = new int[2 * blocks.size()];
      for (int i = 0; i < blocks.size(); i++) {
        edges[2 * i] = tcp.iss + blocks.get(i)[0];
        edges[2 * i + 1] = tcp.iss + blocks.get(i)[1];
      }
      seg.options(Seg.sack(edges));
    }
    answers(seg);
  }

  /** The latest first (RFC 2018 §4), a duplicate before all (RFC 2883 §4). */
  private List<int[]> blocks(int[] duplicate) {
    int most = timestamps ? 3 : 4;
    List<int[]> blocks = new ArrayList<>();
    if (duplicate != null) {
      blocks.add(duplicate);
    }
    BitSet told = new BitSet();
    for (int seq : List.copyOf(recent)) {
      if (seq < rcvNxt || !held.get(seq)) {
        recent.remove((Object) seq);
        continue;
      }
      if (blocks.size() >= most || told.get(seq)) {
        continue;
      }
      int left = held.previousClearBit(seq) + 1;
      int right = held.nextClearBit(seq);
      told.set(left, right);
      blocks.add(new int[] {left, right});
    }
    return blocks;
  }

  @Override
  public String toString() {
    return ("%s%sMSS %d, %.2f ms, loss %s/%s burst %s, overtaken %s by %.1f ms, copied %s, %s ns a"
            + " byte, reneges %s, shrinks %s, D-SACK %s, ACK %d/%d ms, window %d, outages %d")
        .formatted(
            sack ? "SACK " : "",
            timestamps ? "TS " : "",
            mss,
            delayNanos / 1e6,
            lossForward,
            lossBack,
            burst,
            overtaken,
            lateNanos / 1e6,
            copied,
            nanosPerByte,
            reneges,
            shrinks,
            reportsDuplicates,
            acknowledgesEvery,
            ackDelayNanos / MS,
            usualWindow,
            outageEveryNanos / MS);
  }
}
