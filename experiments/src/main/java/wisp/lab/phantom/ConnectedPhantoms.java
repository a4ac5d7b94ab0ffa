package wisp.lab.phantom;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.LinkOffloads;
import wisp.core.spi.TransmitPacket;
import wisp.core.stack.Endpoint;

/**
 * Phantoms that do something once all of them are connected; until then {@link PhantomLink} speaks
 * for them. Packets they send lie in one slot each, which stays theirs until the next burst.
 */
public abstract class ConnectedPhantoms implements Link {
  static final int OPTION_BYTES = 12;
  static final int WINDOW = 512;

  final PhantomPeers peers;
  final Endpoint server;
  final MemorySegment slots;
  private final Arena arena = Arena.ofShared();
  private final PhantomLink handshakes;
  private final int slotBytes;
  private boolean connected;
  private int clockMillis;

  ConnectedPhantoms(PhantomPeers peers, Endpoint server, int count, int slotBytes) {
    this.peers = peers;
    this.server = server;
    this.slotBytes = slotBytes;
    slots = arena.allocate((long) Burst.CAPACITY * slotBytes, 64);
    handshakes = new PhantomLink(peers, server, 0, null);
    handshakes.allow(count);
  }

  /** All connections stand. */
  void connected() {
    connected = true;
  }

  /** Whether there is a packet to send. */
  abstract boolean hasNext();

  /** Writes the next packet at an offset of {@link #slots}; returns its length in bytes. */
  abstract int write(long at);

  /** The stack has sent a packet, after all were connected. */
  abstract void heard(MemorySegment m, long at);

  /** The stack has sent a packet of a handshake. */
  void heardOpening(MemorySegment m, long at) {}

  /** Sets the phantoms' clock. */
  public void clock(long nowNanos) {
    handshakes.clock(nowNanos);
    clockMillis = (int) (nowNanos / 1_000_000);
  }

  /** Writes the timestamp option of the packet at an offset: phantom {@code number}'s clock. */
  void timestamp(long at, int number, int echo) {
    Segments.timestampOption(slots, at + 40, peers.timestampBase(number) + clockMillis, echo);
  }

  /** To which phantom the packet goes; negative: to none. */
  long number(MemorySegment m, long at) {
    return peers.number(m.get(Segments.BE32, at + 16), m.get(Segments.BE16, at + 22) & 0xFFFF);
  }

  /** TSval of a packet; 0: it has none. */
  static int timestampOf(MemorySegment m, long at) {
    long timestamp = Segments.option(m, at + 20, headerBytes(m, at), 8);
    return timestamp < 0 ? 0 : m.get(Segments.BE32, timestamp);
  }

  /** Of TCP's header. */
  static int headerBytes(MemorySegment m, long at) {
    return (m.get(Segments.BE16, at + 32) & 0xF000) >>> 10;
  }

  // ---- The link --------------------------------------------------------------------------------

  @Override
  public Kind kind() {
    return Kind.IP;
  }

  @Override
  public int mtu() {
    return handshakes.mtu();
  }

  @Override
  public LinkOffloads offloads() {
    return LinkOffloads.NONE;
  }

  @Override
  public int receive(Burst burst) {
    if (!connected) {
      return handshakes.receive(burst);
    }
    int count = 0;
    while (!burst.isFull() && hasNext()) {
      long at = (long) count++ * slotBytes;
      burst.add(slots, at, write(at), 0);
    }
    return count;
  }

  @Override
  public boolean claim(int bytes, TransmitPacket packet) {
    return handshakes.claim(bytes, packet);
  }

  @Override
  public void commit(TransmitPacket packet) {
    if (connected) {
      heard(packet.memory, packet.start);
    } else {
      heardOpening(packet.memory, packet.start);
      handshakes.commit(packet);
    }
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
  public void close() {
    handshakes.close();
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
