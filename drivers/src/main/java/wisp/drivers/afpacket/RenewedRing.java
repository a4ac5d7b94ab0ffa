package wisp.drivers.afpacket;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Burst;
import wisp.core.spi.LinkException;

/**
 * A ring, and another in its place when the kernel does not fill it any more.
 *
 * <p>Linux (6.18, and all before that keep an account of slots) stops at a packet to be cut in a
 * way for which virtio headers have no word: SCTP, or UDP to be sent as fragments, which a virtual
 * machine on a TAP device can ask for. {@code tpacket_rcv} takes a slot for it, fails to write the
 * header and leaves the slot marked, so that this one and all packets after it are dropped. No
 * filter can tell such a packet.
 */
final class RenewedRing {
  private final PacketSocket socket;
  private final RingShape shape;
  private @Nullable Mapped mapped; // null: there was no memory for another
  private long dropsOfFormer;
  private boolean quiet; // since it was looked at
  private long lostThen;

  /**
   * The first ring of a socket that is not bound yet.
   *
   * @throws LinkException in one line for the user
   */
  RenewedRing(PacketSocket socket, RingShape shape) throws LinkException {
    this.socket = socket;
    this.shape = shape;
    mapped = new Mapped(socket, shape);
  }

  /** A ring in memory that goes with it. */
  private static final class Mapped {
    final Arena arena = Arena.ofShared();
    final ReceiveRing ring;

    Mapped(PacketSocket socket, RingShape shape) throws LinkException {
      try {
        ring = socket.ring(shape, arena);
      } catch (LinkException | RuntimeException | Error e) {
        arena.close();
        throw e;
      }
    }
  }

  /** Gives back what was lent, then lends what is there until the burst is full. */
  void receive(Burst burst) {
    if (mapped != null && mapped.ring.receive(burst) > 0) {
      quiet = false;
    }
  }

  /**
   * Looks whether the kernel still fills it: what is lost while nothing comes has not been lost for
   * want of a slot. Nothing may be lent.
   */
  void look() {
    long lost = socket.drops();
    if (mapped == null || (quiet && lost > lostThen)) {
      renew();
    }
    quiet = true;
    lostThen = lost;
  }

  private void renew() {
    dropsOfFormer = drops();
    close();
    try {
      socket.dropRing();
      mapped = new Mapped(socket, shape);
    } catch (LinkException e) {
      mapped = null; // perhaps the next time
    }
  }

  /** All slots of the ring that there is now; borrowed until it is renewed. */
  MemorySegment memory() {
    return mapped == null ? MemorySegment.NULL : mapped.ring.memory();
  }

  /** Slots that are not the kernel's. */
  int slotsOut() {
    return mapped == null ? 0 : mapped.ring.slotsOut();
  }

  /** Frames that were no use. */
  long drops() {
    return dropsOfFormer + (mapped == null ? 0 : mapped.ring.drops());
  }

  /** Unmaps it. */
  void close() {
    if (mapped != null) {
      mapped.arena.close();
      mapped = null;
    }
  }
}
