package wisp.core.stack;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import wisp.core.ip.IpAddress;

/**
 * A UDP port that an application has opened with {@link Context#bind}. On the context's thread.
 *
 * <p>Every send leaves at once, or with the burst when it is made in a callback, and what does not
 * leave is not kept: how fast to send is for the application to find out (RFC 8085 §3.1). A
 * datagram larger than the path's MTU goes in fragments; better none is (§3.2). No send allocates
 * anything.
 */
public final class DatagramPort {
  private final DatagramPorts all;
  private final BoundPort bound;
  private final Endpoint local;

  DatagramPort(DatagramPorts all, BoundPort bound, Endpoint local) {
    this.all = all;
    this.bound = bound;
    this.local = local;
  }

  /**
   * Sends a datagram. From a port at all addresses it has the source that RFC 6724 prefers.
   *
   * @param remote one host's endpoint; of a connected port its own remote
   * @param memory borrowed until the call returns
   * @param offset first byte
   * @param length bytes: 0 … 65,507 over IPv4, 65,527 over IPv6
   * @return false: the link is full, there is no route, no address of ours is of that family or may
   *     be used any more, {@code remote} is not one host's, too long, or closed
   * @throws IllegalArgumentException when the port is connected to another remote
   * @throws IndexOutOfBoundsException when the bytes don't lie in the memory
   */
  public boolean send(Endpoint remote, MemorySegment memory, long offset, int length) {
    IpAddress to = all.context.inZone(remote).address();
    return sendTo(0, 0, to.high(), to.low(), remote.port(), memory, offset, length);
  }

  /**
   * Sends a datagram to whom the port is connected.
   *
   * @throws IllegalStateException when it is not
   * @see #send(Endpoint, MemorySegment, long, int)
   */
  public boolean send(MemorySegment memory, long offset, int length) {
    if (!bound.isConnected()) {
      throw new IllegalStateException(local + " is not connected: a datagram needs a remote");
    }
    return sendTo(
        0, 0, bound.remoteHigh(), bound.remoteLow(), bound.remotePort(), memory, offset, length);
  }

  /**
   * Sends a datagram back to where one came from, from the address that it was sent to (RFC 1122
   * §4.1.3.5).
   *
   * @param datagram the one that is being handled; its own memory may be sent back
   * @return false: as above; or it came from port 0, which wants no answer
   * @throws IllegalStateException when the datagram's callback has returned
   * @see #send(Endpoint, MemorySegment, long, int)
   */
  public boolean reply(Datagram datagram, MemorySegment memory, long offset, int length) {
    datagram.checkLent();
    boolean isOurs = !datagram.toGroup();
    return sendTo(
        isOurs ? datagram.destinationHigh() : 0,
        isOurs ? datagram.destinationLow() : 0,
        datagram.sourceHigh(),
        datagram.sourceLow(),
        datagram.sourcePort(),
        memory,
        offset,
        length);
  }

  private boolean sendTo(
      long fromHigh,
      long fromLow,
      long toHigh,
      long toLow,
      int toPort,
      MemorySegment memory,
      long offset,
      int length) {
    if (bound.isConnected() && !bound.isConnectedTo(toHigh, toLow, toPort)) {
      throw new IllegalArgumentException(
          local + " is connected to " + remote() + " and sends to nobody else");
    }
    boolean sent =
        all.output.send(bound, fromHigh, fromLow, toHigh, toLow, toPort, memory, offset, length);
    all.context.finishCall();
    return sent;
  }

  /** Our endpoint, with the port that was chosen if the stack chose it. */
  public Endpoint local() {
    return local;
  }

  /** Whom the port is connected to; null: nobody. */
  public @Nullable Endpoint remote() {
    return bound.isConnected()
        ? new Endpoint(new IpAddress(bound.remoteHigh(), bound.remoteLow()), bound.remotePort())
        : null;
  }

  /** Whether neither the port nor its context has been closed. */
  public boolean isOpen() {
    return bound.isOpen();
  }

  /** Receives and sends no more; its endpoint is free again. Idempotent. */
  public void close() {
    all.ports.remove(bound);
  }
}
