package wisp.drivers.afxdp;

import java.lang.foreign.MemorySegment;
import wisp.core.spi.Burst;
import wisp.core.spi.LinkException;
import wisp.core.spi.LinkOffloads;
import wisp.core.spi.TransmitPacket;
import wisp.drivers.Claim;
import wisp.drivers.Framing;
import wisp.drivers.LentMemory;
import wisp.drivers.LinkDownException;
import wisp.drivers.linux.Errno;
import wisp.drivers.linux.Libc;
import wisp.drivers.linux.Linux;
import wisp.drivers.linux.NetworkNamespace;
import wisp.drivers.linux.PollSet;
import wisp.drivers.linux.PolledLink;
import wisp.drivers.linux.VirtioHeader;
import wisp.drivers.linux.WakeEvent;

/**
 * A queue of an interface, by a socket of AF_XDP. A program on the interface gives us what is for
 * our addresses and leaves all else to the kernel, which goes on using the interface. Received
 * packets are lent where the kernel, or the card, has written them; those to be sent are written
 * where it reads them, and leave together on {@code flush}.
 *
 * <p>We share the interface's hardware address, unless {@code mac} gives another. The machine
 * itself can't talk to us through that interface: what it sends leaves on the wire.
 *
 * <p>Several links of a process may share an interface, one for each of its queues. Which queue a
 * packet comes in by the card decides; what comes in by a queue that has no link the kernel gets.
 * What concerns all of them, ARP, neighbour discovery and errors, they tell each other.
 *
 * <p>Nobody tells which checksums are complete: {@code checksum} says whether they are trusted.
 * Packets longer than the MTU were put together or not cut yet by the kernel, and are trusted.
 *
 * <p>While the interface is down, what is sent is lost. When it is deleted, {@code receive} and
 * {@code awaitReadable} throw {@link LinkDownException}.
 */
public final class AfXdpLink implements PolledLink, LentMemory {
  /** A receiver that never waits learns that the interface is gone after so many looks in vain. */
  private static final int LOOKS = 1024;

  /** The socket does not tell waiters that the interface is gone; they look for themselves. */
  private static final long LONGEST_WAIT_NANOS = 250_000_000;

  private static final int NO_SLOT = -1;

  private final AfXdpConfig config;
  private final XdpQueue queue;
  private final ReceiveFrames receive;
  private final TransmitFrames transmit;
  private final XdpSocket socket;
  private final LinkOffloads offloads;
  private final Siblings siblings;
  private final WakeEvent wakeEvent;
  private final PollSet waiting;
  private final Claim claim = new Claim();
  private int claimedSlot = NO_SLOT;
  private int vainLooks;
  private long drops;
  private boolean down;
  private boolean gone;
  private boolean closed;

  private AfXdpLink(AfXdpConfig config, XdpQueue queue, WakeEvent wakeEvent) {
    this.config = config;
    this.queue = queue;
    this.wakeEvent = wakeEvent;
    receive = queue.receive();
    transmit = queue.transmit();
    socket = queue.socket();
    offloads = new LinkOffloads(socket.completesChecksums(), 0);
    waiting = new PollSet(socket.arena(), new Libc(socket.arena()), wakeEvent, socket.descriptor());
    siblings = new Siblings(queue.program(), config.queue(), wakeEvent, socket.arena());
  }

