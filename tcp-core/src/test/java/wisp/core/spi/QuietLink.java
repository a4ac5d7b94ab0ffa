package wisp.core.spi;

import java.lang.foreign.MemorySegment;

/**
 * What links of tests have in common: IP, an MTU of 1,500, one place to write at, and nothing to
 * wait for. They say what arrives and what becomes of what is sent.
 */
public abstract class QuietLink implements Link {
  /** Where each packet is written. */
  protected final MemorySegment transmit;

  /**
   * Writing there.
   *
   * @param transmit shared with the test; room for a packet
   */
  protected QuietLink(MemorySegment transmit) {
    this.transmit = transmit;
  }

  @Override
  public String name() {
    return "test";
  }

  @Override
  public Kind kind() {
    return Kind.IP;
  }

  @Override
  public int mtu() {
    return 1_500;
  }

  @Override
  public LinkOffloads offloads() {
    return LinkOffloads.NONE;
  }

  @Override
  public boolean claim(int bytes, TransmitPacket packet) {
    packet.lend(transmit, 0);
    return true;
  }

  @Override
  public void cancel(TransmitPacket packet) {}

  @Override
  public void flush() {}

  @Override
  public void awaitReadable(long timeoutNanos) {}

  @Override
  public void wake() {}

  @Override
  public void close() {}
}
