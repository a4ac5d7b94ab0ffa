package wisp.lab.phantom;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.LinkOffloads;
import wisp.core.spi.TransmitPacket;
import wisp.core.stack.Endpoint;

/**
 * Phantoms that listen once they are connected: all text that is sent to them is acknowledged with
 * the next burst, whatever it is. They remember nothing but the segments not answered yet.
 */
public final class ListeningPhantoms implements Link {
  private static final int OPTION_BYTES = 12;
  private static final int SLOT_BYTES = 128;
  private static final int WINDOW = 512;

  /** Segments that may wait for their answer, a power of two. */
  private static final int MOST_WAITING = 4_096;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment slots = arena.allocate((long) Burst.CAPACITY * SLOT_BYTES, 64);
  private final PhantomPeers peers;
  private final PhantomLink handshakes;
  private final Endpoint server;
  private final int[] numbers = new int[MOST_WAITING];
  private final int[] acks = new int[MOST_WAITING];
  private final int[] timestamps = new int[MOST_WAITING];
  private int head;
  private int tail;
  private boolean listening;
  private int clockMillis;
  private long bytes;

  /** For so many phantoms. */
  public ListeningPhantoms(PhantomPeers peers, Endpoint server, int count) {
    this.peers = peers;
    this.server = server;
    handshakes = new PhantomLink(peers, server, 0, null);
    handshakes.allow(count);
  }

  /** From now on they acknowledge text; all connections must stand. */
  public void listen() {
    listening = true;
  }

  /** Sets the phantoms' clock. */
  public void clock(long nowNanos) {
    handshakes.clock(nowNanos);
    clockMillis = (int) (nowNanos / 1_000_000);
  }

  /** Bytes of text that came while they listened. */
  public long bytes() {
    return bytes;
  }

  /** As if so much text had been sent to phantom {@code number}: what they cost by themselves. */
  public void hear(int number, int bytes) {
    await(number, bytes, 0);
  }

  @Override
  public String name() {
    return "listening-phantoms";
  }

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
    if (!listening) {
      return handshakes.receive(burst);
    }
    int count = 0;
    while (!burst.isFull() && head != tail) {
      long at = (long) count++ * SLOT_BYTES;
      burst.add(slots, at, answer(at, head++ & MOST_WAITING - 1), 0);
    }
    return count;
  }

  private int answer(long at, int waiting) {
    int number = numbers[waiting];
    Segments.timestampOption(
        slots, at + 40, peers.timestampBase(number) + clockMillis, timestamps[waiting]);
    return Segments.write(
        slots,
        at,
        peers.address(number),
        peers.port(number),
        server.address().ipv4(),
        server.port(),
        peers.isn(number) + 1,
        acks[waiting],
        Segments.ACK,
        WINDOW,
        OPTION_BYTES);
  }

  @Override
  public boolean claim(int bytes, TransmitPacket packet) {
    return handshakes.claim(bytes, packet);
  }

  @Override
  public void commit(TransmitPacket packet) {
    if (listening) {
      take(packet.memory, packet.start);
    } else {
      handshakes.commit(packet);
    }
  }

  private void take(MemorySegment m, long at) {
    long tcp = at + 20;
    int header = (m.get(Segments.BE16, tcp + 12) & 0xF000) >>> 10;
    int payload = (m.get(Segments.BE16, at + 2) & 0xFFFF) - 20 - header;
    if (payload > 0) {
      long number =
          peers.number(m.get(Segments.BE32, at + 16), m.get(Segments.BE16, tcp + 2) & 0xFFFF);
      long timestamp = Segments.option(m, tcp, header, 8);
      bytes += payload;
      await(
          (int) number,
          m.get(Segments.BE32, tcp + 4) + payload,
          timestamp < 0 ? 0 : m.get(Segments.BE32, timestamp));
    }
  }

  private void await(int number, int ack, int timestamp) {
    int waiting = tail++ & MOST_WAITING - 1;
    numbers[waiting] = number;
    acks[waiting] = ack;
    timestamps[waiting] = timestamp;
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