  /**
   * Takes a queue of an interface that is up.
   *
   * @throws LinkException in one line for the user; nothing stays behind
   */
  public static AfXdpLink open(AfXdpConfig config) throws LinkException {
    String reason = Linux.unavailable();
    if (reason != null) {
      throw new LinkException("afxdp " + reason);
    }
    var wakeEvent = new WakeEvent();
    try {
      return new AfXdpLink(
          config, NetworkNamespace.inside(config.netns(), () -> XdpQueue.open(config)), wakeEvent);
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
    return queue.program().station();
  }

  @Override
  public int mtu() {
    return queue.mtu();
  }

  /** {@inheritDoc} Checksums where the kernel copies; AF_XDP cuts no packets. */
  @Override
  public LinkOffloads offloads() {
    return offloads;
  }

  /** Whether packets are taken in the interface's driver, not in the kernel's stack. */
  public boolean isNative() {
    return queue.program().isNative();
  }

  /** Whether the card writes and reads our memory by itself. */
  public boolean isZeroCopy() {
    return queue.zeroCopy();
  }

  @Override
  public int readableDescriptor() {
    return closed ? -1 : socket.descriptor();
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
    if (transmit.waiting() > 0) {
      push();
    }
    int before = burst.size();
    receive.receive(burst);
    siblings.exchange(burst, before);
    int added = burst.size() - before;
    if (added > 0) {
      vainLooks = 0;
    }
    if (receive.needsWakeup() || (added == 0 && ++vainLooks >= LOOKS)) {
      vainLooks = 0;
      look();
    }
    if (gone && added == 0) {
      throw gone();
    }
    return added;
  }

  @Override
  public boolean claim(int bytes, TransmitPacket packet) {
    if (closed || gone || bytes > queue.mtu() + Framing.ETHERNET_BYTES) {
      drops++;
      return false;
    }
    claim.begin(this, bytes);
    claimedSlot = transmit.claim();
    if (claimedSlot == NO_SLOT) {
      push();
      claimedSlot = transmit.claim();
    }
    if (claimedSlot == NO_SLOT) {
      claim.cancel();
      drops++;
      return false;
    }
    packet.lend(socket.umem(), transmit.packet(claimedSlot));
    return true;
  }

  @Override
  public void commit(TransmitPacket packet) {
    claim.commit(this, packet);
    if (closed
        || gone
        || down
        || packet.segmentBytes > 0
        || !VirtioHeader.isSendable(packet, Framing.ETHERNET_BYTES, queue.mtu())) {
      drops++;
      transmit.cancel(claimedSlot);
    } else {
      transmit.commit(claimedSlot, packet);
    }
    claimedSlot = NO_SLOT;
  }

  @Override
  public void cancel(TransmitPacket packet) {
    claim.cancel();
    if (claimedSlot != NO_SLOT) {
      transmit.cancel(claimedSlot);
      claimedSlot = NO_SLOT;
    }
  }

  @Override
  public void flush() {
    if (!closed && !gone && (transmit.publish() || down)) {
      push();
    }
  }

  /** Has the kernel send what is in the ring, and frees what it has sent. */
  private void push() {
    transmit.publish();
    int before = transmit.waiting();
    while (before > 0 && transmit.needsWakeup()) {
      int result = socket.send();
      note(result);
      drops += result == -Errno.EBUSY ? 1 : 0;
      int after = transmit.waiting();
      if (after == before || queue.zeroCopy()) {
        break; // the rest waits for the next call, or the card is at it
      }
      before = after;
    }
    transmit.reap();
    if (down) {
      look();
    }
  }

  private void look() {
    int result = socket.look();
    down = false;
    note(result);
  }

  private void note(int result) {
    down |= result == -Errno.ENETDOWN;
    gone |= result == -Errno.ENXIO;
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
      waiting.await(Math.min(timeoutNanos, LONGEST_WAIT_NANOS));
      if (waiting.isSilent()) {
        look();
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

  /** {@inheritDoc} But for those that had to be put together, which lie behind it. */
  @Override
  public MemorySegment receiveMemory() {
    return socket.umem().asSlice(0, queue.layout().receiveBytes());
  }

  @Override
  public int framesOut() {
    transmit.reap();
    return queue.layout().receiveChunks()
        - receive.offeredChunks()
        + queue.layout().transmitSlots()
        - transmit.freeSlots();
  }

  @Override
  public long drops() {
    return closed ? drops : drops + receive.drops() + socket.drops();
  }

  /** Where the chunks of this link are, for tests. */
  XdpQueue queue() {
    return queue;
  }

  @Override
  public void close() {
    if (!closed) {
      flush();
      drops = drops();
      closed = true;
      siblings.leave();
      queue.close();
      wakeEvent.close();
    }
  }
}
