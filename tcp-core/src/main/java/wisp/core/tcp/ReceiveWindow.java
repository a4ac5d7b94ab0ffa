package wisp.core.tcp;

import org.jspecify.annotations.Nullable;
import wisp.core.spi.SocketBuffers;

/**
 * What may be promised to the peer. Normally a constant, since nothing in order is ever buffered;
 * after pause the right edge stands still until it is reached. With classic socket buffers it is
 * the free space.
 *
 * <p>The right edge {@link Tcb#rcvAdv} never moves left (SHLD-14). What is accepted is judged by
 * it, so scaling, which rounds the number on the wire down, never makes us refuse what we had
 * promised.
 */
public final class ReceiveWindow {
  private static final int UNSCALED_MOST = 65_535;
  private static final int LARGEST_SHIFT = 14;
  private final TcpConfig config;
  private final @Nullable SocketBuffers buffers;

  /** For one context. */
  public ReceiveWindow(TcpConfig config, @Nullable SocketBuffers buffers) {
    this.config = config;
    this.buffers = buffers;
  }

  /**
   * Sets the right edge of a connection that was asleep, or that is new: everything promised
   * follows from the record.
   */
  public void restoreEdge(Tcb tcb) {
    if (buffers == null && tcb.paused) {
      tcb.rcvAdv = tcb.rcvNxt;
    } else {
      tcb.rcvAdv = tcb.rcvNxt + spaceBytes(tcb);
    }
  }

  /** Whether the record alone can tell the right edge again. */
  public boolean edgeFollowsFromRecord(Tcb tcb) {
    return buffers != null || !tcb.paused || Seq.atOrBefore(tcb.rcvAdv, tcb.rcvNxt);
  }

  /** Bytes that the peer may still send. */
  public int promisedBytes(Tcb tcb) {
    return Math.max(0, Seq.distance(tcb.rcvNxt, tcb.rcvAdv));
  }

  /**
   * Moves the right edge as far as it may go and returns the window field of a segment that leaves
   * now.
   *
   * @param unscaled whether the segment carries SYN (RFC 7323 §2.2)
   */
  int advertise(Tcb tcb, boolean unscaled) {
    int promised = promisedBytes(tcb);
    int room = mayGrow(tcb) ? Math.max(promised, spaceBytes(tcb)) : promised;
    if (room > promised && !isWorthAnnouncing(tcb, room - promised) && promised > 0) {
      room = promised;
    }
    int field =
        unscaled ? Math.min(room, UNSCALED_MOST) : Math.min(room >>> tcb.rcvScale, UNSCALED_MOST);
    @SeqNum int edge = tcb.rcvNxt + (unscaled ? field : field << tcb.rcvScale);
    tcb.rcvAdv = Seq.max(tcb.rcvAdv, edge);
    return field;
  }

  /** Whether an ACK sent now would open the window by enough to be worth it (MUST-39). */
  boolean hasUpdate(Tcb tcb) {
    int promised = promisedBytes(tcb);
    int space = spaceBytes(tcb);
    return mayGrow(tcb) && space > promised && isWorthAnnouncing(tcb, space - promised);
  }

  private boolean mayGrow(Tcb tcb) {
    return buffers != null || !tcb.paused;
  }

  /**
   * RFC 9293 §3.8.6.2.2: by min(half the buffer, one segment); a constant window is always all
   * there.
   */
  private boolean isWorthAnnouncing(Tcb tcb, int growthBytes) {
    return buffers == null || growthBytes >= Math.min(capacity(tcb) / 2, tcb.effectiveMss());
  }

  private int spaceBytes(Tcb tcb) {
    int capacity = capacity(tcb);
    if (buffers == null
        || tcb.slot < 0 // a SYN of which nothing is kept
        || tcb.state == State.TIME_WAIT) { // its buffers are given back with the record
      return capacity;
    }
    return Math.max(0, capacity - buffers.receiveFill(tcb.slot));
  }

  /** What a window field can say of it: a constant window is told as it is. */
  private int capacity(Tcb tcb) {
    return Math.min(wholeWindow(tcb), UNSCALED_MOST << tcb.rcvScale)
        >>> tcb.rcvScale
        << tcb.rcvScale;
  }

  private int wholeWindow(Tcb tcb) {
    int usual = config.receiveWindowBytes();
    if (tcb.windowLimit == 0) {
      return usual;
    }
    return buffers == null ? tcb.windowLimit : Math.min(tcb.windowLimit, usual);
  }

  // ---- Scale -----------------------------------------------------------------------------------

  /** What our SYN offers: as the window needs, or more where the profile wants more. */
  int offeredShift(Tcb tcb) {
    int window = wholeWindow(tcb);
    int needed = Integer.SIZE - Integer.numberOfLeadingZeros((window - 1) / UNSCALED_MOST);
    int possible = Integer.SIZE - 1 - Integer.numberOfLeadingZeros(window); // one unit is left
    return Math.min(Math.max(needed, Math.min(tcb.leastWindowShift, possible)), LARGEST_SHIFT);
  }

  /**
   * By how much the fields of the windows that we announce are shifted, the options being known.
   */
  public int shift(Tcb tcb) {
    return tcb.windowScaling ? offeredShift(tcb) : 0;
  }
}
