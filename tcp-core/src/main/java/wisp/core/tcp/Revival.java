package wisp.core.tcp;

import java.util.Arrays;
import wisp.core.memory.Blocks;
import wisp.core.memory.Payer;
import wisp.core.spi.BlockPool;
import wisp.core.spi.Durability;
import wisp.core.spi.FrameAllocator;

/**
 * Connections that were awake when a former process ended: their blocks and frames are claimed, and
 * they go on where they were, with the same timers. Only what links one connection's block to
 * another's (the timer wheel, the list of drowsy ones) is made anew.
 */
public final class Revival {
  private static final int NONE = Blocks.NONE;

  private final TcpEnvironment env;
  private final Durability durability;
  private final Blocks blocks;
  private final FrameAllocator frames;
  private final Activity activity;
  private final ConnectionTimers timers;
  private final ReclaimLists lists;
  private final SendQueue queue;
  private final Reassembly reassembly;

  /** Claimed for the connection in hand: blocks as they are, frames as −1 − frame. */
  private int[] claims = new int[64];

  private int claimCount;

  /** Claimed for connections that turned out to be not all there. */
  private int[] strays = new int[0];

  /** For one context. */
  public Revival(
      TcpEnvironment env,
      Durability durability,
      Blocks blocks,
      FrameAllocator frames,
      Activity activity,
      ConnectionTimers timers,
      ReclaimLists lists,
      SendQueue queue,
      Reassembly reassembly) {
    this.env = env;
    this.durability = durability;
    this.blocks = blocks;
    this.frames = frames;
    this.activity = activity;
    this.timers = timers;
    this.lists = lists;
    this.queue = queue;
    this.reassembly = reassembly;
  }

  /**
   * Claims all that an awake connection has.
   *
   * @param tcb for the work, identified; its variables are read into it from the block
   * @return false: its block and what hangs on it do not fit together, or it had not been open yet
   */
  public boolean claim(Tcb tcb, int block) {
    claimCount = 0;
    boolean whole = block(block, BlockPool.ACTIVITY) && isWhole(tcb, block);
    if (!whole) {
      stray();
      return false;
    }
    for (int i = 0; i < claimCount; i++) {
      if (claims[i] >= 0) {
        blocks.claimed(claims[i], tcb.payer);
      }
    }
    return true;
  }

  /** Claims the small block of a connection that a SYN had made. */
  public boolean claimHalfOpen(Tcb tcb, int block) {
    claimCount = 0;
    if (!block(block, BlockPool.HALF_OPEN) || activity.slotOf(block) != tcb.slot) {
      stray();
      return false;
    }
    blocks.claimed(block, tcb.payer);
    return true;
  }

  private void stray() {
    int before = strays.length;
    strays = Arrays.copyOf(strays, before + claimCount);
    System.arraycopy(claims, 0, strays, before, claimCount);
  }

  /** Claims the block of a connection that is not to be trusted, for {@link #glance}. */
  public void hold(int block) {
    claimCount = 0;
    block(block, BlockPool.ACTIVITY);
    stray();
  }

  /**
   * Reads what can be read of a connection that is not to be trusted.
   *
   * @return false: nothing
   */
  public boolean glance(Tcb tcb, int block) {
    boolean isHeld = Arrays.stream(strays).anyMatch(stray -> stray == block);
    return isHeld && reads(tcb, block);
  }

  private boolean isWhole(Tcb tcb, int block) {
    return reads(tcb, block)
        && (tcb.state.isSynchronized() || tcb.state == State.SYN_SENT)
        && !tcb.fastOpened
        && !tcb.askedFast
        && (tcb.scoreboard == NONE || block(tcb.scoreboard, BlockPool.ACTIVITY))
        && queue.claim(tcb.queue, this)
        && reassembly.claim(tcb.held, this);
  }

  private boolean reads(Tcb tcb, int block) {
    if (blocks.capacity(block) < BlockPool.ACTIVITY || activity.slotOf(block) != tcb.slot) {
      return false;
    }
    try {
      activity.load(tcb, block);
      return true;
    } catch (RuntimeException e) {
      return false; // a number that stands for no state or timer
    }
  }

  /** Claims a block of the connection in hand; false: it can't, or the block is smaller. */
  boolean block(int block, int leastBytes) {
    boolean claimed = durability.claimBlock(block);
    if (claimed) {
      note(block);
    }
    return claimed && blocks.capacity(block) >= leastBytes;
  }

  /** Claims a frame that it refers to, which must have this length. */
  boolean frame(int frame, int length) {
    boolean claimed = durability.claimFrame(frame);
    if (claimed) {
      note(-1 - frame);
    }
    return claimed && frames.length(frame) == length;
  }

  private void note(int claim) {
    if (claimCount == claims.length) {
      claims = Arrays.copyOf(claims, 2 * claimCount);
    }
    claims[claimCount++] = claim;
  }

  /** All connections have claimed: what is left over is free. */
  public void claimed() {
    durability.claimed();
  }

  /** Frees what was held for connections that are gone. */
  public void releaseStrays() {
    for (int claim : strays) {
      if (claim >= 0) {
        blocks.release(claim, Payer.NOBODY);
      } else {
        frames.release(-1 - claim);
      }
    }
    strays = new int[0];
  }

  /** Sets the timer of a connection whose claim held good, now that it is laid out. */
  public void revive(Tcb tcb) {
    timers.adopt(tcb.block);
    lists.adopt(tcb.block);
    if (tcb.halfOpen && tcb.backlog != null) {
      tcb.backlog.enter(env);
      env.peers.halfOpen(tcb.payer, 1);
    }
    env.resumedNanos = env.nowNanos; // no round trip is measured across the time in between
    if (tcb.timer != TimerKind.NONE) {
      timers.arm(tcb, tcb.timer, tcb.timerDeadlineNanos);
    }
    if (tcb.timer == TimerKind.DROWSY) {
      lists.drowsy.add(tcb.block);
    }
    tcb.ackNow |= tcb.ackOwed; // nobody remembers for how long it has waited
  }
}
