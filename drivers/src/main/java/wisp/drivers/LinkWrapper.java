package wisp.drivers;

import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.LinkOffloads;
import wisp.core.spi.TransmitPacket;

/**
 * A link that is another one with something in between: passes every call on, so that a wrapper
 * says only what it does otherwise, and none forgets a question that {@link Link} answers by
 * default.
 */
public abstract class LinkWrapper implements Link {
  /** What is wrapped: owned, closed with this one. */
  protected final Link link;

  /** Takes a link over. */
  protected LinkWrapper(Link link) {
    this.link = link;
  }

  /** What is wrapped. */
  final Link wrapped() {
    return link;
  }

  /**
   * How long until {@code receive} has something to do although the device behind it all has said
   * nothing: a packet that was kept inside is due. A wrapper that keeps packets says when.
   *
   * @return {@link Long#MAX_VALUE}: nothing is inside
   */
  public long nanosUntilDue() {
    return link instanceof LinkWrapper wrapper ? wrapper.nanosUntilDue() : Long.MAX_VALUE;
  }

  @Override
  public String name() {
    return link.name();
  }

  @Override
  public Kind kind() {
    return link.kind();
  }

  @Override
  public long hardwareAddress() {
    return link.hardwareAddress();
  }

  @Override
  public int mtu() {
    return link.mtu();
  }

  @Override
  public LinkOffloads offloads() {
    return link.offloads();
  }

  @Override
  public int receive(Burst burst) {
    return link.receive(burst);
  }

  @Override
  public boolean brings(
      long localHigh,
      long localLow,
      int localPort,
      long remoteHigh,
      long remoteLow,
      int remotePort) {
    return link.brings(localHigh, localLow, localPort, remoteHigh, remoteLow, remotePort);
  }

  @Override
  public boolean claim(int bytes, TransmitPacket packet) {
    return link.claim(bytes, packet);
  }

  @Override
  public void commit(TransmitPacket packet) {
    link.commit(packet);
  }

  @Override
  public void cancel(TransmitPacket packet) {
    link.cancel(packet);
  }

  @Override
  public void flush() {
    link.flush();
  }

  @Override
  public void awaitReadable(long timeoutNanos) {
    link.awaitReadable(timeoutNanos);
  }

  @Override
  public void wake() {
    link.wake();
  }

  @Override
  public long drops() {
    return link.drops();
  }

  @Override
  public void close() {
    link.close();
  }
}
