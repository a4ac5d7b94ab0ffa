package wisp.drivers.afxdp;

import java.lang.foreign.MemorySegment;
import wisp.core.spi.Burst;
import wisp.core.spi.LinkException;
import wisp.core.spi.LinkOffloads;
import wisp.core.spi.TransmitPacket;
import wisp.drivers.Framing;
import wisp.drivers.LentMemory;
import wisp.drivers.LinkDownException;
import wisp.drivers.linux.Errno;
import wisp.drivers.linux.InterfaceLink;
import wisp.drivers.linux.Libc;
import wisp.drivers.linux.Opening;
import wisp.drivers.linux.PollSet;
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
public final class AfXdpLink extends InterfaceLink implements LentMemory {
  /** The socket does not tell waiters that the interface is gone; they look for themselves. */
  private static final long LONGEST_WAIT_NANOS = 250_000_000;

  private static final int NO_SLOT = -1;

  private final XdpQueue queue;
  private final ReceiveFrames receive;
  private final TransmitFrames transmit;
  private final XdpSocket socket;
  private final Siblings siblings;
  private final PollSet waiting;
  private int claimedSlot = NO_SLOT;
  private boolean down;

  private AfXdpLink(AfXdpConfig config, XdpQueue queue, WakeEvent wakeEvent) {
    // Checksums where the kernel copies; AF_XDP cuts no packets.
    super(config.label(), new LinkOffloads(queue.socket().completesChecksums(), 0), wakeEvent);
    this.queue = queue;
    receive = queue.receive();
    transmit = queue.transmit();
    socket = queue.socket();
    waiting = new PollSet(socket.arena(), new Libc(socket.arena()), wakeEvent, socket.descriptor());
    siblings = new Siblings(queue.program(), config.queue(), wakeEvent, socket.arena());
  }

  /**
   * Takes a queue of an interface that is up.
   *
   * @throws LinkException in one line for the user; nothing stays behind
   */
  public static AfXdpLink open(AfXdpConfig config) throws LinkException {
    return Opening.open(
        "afxdp",
        config.netns(),
        () -> XdpQueue.open(config),
        (queue, wakeEvent) -> new AfXdpLink(config, queue, wakeEvent));
  }

  @Override
  public long hardwareAddress() {
    return queue.program().station();
  }

  @Override
  public int mtu() {
    return queue.mtu();
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
  protected int descriptor() {
    return socket.descriptor();
  }

  @Override
  protected void take(Burst burst) {
    if (transmit.waiting() > 0) {
      push();
    }
    int before = burst.size();
    receive.receive(burst);
    siblings.exchange(burst, before);
    if (receive.needsWakeup()) {
      look();
    }
  }

  /** {@inheritDoc} In our own memory alone, and one less for the headers. */
  @Override
  public int gatherPieces() {
    return socket.frames().byteSize() == 0 ? 0 : UmemLayout.MOST_PIECES - 1;
  }

  @Override
  public MemorySegment frameMemory() {
    return socket.frames();
  }

  @Override
  public boolean gathers(MemorySegment memory) {
    long at = memory.address() - socket.frames().address();
    return at >= 0 && at + memory.byteSize() <= socket.frames().byteSize();
  }

  /** {@inheritDoc} As the completion ring says. */
  @Override
  public long gathersDone() {
    if (!closed) {
      transmit.reap();
    }
    return transmit.gathersDone();
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
      transmit.drop(claimedSlot, packet);
    } else {
      transmit.commit(claimedSlot, packet);
    }
    claimedSlot = NO_SLOT;
  }

  @Override
  public void cancel(TransmitPacket packet) {
    super.cancel(packet);
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

  @Override
  protected void look() {
    int result = socket.look();
    down = false;
    note(result);
  }

  private void note(int result) {
    down |= result == -Errno.ENETDOWN;
    gone |= result == -Errno.ENXIO;
  }

  @Override
  protected void await(long timeoutNanos) {
    waiting.await(Math.min(timeoutNanos, LONGEST_WAIT_NANOS));
    if (waiting.isSilent()) {
      look();
    }
  }

  @Override
  protected long lost() {
    return receive.drops() + socket.drops();
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

  /** Where the chunks of this link are, for tests. */
  XdpQueue queue() {
    return queue;
  }

  @Override
  protected void free() {
    siblings.leave();
    queue.close();
  }
}
