package wisp.drivers.linux;

import wisp.core.spi.Burst;
import wisp.core.spi.LinkOffloads;
import wisp.core.spi.TransmitPacket;
import wisp.drivers.Claim;
import wisp.drivers.LinkDownException;

/**
 * What links have in common that use an Ethernet interface of the kernel by a socket: how they end,
 * with the interface or by {@link #close}, what they have lost, and how their thread waits.
 */
public abstract class InterfaceLink implements PolledLink {
  /** A receiver that never waits learns that the interface is gone after so many looks in vain. */
  private static final int LOOKS = 1024;

  /** Turns of claim and commit. */
  protected final Claim claim = new Claim();

  /** Packets lost on our side that nobody else counts. */
  protected long drops;

  /** The interface was deleted. */
  protected boolean gone;

  /** Nothing of the kernel's is left. */
  protected boolean closed;

  private final String name;
  private final LinkOffloads offloads;
  private final WakeEvent wakeEvent;
  private int vainLooks;

  /**
   * Of an interface that is there.
   *
   * @param wakeEvent owned
   */
  protected InterfaceLink(String name, LinkOffloads offloads, WakeEvent wakeEvent) {
    this.name = name;
    this.offloads = offloads;
    this.wakeEvent = wakeEvent;
  }

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final Kind kind() {
    return Kind.ETHERNET;
  }

  @Override
  public final LinkOffloads offloads() {
    return offloads;
  }

  /** {@inheritDoc} −1 when it is closed. */
  @Override
  public final int readableDescriptor() {
    return closed ? -1 : descriptor();
  }

  /** The socket's, while it is open. */
  protected abstract int descriptor();

  /**
   * {@inheritDoc}
   *
   * @throws LinkDownException when the interface is gone
   */
  @Override
  public final int receive(Burst burst) {
    if (closed) {
      return 0;
    }
    int before = burst.size();
    take(burst);
    int added = burst.size() - before;
    vainLooks = added > 0 ? 0 : vainLooks + 1;
    if (vainLooks >= LOOKS) {
      vainLooks = 0;
      look();
    }
    if (gone && added == 0) {
      throw gone();
    }
    return added;
  }

  /** Adds what is there. */
  protected abstract void take(Burst burst);

  /** Looks whether the interface is still there. */
  protected abstract void look();

  @Override
  public void cancel(TransmitPacket packet) {
    claim.cancel();
  }

  /**
   * {@inheritDoc}
   *
   * @throws LinkDownException when the interface is gone
   */
  @Override
  public final void awaitReadable(long timeoutNanos) {
    if (closed || timeoutNanos <= 0) {
      return;
    }
    if (!gone) {
      await(timeoutNanos);
    }
    if (gone) {
      throw gone();
    }
  }

  /** Waits, perhaps less long, and looks whether the interface is still there if in doubt. */
  protected abstract void await(long timeoutNanos);

  private LinkDownException gone() {
    return new LinkDownException(
        name + " is gone: the interface or its network namespace was deleted");
  }

  @Override
  public final void wake() {
    wakeEvent.wake();
  }

  @Override
  public final long drops() {
    return closed ? drops : drops + lost();
  }

  /** Packets that its parts and the kernel have counted as lost, while it is open. */
  protected abstract long lost();

  @Override
  public final void close() {
    if (!closed) {
      flush();
      drops = drops();
      closed = true;
      free();
      wakeEvent.close();
    }
  }

  /** Gives back what the kernel has given. */
  protected abstract void free();
}
