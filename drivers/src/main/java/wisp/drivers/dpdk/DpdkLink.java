package wisp.drivers.dpdk;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.core.spi.LinkOffloads;
import wisp.core.spi.TransmitPacket;
import wisp.drivers.LentMemory;
import wisp.drivers.LinkDownException;
import wisp.drivers.linux.NetworkNamespace;

/**
 * A device of DPDK, virtual or physical, with one queue each way: {@link Receiver}, {@link
 * Transmitter} and {@link SendQueue}, {@link Waiting}, {@link Lookout}.
 *
 * <p>A received packet is handed out where the driver has put it, in a buffer of {@link MbufPool},
 * which goes back on the next {@code receive}. A packet to be sent is written into such a buffer,
 * its payload behind the headers or left where it lies ({@link ExternalPieces}); from {@code flush}
 * on it is the driver's, which frees it. A received packet of several pieces is dropped and
 * counted: buffers are long enough for the MTU.
 *
 * <p>DPDK knows the thread that receives, so that it has a cache of its own in the pool; another
 * thread may take over at any time.
 */
public final class DpdkLink implements Link, LentMemory {
  /** Empty bursts after which {@code receive} looks at the clock, for who never waits. */
  private static final int EMPTY_BURSTS = 1 << 16;

  /** Packets with pieces that the driver has at once; further ones are copied. */
  private static final int MOST_GATHERED = 1 << 12;

  private final Opening opened;
  private final Port port;
  private final LinkOffloads offloads;
  private final Arena arena = Arena.ofShared();
  private final Lookout lookout;
  private final Spares spares;
  private final SendQueue queue;
  private final ExternalPieces pieces;
  private final @Nullable Staging staging;
  private final Receiver receiver;
  private final Transmitter transmitter;
  private final Waiting waiting;
  private int emptyBursts;
  private boolean closed;
  private @Nullable Thread poller;

  private DpdkLink(Opening opened) {
    this.opened = opened;
    port = opened.port();
    offloads = new LinkOffloads(port.checksums(), port.segmentationBytes());
    lookout = new Lookout(opened.label(), opened.watch(), port);
    spares = new Spares(opened.librte(), opened.pool(), arena);
    queue = new SendQueue(opened.librte(), port, lookout, arena);
    pieces = new ExternalPieces(arena, port.gathers() ? MOST_GATHERED : 1);
    staging = port.segmentationBytes() > 0 ? new Staging(opened.librte(), arena) : null;
    receiver =
        new Receiver(
            opened.label(),
            opened.librte(),
            opened.pool(),
            port,
            lookout,
            spares,
            opened.trusted(),
            arena);
    transmitter =
        new Transmitter(
            opened.label(), opened.pool(), port, offloads, spares, queue, pieces, staging);
    waiting = new Waiting(receiver, queue, lookout);
  }

  /**
   * Opens a device.
   *
   * @throws LinkException in one line for the user; nothing stays behind
   */
  public static DpdkLink open(DpdkConfig config) throws LinkException {
    return open("dpdk:" + config.label(), config, Watch.NONE, null);
  }

  /**
   * Opens a device that someone else looks after.
   *
   * @param label what it is called
   * @param watch closed with the link, also when that can't be opened
   * @param abi where things lie; null: as in the version that is installed
   */
  static DpdkLink open(String label, DpdkConfig config, Watch watch, @Nullable Abi abi)
      throws LinkException {
    return new DpdkLink(Opening.of(label, config, watch, abi));
  }

  @Override
  public String name() {
    return opened.label();
  }

  @Override
  public Kind kind() {
    return Kind.ETHERNET;
  }

  @Override
  public long hardwareAddress() {
    return port.hardwareAddress();
  }

  @Override
  public int mtu() {
    return port.mtu();
  }

  @Override
  public LinkOffloads offloads() {
    return offloads;
  }

  /**
   * {@inheritDoc}
   *
   * @throws LinkDownException when the interface below the device is gone
   */
  @Override
  public int receive(Burst burst) {
    if (closed) {
      return 0;
    }
    adoptThread();
    int before = burst.size();
    if (receiver.receive(burst)) {
      emptyBursts = 0;
    } else {
      lookout.throwWhenDown();
      if (++emptyBursts >= EMPTY_BURSTS) {
        emptyBursts = 0;
        lookout.look(System.nanoTime());
      }
    }
    return burst.size() - before;
  }

  private void adoptThread() {
    if (Thread.currentThread() != poller) {
      opened.eal().registerThread();
      poller = Thread.currentThread();
    }
  }

  @Override
  public int gatherPieces() {
    return port.gathers() ? ExternalPieces.MOST_PIECES : 0;
  }

  /** Those that the driver has freed, in any order, up to the first that it has not. */
  @Override
  public long gathersDone() {
    return pieces.done();
  }

  @Override
  public boolean claim(int bytes, TransmitPacket packet) {
    return transmitter.claim(bytes, packet, !closed && !lookout.isDown());
  }

  @Override
  public void commit(TransmitPacket packet) {
    transmitter.commit(packet, !closed);
  }

  @Override
  public void cancel(TransmitPacket packet) {
    transmitter.cancel();
  }

  /** What the driver does not take now is offered again on the next calls, for a while. */
  @Override
  public void flush() {
    queue.flush();
  }

  /**
   * {@inheritDoc}
   *
   * @throws LinkDownException when the interface below the device is gone
   */
  @Override
  public void awaitReadable(long timeoutNanos) {
    if (closed || timeoutNanos <= 0) {
      return;
    }
    adoptThread();
    lookout.throwWhenDown();
    waiting.await(timeoutNanos);
  }

  @Override
  public void wake() {
    waiting.wake();
  }

  @Override
  public long drops() {
    return transmitter.drops() + queue.drops() + receiver.drops();
  }

  /** Whether somebody is at the other end, as far as the driver knows. */
  boolean isPeerThere() {
    return port.isLinkUp();
  }

  @Override
  public MemorySegment receiveMemory() {
    return opened.pool().memory();
  }

  /** {@inheritDoc} Spare ones, which wait to be written to, are at home as well. */
  @Override
  public int framesOut() {
    return opened.pool().size() - opened.pool().available() - spares.count();
  }

  /** Packet buffers that nobody has; all of them, when nothing is on its way. */
  int availableBuffers() {
    return opened.pool().available();
  }

  /**
   * Gives every buffer back and pulls the device out.
   *
   * @throws AssertionError when assertions are on and a buffer did not come back
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    queue.close();
    receiver.close();
    transmitter.cancel();
    spares.close();
    try {
      NetworkNamespace.inside(
          opened.config().netns(),
          () -> {
            closePort();
            return true;
          });
    } catch (LinkException e) {
      closePort(); // the namespace is gone; the device with it
    }
    lookout.close();
    // The buffers that net_af_xdp has lent to the kernel stay in its rings, which close with it.
    boolean abandons = opened.config().driver().equals("net_af_xdp");
    int missing = opened.pool().close(abandons ? opened.pool().size() : 0);
    if (Thread.currentThread() == poller) {
      opened.eal().unregisterThread();
    }
    opened.eal().leave();
    if (missing == 0) {
      if (staging != null) {
        staging.close();
      }
      arena.close(); // else whoever has them still counts references there
    }
    assert missing == 0 : name() + ": " + missing + " packet buffers did not come back";
  }

  private void closePort() {
    synchronized (Eal.class) {
      port.close();
    }
  }
}
