package wisp.drivers.afxdp;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import wisp.core.spi.LinkException;
import wisp.drivers.linux.Errno;
import wisp.drivers.linux.Libc;
import wisp.drivers.linux.MemoryCalls;
import wisp.drivers.linux.NetworkInterface;
import wisp.drivers.linux.SocketCalls;

/**
 * A socket of AF_XDP on one queue of an interface: memory shared with the kernel and the four rings
 * in which its parts go round. All of it ends with the socket. ({@code
 * Documentation/networking/af_xdp.rst}, {@code include/uapi/linux/if_xdp.h})
 *
 * <pre>
 *   struct xdp_umem_reg (32 B)       address 8 │ bytes 8 │ chunk 4 │ headroom 4 │ flags 4 │ metadata 4
 *   struct xdp_mmap_offsets (128 B)  receive, transmit, fill, completion: producer 8 │ consumer 8 │ entries 8 │ flags 8
 *   struct sockaddr_xdp (16 B)       family 2 │ flags 2 │ interface 4 │ queue 4 │ socket to share with 4
 *   struct xdp_statistics (48 B)     dropped 8 │ bad receive descriptors 8 │ bad transmit descriptors 8 │ ring full 8 │ fill ring empty 8 │ 8
 * </pre>
 */
final class XdpSocket {
  static final int AF_XDP = 44;
  private static final int SOL_XDP = 283;
  private static final int XDP_MMAP_OFFSETS = 1;
  private static final int XDP_RX_RING = 2;
  private static final int XDP_TX_RING = 3;
  private static final int XDP_UMEM_REG = 4;
  private static final int XDP_UMEM_FILL_RING = 5;
  private static final int XDP_UMEM_COMPLETION_RING = 6;
  private static final int XDP_STATISTICS = 7;
  private static final int XDP_MAX_TX_SKB_BUDGET = 9;
  private static final long PGOFF_RX = 0;
  private static final long PGOFF_TX = 0x8000_0000L;
  private static final long PGOFF_FILL = 0x1_0000_0000L;
  private static final long PGOFF_COMPLETION = 0x1_8000_0000L;
  private static final int UMEM_REG_BYTES = 32;
  private static final int OFFSETS_BYTES = 128;
  private static final int SOCKADDR_BYTES = 16;
  private static final int STATISTICS_BYTES = 48;
  private static final int OFFSETS_OF_RING = 32;
  private static final int FLAG_UNALIGNED_CHUNKS = 1;
  private static final int FLAG_METADATA = 4;
  private static final int BIND_COPY = 2;
  private static final int BIND_ZERO_COPY = 4;
  private static final int BIND_NEED_WAKEUP = 8;
  private static final int BIND_PIECES = 16;

  /** Packets that one system call sends where the kernel copies; without it, 32. */
  private static final int SEND_BUDGET = 256;

  /** What may be on its way to the interface. */
  private static final int SEND_BUFFER_BYTES = 8 << 20;

  private final AfXdpConfig config;
  private final UmemLayout layout;
  private final Arena arena = Arena.ofShared();
  private final Libc libc = new Libc(arena);
  private final SocketCalls calls = new SocketCalls(arena);
  private final MemorySegment scratch = arena.allocate(OFFSETS_BYTES, 8);
  private final MemorySegment umem;
  private final MemorySegment frames;
  private final int descriptor;
  private boolean completesChecksums;

