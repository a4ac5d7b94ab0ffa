package wisp.core.stack;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.MemoryStrategy;
import wisp.core.spi.RecordClass;
import wisp.core.spi.SocketBuffers;

/** Classic socket buffers of both record classes behind the slot numbers of {@link Records}. */
final class BothBuffers implements SocketBuffers {
  private final SocketBuffers ipv4;
  private final SocketBuffers ipv6;

  private BothBuffers(SocketBuffers ipv4, SocketBuffers ipv6) {
    this.ipv4 = ipv4;
    this.ipv6 = ipv6;
  }

  /**
   * The strategy's socket buffers, or null when it has none.
   *
   * @throws IllegalArgumentException when their sizes are no powers of two
   */
  static @Nullable SocketBuffers of(MemoryStrategy memory) {
    SocketBuffers ipv4 = memory.socketBuffers(RecordClass.IPV4);
    SocketBuffers ipv6 = memory.socketBuffers(RecordClass.IPV6);
    if (ipv4 == null || ipv6 == null) {
      return null;
    }
    if (Integer.bitCount(ipv4.receiveBytes()) != 1 || Integer.bitCount(ipv4.sendBytes()) != 1) {
      throw new IllegalArgumentException(
          "socket buffers of "
              + ipv4.receiveBytes()
              + " and "
              + ipv4.sendBytes()
              + " bytes: both must be powers of two");
    }
    return new BothBuffers(ipv4, ipv6);
  }

  private SocketBuffers of(int slot) {
    return (slot & Records.IPV6) == 0 ? ipv4 : ipv6;
  }

  private static int place(int slot) {
    return slot & ~Records.IPV6;
  }

  @Override
  public int receiveBytes() {
    return ipv4.receiveBytes();
  }

  @Override
  public int sendBytes() {
    return ipv4.sendBytes();
  }

  @Override
  public boolean open(int slot) {
    return of(slot).open(place(slot));
  }

  @Override
  public void close(int slot) {
    of(slot).close(place(slot));
  }

  @Override
  public MemorySegment memory(int slot) {
    return of(slot).memory(place(slot));
  }

  @Override
  public long receiveStart(int slot) {
    return of(slot).receiveStart(place(slot));
  }

  @Override
  public long sendStart(int slot) {
    return of(slot).sendStart(place(slot));
  }

  @Override
  public int receiveFill(int slot) {
    return of(slot).receiveFill(place(slot));
  }

  @Override
  public void receiveFill(int slot, int bytes) {
    of(slot).receiveFill(place(slot), bytes);
  }
}
