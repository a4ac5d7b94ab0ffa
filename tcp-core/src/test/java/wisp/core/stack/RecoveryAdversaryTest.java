package wisp.core.stack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wisp.core.stack.TcpFixture.with;

import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import wisp.core.Counters.Event;
import wisp.core.tcp.Scoreboard;
import wisp.core.tcp.ScoreboardCheck;
import wisp.core.tcp.Sender;
import wisp.core.tcp.Tcb;
import wisp.core.tcp.TimerKind;

/**
 * A transfer for each seed, looked at after every event. With {@code -Dwisp.adversary.first=N
 * -Dwisp.adversary.seeds=1 -Dwisp.adversary.trace=true} one of them tells what happens.
 */
@DisplayName("Loss recovery against a receiver that does all that it may, and one that lies")
class RecoveryAdversaryTest {
  private static final long MS = TcpFixture.MS;
  private static final long LONGEST_TIMER_NANOS = 61_000 * MS;

  /** Blocks of one connection: activity, scoreboard, queue; the last depends on what is queued. */
  private static final int MOST_BLOCKS = 40;

  private static final boolean TRACE = Boolean.getBoolean("wisp.adversary.trace");

  static LongStream seeds() {
    int first = Integer.getInteger("wisp.adversary.first", 0);
    return LongStream.range(first, first + Integer.getInteger("wisp.adversary.seeds", 130));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void givenAnHonestReceiver_whenTheyMeet_thenAllArrivesAndNoRuleIsBroken(long seed) {
    new Meeting(seed, false).run();
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void givenALiar_whenTheyMeet_thenNoRuleIsBrokenAndAllMemoryComesBack(long seed) {
    new Meeting(seed, true).run();
  }

  /** One transfer. */
  private static final class Meeting {
    private final long seed;
    private final boolean lies;
    private final int bytes;
    private final int mostQueued;
    private final SplittableRandom random;
    private final AdversePeer peer;
    private final TcpFixture tcp;
    private final Scoreboard board;
    private int given;
    private boolean shut;
    private long restUntil;
    private int unaBefore = 1;
    private int nxtBefore = 1;
    private int[] sackedBefore = {};
    private final boolean isScarce;
    private final boolean isNarrow;
    private int steps;

    Meeting(long seed, boolean lies) {
      this.seed = seed;
      this.lies = lies;
      random = new SplittableRandom(~seed);
      bytes = 1 + random.nextInt(random.nextInt(3) == 0 ? 3_000 : 200_000);
      mostQueued = 1 + random.nextInt(200_000);
      isScarce = random.nextInt(4) == 0;
      isNarrow = random.nextInt(4) == 0;
      peer = new AdversePeer(seed, bytes, lies);
      var setup =
          with()
              .ipv6(peer.ipv6)
              .window(peer.windowField())
              .options(peer.options())
              .actively(random.nextBoolean());
      setup.profile = random.nextBoolean() ? ConnectionProfile.DEFAULT : ConnectionProfile.NO_DELAY;
      if (random.nextBoolean()) {
        setup.profile = setup.profile.with(b -> b.congestionControl = "newreno");
      }
      setup.profile =
          setup.profile.with(
              b -> b.retransmissionLimitNanos = (lies ? 100_000 : 1_000_000_000L) * MS);
      setup.config = setup.config.withMinRto(random.nextBoolean() ? 200 * MS : 1_000 * MS);
      tcp = setup.established();
      board = tcp.host.board();
      tcp.sent();
      peer.meets(tcp);
    }

    void run() {
      try {
        play();
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("seed " + seed + " at step " + steps + ": " + peer, e);
      }
    }

    private void play() {
      long begin = tcp.host.now;
      while (!isOver()) {
        assertTrue(++steps < 3_000_000, "no end");
        act();
        burden();
        long next = Math.min(tcp.context.nextDeadlineNanos(), peer.nextEventNanos());
        next = Math.min(next, restUntil > tcp.host.now ? restUntil : Long.MAX_VALUE);
        assertTrue(next != Long.MAX_VALUE, "nothing will ever happen again");
        tcp.host.now = Math.max(next, tcp.host.now);
        if (!peer.step()) {
          if (tcp.context.nextDeadlineNanos() <= tcp.host.now) {
            tcp.host.now += random.nextInt(3) == 0 ? random.nextInt(2_000_000) : 1_000;
          }
          tcp.host.poll();
        }
        look();
      }
      if (Boolean.getBoolean("wisp.adversary.print")) {
        System.out.printf(
            "%d %s %d bytes in %.1f s, lost %d, resent %d, twice %d, time-outs %d, reneged %d:"
                + " %s%n",
            seed,
            lies ? "liar" : "honest",
            bytes,
            (tcp.host.now - begin) / 1e9,
            peer.lost,
            tcp.counted(Event.SEGMENTS_RETRANSMITTED),
            peer.twice,
            tcp.counted(Event.TIMEOUTS),
            peer.reneged,
            peer);
      }
      tcp.host.memory.blockRequests.most = Integer.MAX_VALUE;
      tcp.host.link.room = Integer.MAX_VALUE;
      if (tcp.reason == null) {
        tcp.abort();
      }
      assertEquals(0, tcp.blocksInUse(), "blocks in use");
      tcp.allReturns();
    }

    private boolean isOver() {
      boolean isAllAcknowledged = shut && tcp.reason == null && tcp.is(t -> t.sndUna == t.sndNxt);
      return tcp.reason != null || (isAllAcknowledged && !tcp.is(t -> t.finQueued));
    }

    /** Memory runs out now and then, and the link is full. */
    private void burden() {
      if (isScarce && random.nextInt(20) == 0) {
        tcp.host.memory.blockRequests.most =
            random.nextBoolean() ? Integer.MAX_VALUE : tcp.blocksInUse() + random.nextInt(2);
      }
      if (isNarrow) {
        tcp.host.link.room = random.nextInt(8) == 0 ? random.nextInt(3) : Integer.MAX_VALUE;
      }
    }

    /** The application gives something, rests, or ends. */
    private void act() {
      if (tcp.host.now < restUntil || shut) {
        return;
      }
      if (random.nextInt(200) == 0) {
        restUntil = tcp.host.now + random.nextLong(2_000 * MS);
        return;
      }
      int unacknowledged = given - tcp.number(t -> t.sndUna - tcp.iss - 1);
      if (given < bytes && unacknowledged < mostQueued) {
        int n = 1 + random.nextInt(Math.min(16_000, bytes - given));
        if (isScarce) {
          given += tcp.trySend(n) ? n : 0;
        } else if (random.nextInt(10) == 0) {
          tcp.sendRecord(n);
          given += n;
        } else {
          tcp.send(n);
          given += n;
        }
        look();
      } else if (given == bytes) {
        shut = tcp.context.shutdown(tcp.connection);
        tcp.host.collect();
        look();
      }
    }

    // ---- Rules ---------------------------------------------------------------------------------

    private void look() {
      if (tcp.reason != null) {
        tcp.sent();
        return;
      }
      tcp.is(
          tcb -> {
            judge(tcb);
            return true;
          });
    }

    private void trace(Tcb tcb) {
      if (TRACE) {
        System.out.printf(
            "%.6f una %d nxt %d wnd %d cwnd %d ssthresh %d %s%s backOff %d timer %s in %.3f dup %d"
                + " %s %s%n",
            tcp.host.now / 1e9,
            tcb.sndUna - tcp.iss,
            tcb.sndNxt - tcp.iss,
            tcb.sndWnd,
            tcb.congestion.cwndBytes,
            tcb.congestion.ssthreshBytes,
            tcb.fastRecovery ? "FAST " : "",
            tcb.resending ? "RESENDING " : "",
            tcb.backOff,
            tcb.timer,
            (tcb.timerDeadlineNanos - tcp.host.now) / 1e6,
            tcb.duplicateAcks,
            ScoreboardCheck.text(board, tcb),
            peer.said);
      }
      peer.said = "";
    }

    private void judge(Tcb tcb) {
      int una = tcb.sndUna - tcp.iss;
      int nxt = tcb.sndNxt - tcp.iss;
      int sentBytes = 0;
      int window = Math.max(tcb.sndWnd, 0);
      int[] sacked = ScoreboardCheck.sacked(board, tcb);
      trace(tcb);
      for (Sent s : tcp.sent()) {
        if (TRACE) {
          System.out.println("    sent " + s);
        }
        peer.carries(s);
        if (s.seqLength() == 0) {
          continue;
        }
        sentBytes += s.seqLength();
        assertTrue(s.seq >= unaBefore, () -> "resent what is acknowledged: " + s);
        boolean isNew = s.seq >= nxtBefore;
        assertTrue(
            isNew || !isKnown(s, sacked) || !isKnown(s, sackedBefore),
            () -> "resent what is SACKed: " + s);
        boolean isWithin = (isNew ? s.seq + s.seqLength() : s.seq) <= una + window;
        boolean isProbe = s.seqLength() == 1 || s.seq <= una;
        assertTrue(
            isWithin || isProbe, () -> "beyond the window of " + window + " at " + una + ": " + s);
        assertTrue(s.payload.length <= peer.mss, () -> "too large: " + s);
      }
      assertTrue(
          una >= unaBefore && nxt >= nxtBefore && nxt >= una, "SND.UNA or SND.NXT moved back");
      assertEquals("", ScoreboardCheck.faults(board, tcb));
      int mss = tcb.effectiveMss();
      int cwnd = tcb.congestion.cwndBytes;
      assertTrue(tcb.block < 0 || cwnd >= Math.min(mss, tcb.congestion.mss), () -> "cwnd " + cwnd);
      int flight = tcb.flightBytes();
      if (flight > 0) {
        boolean isTimed =
            switch (tcb.timer) {
              case RETRANSMISSION, PROBE, REORDERING, PACING -> true;
              case NONE, PERSIST, DROWSY, HOLDING -> false;
            };
        assertTrue(isTimed, () -> "in flight, but timer " + tcb.timer);
        long wait = tcb.timerDeadlineNanos - tcp.host.now;
        assertTrue(wait <= LONGEST_TIMER_NANOS, () -> "waits " + wait / MS + " ms");
      } else if (Sender.unsentBytes(tcb) > 0 || (tcb.finQueued && !tcb.finSent)) {
        assertTrue(
            tcb.timer == TimerKind.PERSIST || tcb.timer == TimerKind.PACING || tcb.flushListed,
            () -> "something waits, but timer " + tcb.timer);
      }
      int pipe = flight - board.sackedBytes(tcb) - board.lostBytes(tcb);
      if (sentBytes > 0 && tcb.sackPermitted && !tcb.resending) {
        int most = Math.max(cwnd, pipe - sentBytes) + 3 * mss;
        assertTrue(pipe <= most, () -> "pipe " + pipe + " with cwnd " + cwnd);
      }
      assertTrue(tcp.blocksInUse() <= MOST_BLOCKS, () -> tcp.blocksInUse() + " blocks");
      sackedBefore = sacked;
      unaBefore = una;
      nxtBefore = nxt;
    }

    /** Whether all its text lies in one of these ranges. */
    private static boolean isKnown(Sent s, int[] edges) {
      for (int i = 0; i < edges.length; i += 2) {
        boolean isInside =
            s.seqAbsolute - edges[i] >= 0 && edges[i + 1] - (s.seqAbsolute + s.payload.length) >= 0;
        if (isInside && s.payload.length > 0) {
          return true;
        }
      }
      return false;
    }
  }
}
