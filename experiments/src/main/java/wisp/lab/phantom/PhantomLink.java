package wisp.lab.phantom;

import static wisp.lab.phantom.Segments.ACK;
import static wisp.lab.phantom.Segments.BE16;
import static wisp.lab.phantom.Segments.BE32;
import static wisp.lab.phantom.Segments.RST;
import static wisp.lab.phantom.Segments.SYN;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Burst;
import wisp.core.spi.Link;
import wisp.core.spi.LinkOffloads;
import wisp.core.spi.TransmitPacket;
import wisp.core.stack.Endpoint;

/**
 * A link at whose other end any number of stateless peers open connections: SYN, wait for the
 * SYN-ACK, ACK. What a phantom answers is computed from the packet that it received and from {@link
 * PhantomPeers}, nothing else; this link's memory is the same for one connection as for a hundred
 * million.
 *
 * <p>Phantoms do not resend. A SYN that the stack drops is a connection that is missing in the end,
 * and is noticed.
 */
public final class PhantomLink implements Link {
  /**
   * SYNs on their way at most, so that the stack's queue of half-open connections is not what is
   * measured.
   */
  static final int MOST_HALF_OPEN = 4096;

  private static final int MTU = 1500;
  private static final int MSS = 1460;
  private static final int WINDOW_SCALE = 7;
  private static final int WINDOW = 64_240;
  private static final int SLOT_BYTES = Errand.PACKET_BYTES;
  private static final int ANSWERS = 2 * MOST_HALF_OPEN;
  private static final int OPTION_MSS = 2;
  private static final int OPTION_WINDOW_SCALE = 3;
  private static final int OPTION_SACK_PERMITTED = 4;
  private static final int OPTION_TIMESTAMPS = 8;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment syns = arena.allocate((long) Burst.CAPACITY * SLOT_BYTES, 64);
  private final MemorySegment answers = arena.allocate((long) ANSWERS * SLOT_BYTES, 64);
  private final MemorySegment transmit = arena.allocate(MTU, 64);
  private final PhantomPeers peers;
  private final int serverAddress;
  private final int serverPort;
  private final long sampled;
  private final @Nullable PacketTap tap;

  private @Nullable Errand errand;
  private boolean timestamps = true;
  private long allowed;
  private long nextNumber;
  private int clockMillis;

  // Answers: written ≥ lent ≥ free, counted since the start.
  private long answersWritten;
  private long answersLent;
  private long answersFree;

  private long synAcks;
  private long acks;
  private long wrong;
  private long resets;
  private long others;
  private long dropped;

  /**
   * A link.
   *
   * @param server what the phantoms connect to
   * @param sampled packets of the first so many phantoms go to {@code tap}
   */
  public PhantomLink(PhantomPeers peers, Endpoint server, long sampled, @Nullable PacketTap tap) {
    this.peers = peers;
    serverAddress = server.address().ipv4();
    serverPort = server.port();
    this.sampled = sampled;
    this.tap = tap;
  }

  /**
   * The server is known to take no timestamps: a SYN-ACK that has them is wrong. The phantoms offer
   * them all the same.
   */
  public void expectNoTimestamps() {
    timestamps = false;
  }

  /** Lets phantoms 0 … {@code total} − 1 connect. */
  public void allow(long total) {
    if (total > PhantomPeers.MOST) {
      throw new IllegalArgumentException(
          total + " phantoms are more than the " + PhantomPeers.MOST + " that have an address");
    }
    allowed = total;
  }

  /** From now on those that are connected do this. */
  public void errand(Errand errand) {
    this.errand = errand;
  }

  /** Sets the phantoms' clock, which their timestamps tell. */
  public void clock(long nowNanos) {
    clockMillis = (int) (nowNanos / 1_000_000);
  }

  /** What has passed. */
  public PhantomCounts counts() {
    return new PhantomCounts(nextNumber, synAcks, acks, wrong, resets, others, dropped);
  }

  @Override
  public String name() {
    return "phantom";
  }

  @Override
  public Kind kind() {
    return Kind.IP;
  }

  @Override
  public int mtu() {
    return MTU;
  }

  @Override
  public LinkOffloads offloads() {
    return LinkOffloads.NONE;
  }

  @Override
  public int receive(Burst burst) {
    int before = burst.size();
    answersFree = answersLent;
    while (answersLent < answersWritten && !burst.isFull()) {
      burst.add(answers, slot(answersLent++), length(answers, slot(answersLent - 1)), 0);
    }
    int slot = 0;
    while (!burst.isFull() && nextNumber < allowed && nextNumber - synAcks < MOST_HALF_OPEN) {
      long at = (long) slot++ * SLOT_BYTES;
      burst.add(syns, at, writeSyn(at, nextNumber++), 0);
    }
    while (errand != null && !burst.isFull()) {
      long at = (long) slot++ * SLOT_BYTES;
      int length = errand.next(syns, at);
      if (length == 0) {
        break;
      }
      burst.add(syns, at, length, 0);
    }
    return burst.size() - before;
  }

