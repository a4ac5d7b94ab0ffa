package wisp.lab.phantom;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import wisp.core.spi.Burst;
import wisp.core.stack.Endpoint;

/**
 * Phantoms that send data once they are connected: each segment from one chosen at random. To talk
 * they must remember what they have said, twelve bytes each. ACKs that come back are counted, and
 * all they acknowledge is taken for granted.
 */
public final class TalkingPhantoms extends ConnectedPhantoms {
  private static final int HEADER_BYTES = 40 + OPTION_BYTES;
  private static final int SLOT_BYTES = 2048;

  private final int payloadBytes;
  private final long payloadSum;
  private final SplittableRandom random;
  private final int[] sent;
  private final int[] serverIsn;
  private final int[] serverTimestamp;
  private long packets;

  /** For so many phantoms, each segment with so many bytes of payload. */
  public TalkingPhantoms(
      PhantomPeers peers, Endpoint server, int count, int payloadBytes, long seed) {
    super(peers, server, count, SLOT_BYTES);
    this.payloadBytes = payloadBytes;
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
    connected();
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
  boolean hasNext() {
    return true;
  }

  @Override
  int write(long at) {
    int number = random.nextInt(sent.length);
    timestamp(at, number, serverTimestamp[number]);
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
  void heard(MemorySegment m, long at) {
    packets++;
  }

  @Override
  void heardOpening(MemorySegment m, long at) {
    long number = number(m, at);
    if (number >= 0 && (m.get(Segments.BE16, at + 32) & Segments.SYN) != 0) {
      serverIsn[(int) number] = m.get(Segments.BE32, at + 24);
      serverTimestamp[(int) number] = timestampOf(m, at);
    }
  }
}
