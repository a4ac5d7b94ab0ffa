package wisp.drivers.afpacket;

import java.lang.foreign.MemorySegment;
import wisp.core.spi.Burst;
import wisp.core.spi.LinkException;
import wisp.core.spi.LinkOffloads;
import wisp.core.spi.TransmitPacket;
import wisp.drivers.Claim;
import wisp.drivers.Framing;
import wisp.drivers.LentMemory;
import wisp.drivers.LinkDownException;
import wisp.drivers.linux.Libc;
import wisp.drivers.linux.Linux;
import wisp.drivers.linux.NetworkNamespace;
import wisp.drivers.linux.PollSet;
import wisp.drivers.linux.PolledLink;
import wisp.drivers.linux.VirtioHeader;
import wisp.drivers.linux.WakeEvent;

/**
 * An interface of the kernel, by a packet socket. Received frames are lent where the kernel has
 * written them; those to be sent leave together on {@code flush}, or when sixty-four of them or
 * their memory is full.
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
public final class AfPacketLink implements PolledLink, LentMemory {
  private static final int LARGEST_SEGMENTED = 65_535; // the IPv4 length field

  /** A receiver that never waits learns that the interface is gone after so many looks in vain. */
  private static final int LOOKS = 1024;

  /** An interface that went down may be deleted without another word. */
  private static final long TROUBLED_WAIT_NANOS = 50_000_000;

  private final AfPacketConfig config;
  private final PacketSockets sockets;
  private final LinkOffloads offloads;
  private final TransmitBatch batch;
  private final WakeEvent wakeEvent;
  private final PollSet waiting;
  private final Claim claim = new Claim();
  private long drops;
  private int vainLooks;
  private boolean troubled; // the interface may be down, and nothing has come since
  private boolean gone;
  private boolean closed;

  private AfPacketLink(AfPacketConfig config, PacketSockets sockets, WakeEvent wakeEvent) {
    this.config = config;
    this.sockets = sockets;
    this.wakeEvent = wakeEvent;
    offloads = config.offload() ? new LinkOffloads(true, LARGEST_SEGMENTED) : LinkOffloads.NONE;
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
    String reason = Linux.unavailable();
    if (reason != null) {
      throw new LinkException("afpacket " + reason);
    }
    var wakeEvent = new WakeEvent();
    try {
      return new AfPacketLink(
          config,
          NetworkNamespace.inside(config.netns(), () -> PacketSockets.open(config)),
          wakeEvent);
    } catch (LinkException | RuntimeException | Error e) {
      wakeEvent.close();
      throw e;
    }
  }

  @Override
  public String name() {
    return config.label();
  }

  @Override
  public Kind kind() {
    return Kind.ETHERNET;
  }

  @Override
  public long hardwareAddress() {
    return sockets.hardwareAddress();
  }

  @Override
  public int mtu() {
    return sockets.mtu();
  }

  @Override
  public LinkOffloads offloads() {
    return offloads;
  }

  /** {@inheritDoc} With {@code fanout} it does not tell of ARP and errors. */
  @Override
  public int readableDescriptor() {
    return closed ? -1 : sockets.sender().descriptor();
  }

  /**
   * {@inheritDoc}
   *
   * @throws LinkDownException when the interface is gone
   */
  @Override
  public int receive(Burst burst) {
    if (closed) {
      return 0;
    }
    int before = burst.size();
    sockets.receive(burst);
    int added = burst.size() - before;
    if (added > 0) {
      troubled = false;
      vainLooks = 0;
    } else if (gone || troubled || ++vainLooks >= LOOKS) {
      vainLooks = 0;
      gone |= sockets.areGone();
      if (gone) {
        throw gone();
      }
    }
    return added;
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
    if (closed || gone || !VirtioHeader.isSendable(packet, Framing.ETHERNET_BYTES, sockets.mtu())) {
      drops++;
      return;
    }
    batch.commit(packet);
  }

  @Override
  public void cancel(TransmitPacket packet) {
    claim.cancel();
  }

  @Override
  public void flush() {
    if (!closed) {
      batch.flush();
      troubled |= batch.wasDown();
    }
  }

  /**
   * {@inheritDoc}
   *
   * @throws LinkDownException when the interface is gone
   */
  @Override
  public void awaitReadable(long timeoutNanos) {
    if (closed || timeoutNanos <= 0) {
      return;
    }
    if (!gone) {
      waiting.await(troubled ? Math.min(timeoutNanos, TROUBLED_WAIT_NANOS) : timeoutNanos);
      troubled |= waiting.hasError(0);
      if (troubled) {
        gone |= sockets.areGone();
      }
    }
    if (gone) {
      throw gone();
    }
  }

  private LinkDownException gone() {
    return new LinkDownException(
        name() + " is gone: the interface or its network namespace was deleted");
  }

  @Override
  public void wake() {
    wakeEvent.wake();
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

  @Override
  public long drops() {
    return closed ? drops : drops + batch.drops() + sockets.drops();
  }

  @Override
  public void close() {
    if (!closed) {
      flush();
      drops = drops();
      closed = true;
      sockets.close();
      wakeEvent.close();
    }
  }
}