  private int writeSyn(long at, long number) {
    int options =
        Segments.synOptions(
            syns, at + 40, MSS, peers.timestampBase(number) + clockMillis, WINDOW_SCALE);
    int length =
        Segments.write(
            syns,
            at,
            peers.address(number),
            peers.port(number),
            serverAddress,
            serverPort,
            peers.isn(number),
            0,
            SYN,
            WINDOW,
            options);
    sample(number, syns, at, length);
    return length;
  }

  private static long slot(long answer) {
    return answer % ANSWERS * SLOT_BYTES;
  }

  private static int length(MemorySegment memory, long at) {
    return memory.get(BE16, at + 2) & 0xFFFF;
  }

  private void sample(long number, MemorySegment memory, long at, int length) {
    if (tap != null && number < sampled) {
      tap.packet(memory, at, length);
    }
  }

  @Override
  public boolean claim(int bytes, TransmitPacket packet) {
    if (bytes > MTU) {
      return false;
    }
    packet.lend(transmit, 0);
    return true;
  }

  @Override
  public void commit(TransmitPacket packet) {
    MemorySegment m = packet.memory;
    long at = packet.start;
    if (packet.length < 40
        || m.get(BE16, at) >>> 8 != 0x45
        || length(m, at) != packet.length
        || m.get(ValueLayout.JAVA_BYTE, at + 9) != 6
        || m.get(BE32, at + 12) != serverAddress) {
      others++;
      return;
    }
    long tcp = at + 20;
    long number = peers.number(m.get(BE32, at + 16), m.get(BE16, tcp + 2) & 0xFFFF);
    if (number < 0) {
      others++;
      return;
    }
    sample(number, m, at, packet.length);
    int flags = m.get(BE16, tcp + 12) & 0x3F;
    if (errand != null && (flags & (RST | SYN)) == 0) {
      tell(errand, number, m, at, packet.length);
    } else if ((flags & RST) != 0) {
      resets++;
    } else if (flags != (SYN | ACK)) {
      others++;
    } else if (!isRight(number, m, at, packet.length)) {
      wrong++;
    } else {
      synAcks++;
      answer(number, m, tcp);
    }
  }

  private void tell(Errand errand, long number, MemorySegment m, long at, int length) {
    if (answersWritten - answersFree == ANSWERS) {
      dropped++;
    } else if (errand.heard(number, m, at, length, answers, slot(answersWritten)) > 0) {
      answersWritten++;
    }
  }

  /** Whether a SYN-ACK is what RFC 9293 and 7323 demand in answer to our SYN. */
  private boolean isRight(long number, MemorySegment m, long at, int length) {
    long tcp = at + 20;
    int header = (m.get(BE16, tcp + 12) & 0xF000) >>> 10;
    if (header < 20
        || header > length - 20
        || Segments.fold(Segments.sum(m, at, 20)) != 0xFFFF
        || Segments.tcpSum(m, at, length - 20) != 0xFFFF
        || (m.get(BE16, tcp) & 0xFFFF) != serverPort
        || m.get(BE32, tcp + 8) != peers.isn(number) + 1) {
      return false;
    }
    long option = Segments.option(m, tcp, header, OPTION_TIMESTAMPS);
    return (timestamps ? isRecent(number, m, option) : option < 0)
        && Segments.option(m, tcp, header, OPTION_MSS) >= 0
        && Segments.option(m, tcp, header, OPTION_WINDOW_SCALE) >= 0
        && Segments.option(m, tcp, header, OPTION_SACK_PERMITTED) >= 0;
  }

  /** The echo is a moment between the start of our clock and now. */
  private boolean isRecent(long number, MemorySegment m, long option) {
    int age = option < 0 ? -1 : peers.timestampBase(number) + clockMillis - m.get(BE32, option + 4);
    return age >= 0 && age <= clockMillis;
  }

  private void answer(long number, MemorySegment m, long tcp) {
    if (answersWritten - answersFree == ANSWERS) {
      dropped++;
      return;
    }
    int header = (m.get(BE16, tcp + 12) & 0xF000) >>> 10;
    long option = Segments.option(m, tcp, header, OPTION_TIMESTAMPS);
    long at = slot(answersWritten++);
    int options =
        option < 0
            ? 0
            : Segments.timestampOption(
                answers, at + 40, peers.timestampBase(number) + clockMillis, m.get(BE32, option));
    // From here on all is taken from the packet: it went to us, so we are its destination.
    int length =
        Segments.write(
            answers,
            at,
            m.get(BE32, tcp - 4),
            m.get(BE16, tcp + 2) & 0xFFFF,
            m.get(BE32, tcp - 8),
            m.get(BE16, tcp) & 0xFFFF,
            m.get(BE32, tcp + 8),
            m.get(BE32, tcp + 4) + 1,
            ACK,
            WINDOW >> WINDOW_SCALE,
            options);
    acks++;
    sample(number, answers, at, length);
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
  public long drops() {
    return dropped;
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