  private XdpSocket(AfXdpConfig config, UmemLayout layout) throws LinkException {
    this.config = config;
    this.layout = layout;
    try {
      long address =
          map(
              layout.bytes(),
              MemoryCalls.MAP_PRIVATE | MemoryCalls.MAP_ANONYMOUS,
              -1,
              0,
              "can't have " + (layout.bytes() >> 20) + " MiB (try fewer frames=)");
      umem = MemoryCalls.view(address, layout.framesStart(), arena);
      // Whoever has frames may give them back after we have been closed.
      frames =
          layout.framesBytes() == 0
              ? MemorySegment.NULL
              : MemoryCalls.view(
                  address + layout.framesStart(), layout.framesBytes(), Arena.ofAuto());
      descriptor = libc.socket(AF_XDP, Libc.SOCK_RAW | Libc.SOCK_NONBLOCK, 0);
      if (descriptor < 0) {
        throw failed("can't open a socket", descriptor);
      }
    } catch (LinkException | RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  /**
   * Opens one that is not bound yet.
   *
   * @throws LinkException in one line for the user; nothing stays open
   */
  static XdpSocket open(AfXdpConfig config, UmemLayout layout) throws LinkException {
    var socket = new XdpSocket(config, layout);
    try {
      socket.registerMemory();
      socket.setOption("can't have so many frames=", XDP_UMEM_FILL_RING, layout.receiveChunks());
      socket.setOption("has no completions", XDP_UMEM_COMPLETION_RING, layout.transmitEntries());
      socket.setOption("can't have so many frames=", XDP_RX_RING, layout.receiveChunks());
      socket.setOption("can't send", XDP_TX_RING, layout.transmitEntries());
      // Older kernels know no other budget than 32: then there are more calls.
      socket.calls.setOption(socket.descriptor, SOL_XDP, XDP_MAX_TX_SKB_BUDGET, SEND_BUDGET);
      socket.calls.setOption(
          socket.descriptor, SocketCalls.SOL_SOCKET, SocketCalls.SO_SNDBUFFORCE, SEND_BUFFER_BYTES);
      return socket;
    } catch (LinkException | RuntimeException | Error e) {
      socket.close();
      throw e;
    }
  }

  private void registerMemory() throws LinkException {
    scratch.set(ValueLayout.JAVA_LONG, 0, umem.address());
    scratch.set(ValueLayout.JAVA_LONG, 8, layout.sharedBytes());
    scratch.set(ValueLayout.JAVA_INT, 16, layout.chunkBytes());
    scratch.set(ValueLayout.JAVA_INT, 20, 0);
    int flags = layout.overlapping() ? FLAG_UNALIGNED_CHUNKS : 0;
    scratch.set(ValueLayout.JAVA_INT, 24, flags | FLAG_METADATA);
    scratch.set(ValueLayout.JAVA_INT, 28, UmemLayout.METADATA_BYTES);
    // Checksums are completed for us only where the kernel copies: a card's driver need not.
    if (layout.overlapping()
        && calls.setOption(descriptor, SOL_XDP, XDP_UMEM_REG, scratch.asSlice(0, UMEM_REG_BYTES))
            >= 0) {
      completesChecksums = true;
      return;
    }
    scratch.set(ValueLayout.JAVA_INT, 24, flags);
    scratch.set(ValueLayout.JAVA_INT, 28, 0);
    check(
        "can't share memory (try fewer frames=, or: ulimit -l unlimited)",
        calls.setOption(descriptor, SOL_XDP, XDP_UMEM_REG, scratch.asSlice(0, UMEM_REG_BYTES)));
  }

  /**
   * Binds it to the queue; only then can the kernel use the rings.
   *
   * @param pieces whether packets may take several chunks
   * @return 0, or {@code −errno}
   */
  int bind(NetworkInterface device, boolean pieces) {
    int copy = layout.overlapping() ? BIND_COPY : BIND_ZERO_COPY;
    int flags = copy | BIND_NEED_WAKEUP | (pieces ? BIND_PIECES : 0);
    scratch.set(ValueLayout.JAVA_SHORT, 0, (short) AF_XDP);
    scratch.set(ValueLayout.JAVA_SHORT, 2, (short) flags);
    scratch.set(ValueLayout.JAVA_INT, 4, device.index());
    scratch.set(ValueLayout.JAVA_INT, 8, config.queue());
    scratch.set(ValueLayout.JAVA_INT, 12, 0);
    return calls.bind(descriptor, scratch.asSlice(0, SOCKADDR_BYTES));
  }

  /** The rings for what comes in, each chunk offered to the kernel. */
  ReceiveFrames receiveFrames(int mtu, int flags) throws LinkException {
    return new ReceiveFrames(
        umem,
        layout,
        ring(2, PGOFF_FILL, layout.receiveChunks(), Ring.ADDRESS_BYTES),
        ring(0, PGOFF_RX, layout.receiveChunks(), Ring.DESCRIPTOR_BYTES),
        mtu,
        flags);
  }

  /** The rings for what leaves. */
  TransmitFrames transmitFrames() throws LinkException {
    return new TransmitFrames(
        umem,
        layout,
        ring(1, PGOFF_TX, layout.transmitEntries(), Ring.DESCRIPTOR_BYTES),
        ring(3, PGOFF_COMPLETION, layout.transmitEntries(), Ring.ADDRESS_BYTES));
  }

  private Ring ring(int number, long pageOffset, int entries, int entryBytes) throws LinkException {
    int bytes =
        calls.option(descriptor, SOL_XDP, XDP_MMAP_OFFSETS, scratch.asSlice(0, OFFSETS_BYTES));
    if (bytes != OFFSETS_BYTES) {
      throw new LinkException(
          config.label() + " needs Linux 5.9 or later: the rings are not laid out as known");
    }
    long at = (long) number * OFFSETS_OF_RING;
    var places =
        new Ring.Places(
            scratch.get(ValueLayout.JAVA_LONG, at),
            scratch.get(ValueLayout.JAVA_LONG, at + 8),
            scratch.get(ValueLayout.JAVA_LONG, at + 16),
            scratch.get(ValueLayout.JAVA_LONG, at + 24));
    long size = places.entries() + (long) entries * entryBytes;
    long address =
        map(
            size,
            MemoryCalls.MAP_SHARED | MemoryCalls.MAP_POPULATE,
            descriptor,
            pageOffset,
            "can't map a ring");
    return new Ring(MemoryCalls.view(address, size, arena), places, entries);
  }

  private long map(long bytes, int flags, int mapped, long offset, String what)
      throws LinkException {
    long address = new MemoryCalls(arena).map(bytes, flags, mapped, offset);
    if (MemoryCalls.isError(address)) {
      throw failed(what, (int) address);
    }
    return address;
  }

  /** The memory that packets lie in, but for the frames. */
  MemorySegment umem() {
    return umem;
  }

  /** The memory for frames, which goes when nobody has any of it; empty: there is none. */
  MemorySegment frames() {
    return frames;
  }

  int descriptor() {
    return descriptor;
  }

  /** Whether the kernel completes checksums as the metadata before a packet says. */
  boolean completesChecksums() {
    return completesChecksums;
  }

  /**
   * Has the kernel look at the transmit ring.
   *
   * @return 0, or {@code −errno}: EAGAIN, there is more than it does at once; EBUSY, the interface
   *     has dropped one
   */
  int send() {
    return calls.sendTo(descriptor, 0, 0, SocketCalls.MSG_DONTWAIT, 0, 0);
  }

  /**
   * Has the kernel look at the fill ring, and says how the interface is.
   *
   * @return 0, or {@code −errno}: ENETDOWN, it is down; ENXIO, it is gone
   */
  int look() {
    return calls.receive(descriptor, 0, 0, SocketCalls.MSG_DONTWAIT);
  }

  /** Packets that the kernel could not give us, and descriptors of ours that it did not like. */
  long drops() {
    int bytes =
        calls.option(descriptor, SOL_XDP, XDP_STATISTICS, scratch.asSlice(0, STATISTICS_BYTES));
    long sum = 0;
    for (int at = 0; bytes == STATISTICS_BYTES && at < 4 * Long.BYTES; at += Long.BYTES) {
      sum += scratch.get(ValueLayout.JAVA_LONG, at);
    }
    return sum;
  }

  /** Where its memory is, until it is closed. */
  Arena arena() {
    return arena;
  }

  /** Takes it out of the map of sockets as well, and frees its memory. */
  void close() {
    libc.close(descriptor);
    arena.close();
  }

  private void setOption(String what, int option, int value) throws LinkException {
    check(what, calls.setOption(descriptor, SOL_XDP, option, value));
  }

  private void check(String what, int result) throws LinkException {
    if (result < 0) {
      throw failed(what, result);
    }
  }

  LinkException failed(String what, int result) {
    return result == -Errno.EPERM
        ? new LinkException(AfXdpProvider.NOT_ALLOWED)
        : new LinkException(config.label() + " " + what + ": " + libc.describe(result));
  }
}
