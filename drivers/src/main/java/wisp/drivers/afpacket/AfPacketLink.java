package wisp.drivers.afpacket;

import java.lang.foreign.MemorySegment;
import wisp.core.spi.Burst;
import wisp.core.spi.LinkException;
import wisp.core.spi.TransmitPacket;
import wisp.drivers.Framing;
import wisp.drivers.LentMemory;
import wisp.drivers.LinkDownException;
import wisp.drivers.linux.InterfaceLink;
import wisp.drivers.linux.Libc;
import wisp.drivers.linux.Opening;
import wisp.drivers.linux.PollSet;
import wisp.drivers.linux.VirtioHeader;
import wisp.drivers.linux.WakeEvent;

/**
 * An interface of the kernel, by a packet socket. Received frames are lent where the kernel has
 * written them; those to be sent leave together on {@code flush}, or when sixty-four of them or
 * their memory is full. Payload that lies in native memory is sent from there.
 *
 * <p>The kernel goes on using the interface. We are a station of our own beside it, with our own
 * hardware address, which it overhears and passes over; frames to others never reach us. The
 * machine itself can't talk to us through the same interface: what it sends leaves on the wire.
 *
 * <p>Checksums that the kernel reports as verified, or that were never completed because there was
 * no wire, are trusted. A frame cut off by its slot, one for which no slot was free and one that
 * the kernel refuses are dropped and counted.
 *
 * <p>With {@code fanout} several links share an interface, each for a context of its own. A second,
 * small ring then gives each of them what concerns all: ARP, neighbour discovery and errors.
 *
 * <p>While the interface is down, all that is sent is lost. When it is deleted, {@code receive} and
 * {@code awaitReadable} throw {@link LinkDownException}.
 */
public final class AfPacketLink extends InterfaceLink implements LentMemory {
  /** An interface that went down may be deleted without another word. */
  private static final long TROUBLED_WAIT_NANOS = 50_000_000;

  /** So long at the most the kernel has not filled the ring before it is noticed. */
  private static final long LONGEST_WAIT_NANOS = 250_000_000;

  private final PacketSockets sockets;
  private final TransmitBatch batch;
  private final PollSet waiting;
  private boolean silent; // after a wait
  private boolean troubled; // the interface may be down, and nothing has come since

  private AfPacketLink(AfPacketConfig config, PacketSockets sockets, WakeEvent wakeEvent) {
    super(config.label(), VirtioHeader.offloads(config.offload()), wakeEvent);
    this.sockets = sockets;
    batch = new TransmitBatch(sockets.arena(), sockets.sender());
    waiting =
        new PollSet(sockets.arena(), new Libc(sockets.arena()), wakeEvent, sockets.descriptors());
  }

  /**
   * Begins to receive from an interface that is up.
   *
   * @throws LinkException in one line for the user; nothing stays behind
   */
  public static AfPacketLink open(AfPacketConfig config) throws LinkException {
    return Opening.open(
        "afpacket",
        config.netns(),
        () -> PacketSockets.open(config),
        (sockets, wakeEvent) -> new AfPacketLink(config, sockets, wakeEvent));
  }

  /** The number of the group that shares the interface; 0 where nobody does. */
  public int fanoutGroup() {
    return sockets.sender().fanoutGroup();
  }

  @Override
  public long hardwareAddress() {
    return sockets.hardwareAddress();
  }

  @Override
  public int mtu() {
    return sockets.mtu();
  }

  /** With {@code fanout} it does not tell of ARP and errors. */
  @Override
  protected int descriptor() {
    return sockets.sender().descriptor();
  }

  @Override
  protected void take(Burst burst) {
    int before = burst.size();
    sockets.receive(burst);
    if (burst.size() > before) {
      troubled = false;
      silent = false;
    } else if (troubled || silent) {
      silent = false;
      look();
    }
  }

  @Override
  protected void look() {
    gone |= sockets.areGone();
    if (!gone) {
      sockets.lookAtRings();
    }
  }

  @Override
  public int gatherPieces() {
    return TransmitPacket.MOST_PIECES;
  }

  /** {@inheritDoc} With {@link #flush} they are, for the kernel copies. */
  @Override
  public long gathersDone() {
    return batch.gathersDone();
  }

  @Override
  public boolean claim(int bytes, TransmitPacket packet) {
    if (closed || gone || bytes > TransmitBatch.LARGEST_FRAME) {
      drops++;
      return false;
    }
    claim.begin(this, bytes);
    batch.claim(bytes, packet);
    return true;
  }

  @Override
  public void commit(TransmitPacket packet) {
    claim.commit(this, packet);
    batch.note(packet);
    if (closed || gone || !VirtioHeader.isSendable(packet, Framing.ETHERNET_BYTES, sockets.mtu())) {
      drops++;
      return;
    }
    batch.commit(packet);
  }

  @Override
  public void flush() {
    if (!closed) {
      batch.flush();
      troubled |= batch.wasDown();
    }
  }

  @Override
  protected void await(long timeoutNanos) {
    waiting.await(Math.min(timeoutNanos, troubled ? TROUBLED_WAIT_NANOS : LONGEST_WAIT_NANOS));
    silent = waiting.isSilent();
    troubled |= waiting.hasError(0);
    if (troubled) {
      gone |= sockets.areGone();
    }
  }

  @Override
  protected long lost() {
    return batch.drops() + sockets.drops();
  }

  @Override
  protected void free() {
    sockets.close();
  }

  /** {@inheritDoc} With {@code fanout} what concerns all lies elsewhere. */
  @Override
  public MemorySegment receiveMemory() {
    return sockets.ring().memory();
  }

  @Override
  public int framesOut() {
    return sockets.ring().slotsOut();
  }
}
