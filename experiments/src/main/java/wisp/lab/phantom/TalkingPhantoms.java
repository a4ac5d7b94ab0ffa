package wisp.lab.phantom;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.LinkOffloads;
import wisp.core.spi.TransmitPacket;
import wisp.core.stack.Endpoint;

/**
 * Phantoms that send data once they are connected: each segment from one chosen at random. To talk
 * they must remember what they have said, twelve bytes each. ACKs that come back are counted, and
 * all they acknowledge is taken for granted.
 */
public final class TalkingPhantoms implements Link {
  private static final int OPTION_BYTES = 12;
  private static final int HEADER_BYTES = 40 + OPTION_BYTES;
  private static final int SLOT_BYTES = 2048;
  private static final int WINDOW = 512;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment slots = arena.allocate((long) Burst.CAPACITY * SLOT_BYTES, 64);
  private final PhantomPeers peers;
  private final PhantomLink handshakes;
  private final Endpoint server;
  private final int payloadBytes;
  private final long payloadSum;
  private final SplittableRandom random;
  private final int[] sent;
  private final int[] serverIsn;
  private final int[] serverTimestamp;
  private boolean talking;
  private int clockMillis;
  private long packets;

  /** For so many phantoms, each segment with so many bytes of payload. */
  public TalkingPhantoms(
      PhantomPeers peers, Endpoint server, int count, int payloadBytes, long seed) {
    this.peers = peers;
    this.server = server;
    this.payloadBytes = payloadBytes;
    handshakes = new PhantomLink(peers, server, 0, null);
    handshakes.allow(count);
    random = new SplittableRandom(seed);
    sent = new int[count];
    serverIsn = new int[count];
    serverTimestamp = new int[count];
    for (int slot = 0; slot < Burst.CAPACITY; slot++) {
      for (int i = 0; i < payloadBytes; i++) {
        slots.set(ValueLayout.JAVA_BYTE, (long) slot * SLOT_BYTES + HEADER_BYTES + i, (byte) i);
      }
    }
    payloadSum = Segments.sum(slots, HEADER_BYTES, payloadBytes);
  }

  /** From now on they send data; all connections must stand. */
  public void talk() {
    talking = true;
  }

  /** Sets the phantoms' clock. */
  public void clock(long nowNanos) {
    handshakes.clock(nowNanos);
    clockMillis = (int) (nowNanos / 1_000_000);
  }

  /** Packets that the stack sent while they talked. */
  public long packets() {
    return packets;
  }

  @Override
  public String name() {
    return "talking-phantoms";
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
    if (!talking) {
      return handshakes.receive(burst);
    }
    int count = 0;
    while (!burst.isFull()) {
      long at = (long) count++ * SLOT_BYTES;
      burst.add(slots, at, write(at, random.nextInt(sent.length)), 0);
    }
    return count;
  }

  private int write(long at, int number) {
    Segments.timestampOption(
        slots, at + 40, peers.timestampBase(number) + clockMillis, serverTimestamp[number]);
    int seq = peers.isn(number) + 1 + sent[number];
    sent[number] += payloadBytes;
    return Segments.write(
        slots,
        at,
        peers.address(number),
        peers.port(number),
        server.address().ipv4(),
        server.port(),
        seq,
        serverIsn[number] + 1,
        Segments.ACK,
        WINDOW,
        OPTION_BYTES,
        payloadBytes,
        payloadSum);
  }

  @Override
  public boolean claim(int bytes, TransmitPacket packet) {
    return handshakes.claim(bytes, packet);
  }

  @Override
  public void commit(TransmitPacket packet) {
    if (talking) {
      packets++;
      return;
    }
    remember(packet.memory, packet.start);
    handshakes.commit(packet);
  }

  private void remember(MemorySegment m, long at) {
    long tcp = at + 20;
    long number =
        peers.number(m.get(Segments.BE32, at + 16), m.get(Segments.BE16, tcp + 2) & 0xFFFF);
    if (number >= 0 && (m.get(Segments.BE16, tcp + 12) & Segments.SYN) != 0) {
      serverIsn[(int) number] = m.get(Segments.BE32, tcp + 4);
      int header = (m.get(Segments.BE16, tcp + 12) & 0xF000) >>> 10;
      long timestamps = Segments.option(m, tcp, header, 8);
      serverTimestamp[(int) number] = timestamps < 0 ? 0 : m.get(Segments.BE32, timestamps);
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
