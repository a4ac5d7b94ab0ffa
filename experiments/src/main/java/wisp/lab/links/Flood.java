package wisp.lab.links;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.drivers.linux.Libc;
import wisp.drivers.linux.MessageVector;
import wisp.drivers.linux.NetworkInterface;
import wisp.drivers.linux.SocketCalls;
import wisp.lab.FailedException;
import wisp.lab.path.PathLab;

/**
 * Small packets as fast as one core of the kernel sends them: a packet socket past the queueing
 * discipline, 64 in a call. The same for whatever is at the other end. A thread of its own, on the
 * peer's core.
 *
 * <pre>
 *   sockaddr_ll (20 B)    family 2 │ protocol 2 │ index 4 │ …
 * </pre>
 */
final class Flood implements AutoCloseable {
  private static final int AF_PACKET = 17;
  private static final int SOL_PACKET = 263;
  private static final int PACKET_QDISC_BYPASS = 20;
  private static final int ADDRESS_BYTES = 20;
  private static final short IPV4_BIG_ENDIAN = 0x0008;
  private static final int BATCH = 64;
  private static final int SLOT_BYTES = 64;
  private static final int MOST_WAITS = 10_000;
  private static final int SEND_BUFFER = 8 << 20;

  /** Another core of the kernel is behind: not ours to wait for, but nothing to report either. */
  private static final int NO_BUFFER_SPACE = -105;

  private static final int TRY_AGAIN = -11;

  private final Arena arena = Arena.ofShared();
  private final Libc libc = new Libc(arena);
  private final SocketCalls calls = new SocketCalls(arena);
  private final MessageVector messages;
  private final int socket;
  private final Thread thread;
  private volatile boolean stopped;
  private volatile long sent;
  private volatile String trouble = "";

  /**
   * Begins, and waits until it has begun.
   *
   * @param kind of the peer's device
   * @param hardwareAddress to whom
   * @param to IPv4 address and port of whom
   */
  Flood(Lab lab, Link.Kind kind, long hardwareAddress, int to, int port) throws IOException {
    long own = kind == Link.Kind.ETHERNET ? lab.peerHardwareAddress() : 0;
    int index = lab.peer().with(Flood::deviceIndex);
    MemorySegment names = arena.allocate((long) BATCH * ADDRESS_BYTES, 8);
    for (int i = 0; i < BATCH; i++) {
      MemorySegment name = names.asSlice((long) i * ADDRESS_BYTES, ADDRESS_BYTES);
      name.set(ValueLayout.JAVA_SHORT_UNALIGNED, 0, (short) AF_PACKET);
      name.set(ValueLayout.JAVA_SHORT_UNALIGNED, 2, IPV4_BIG_ENDIAN);
      name.set(ValueLayout.JAVA_INT_UNALIGNED, 4, index);
    }
    messages = new MessageVector(arena, BATCH, SLOT_BYTES, names, ADDRESS_BYTES);
    for (int i = 0; i < BATCH; i++) {
      int length =
          Probe.write(
              kind,
              messages.memory(),
              messages.start(i),
              hardwareAddress,
              own,
              to,
              port,
              Ipv4.PEER,
              Probe.KERNEL_PORT);
      messages.length(i, length);
    }
    socket = lab.peer().with(this::open);
    thread = Thread.ofPlatform().name("flood").start(this::send);
    awaitFirst();
  }

  /** On a machine with other things to do the thread may come late to its core. */
  private void awaitFirst() {
    for (int i = 0; i < MOST_WAITS && sent == 0 && trouble.isEmpty(); i++) {
      PathLab.pause(1);
    }
  }

  private static int deviceIndex() throws IOException {
    try {
      return NetworkInterface.find(LinkCase.PEER_DEVICE).index();
    } catch (LinkException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private int open() throws IOException {
    // Protocol 0: it receives nothing.
    int opened = libc.socket(AF_PACKET, Libc.SOCK_RAW | Libc.SOCK_NONBLOCK, 0);
    if (opened < 0) {
      throw new IOException("no packet socket: " + libc.describe(opened));
    }
    calls.setOption(opened, SOL_PACKET, PACKET_QDISC_BYPASS, 1);
    calls.setOption(opened, SocketCalls.SOL_SOCKET, SocketCalls.SO_SNDBUFFORCE, SEND_BUFFER);
    return opened;
  }

  private void send() {
    Core.pin(Core.ofPeer());
    long count = 0;
    while (!stopped) {
      int result = calls.sendMany(socket, messages.address(0), BATCH, 0);
      if (result > 0) {
        count += result;
        sent = count;
      } else if (result != NO_BUFFER_SPACE && result != TRY_AGAIN) {
        trouble = libc.describe(result);
        return;
      }
    }
  }

  /** Packets that the kernel has taken so far. */
  long sent() {
    if (!trouble.isEmpty()) {
      throw new FailedException("the peer can't send: " + trouble);
    }
    return sent;
  }

  /** Stops and returns how many were sent. */
  long stop() {
    stopped = true;
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new FailedException("interrupted", e);
    }
    return sent();
  }

  @Override
  public void close() {
    stopped = true;
    try {
      thread.join();
      libc.close(socket);
      arena.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // it may still use the memory
    }
  }
}
