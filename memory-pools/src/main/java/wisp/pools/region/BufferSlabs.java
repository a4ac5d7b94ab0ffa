package wisp.pools.region;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import wisp.core.spi.Footprint;
import wisp.core.spi.SocketBuffers;

/**
 * A receive and a send buffer for every connection, side by side in one slot of {@link Slabs}.
 * Which slot, and how full the receive buffer is, stands in two arrays by record slot.
 */
public final class BufferSlabs implements SocketBuffers {
  private static final int PAGE_BYTES = 4096;

  private final Slabs slabs;
  private final int receiveBytes;
  private final int sendBytes;
  // By record slot; 0: none, else the slot of the buffers + 1.
  private int[] bufferOf = new int[64];
  private int[] fillOf = new int[64];

  /**
   * None yet.
   *
   * @param receiveBytes of each receive buffer, a power of two, at least 8
   * @param sendBytes of each send buffer, a power of two, at least 8
   * @param slabBytes a slab is at most so large, but holds at least one pair
   */
  public BufferSlabs(int receiveBytes, int sendBytes, long slabBytes, SlabSource source) {
    this.receiveBytes = receiveBytes;
    this.sendBytes = sendBytes;
    int pair = receiveBytes + sendBytes;
    this.slabs = new Slabs(pair, Slabs.fitting(pair, slabBytes), 31, source);
  }

  @Override
  public boolean open(int slot) {
    if (slot < bufferOf.length && bufferOf[slot] != 0) {
      throw new IllegalStateException("slot " + slot + " has its buffers already");
    }
    if (slot >= bufferOf.length && !grow(slot)) {
      return false;
    }
    int buffer = slabs.acquire();
    if (buffer == Slabs.NONE) {
      return false;
    }
    // The kernel backs a page when it is first written: without this the buffers would look free of
    // charge.
    for (int offset = 0; offset < slabs.slotBytes(); offset += PAGE_BYTES) {
      slabs.writeInt(buffer, offset, 0);
    }
    slabs.writeInt(buffer, slabs.slotBytes() - 4, 0);
    bufferOf[slot] = buffer + 1;
    fillOf[slot] = 0;
    return true;
  }

  private boolean grow(int slot) {
    try {
      int length = Math.max(slot + 1, 2 * bufferOf.length);
      int[] buffers = Arrays.copyOf(bufferOf, length);
      fillOf = Arrays.copyOf(fillOf, length);
      bufferOf = buffers;
      return true;
    } catch (OutOfMemoryError e) {
      return false;
    }
  }

  @Override
  public void close(int slot) {
    slabs.release(buffer(slot));
    bufferOf[slot] = 0;
  }

  private int buffer(int slot) {
    int buffer = slot < bufferOf.length ? bufferOf[slot] - 1 : -1;
    if (buffer < 0) {
      throw new IllegalStateException("slot " + slot + " has no buffers");
    }
    return buffer;
  }

  @Override
  public int receiveBytes() {
    return receiveBytes;
  }

  @Override
  public int sendBytes() {
    return sendBytes;
  }

  @Override
  public MemorySegment memory(int slot) {
    return slabs.memory(buffer(slot));
  }

  @Override
  public long receiveStart(int slot) {
    return slabs.start(buffer(slot));
  }

  @Override
  public long sendStart(int slot) {
    return slabs.start(buffer(slot)) + receiveBytes;
  }

  @Override
  public int receiveFill(int slot) {
    return fillOf[slot];
  }

  @Override
  public void receiveFill(int slot, int bytes) {
    assert bytes >= 0 && bytes <= receiveBytes : bytes + " of " + receiveBytes + " bytes";
    fillOf[slot] = bytes;
  }

  /** Connections that have their buffers. */
  int inUse() {
    return slabs.size();
  }

  void footprint(Footprint into) {
    long tables = slabs.tableBytes() + 2 * 16 + 8L * bufferOf.length;
    into.add(
        Footprint.Kind.SOCKET_BUFFERS,
        slabs.source().reservedBytes() + tables,
        (long) slabs.size() * slabs.slotBytes());
  }

  /** Frees the memory of all buffers, in use or not. */
  public void close() {
    slabs.close();
    slabs.source().close();
  }
}
