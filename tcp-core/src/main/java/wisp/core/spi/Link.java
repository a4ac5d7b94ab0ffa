package wisp.core.spi;

import java.lang.foreign.MemorySegment;

/**
 * How packets move: a TUN device, a ring shared with a network card, a pipe to another context in
 * the same JVM. A link belongs to one thread, except {@link #wake}.
 *
 * <p>Receive hands out the driver's own memory; transmit lets the stack write into the driver's own
 * memory. No packet is queued in between and nothing is allocated per packet.
 */
public interface Link extends AutoCloseable {
  /** What a packet begins with. */
  enum Kind {
    /** An IP header. */
    IP,
    /** An Ethernet header. */
    ETHERNET
  }

  /** For people: {@code tun:wisp0}. */
  String name();

  /** What a packet begins with. */
  Kind kind();

  /**
   * Our hardware address on a link of kind {@link Kind#ETHERNET}: 48 bits, first byte highest; 0 on
   * others. {@link #claim} counts the Ethernet header there, {@link #mtu} does not.
   */
  default long hardwareAddress() {
    return 0;
  }

  /** The largest IP packet that may be sent without segmentation offload, in bytes. */
  int mtu();

  /** What the link does for us. Constant while it is open. */
  LinkOffloads offloads();

  /**
   * Adds the packets that are there to {@code burst}, without waiting, until it is full. Their
   * memory is borrowed until the next {@code receive} or {@code close} on this link.
   *
   * @return packets added
   */
  int receive(Burst burst);

  /**
   * Lends memory for one packet of at most {@code bytes} to {@code packet}; it must be followed by
   * {@link #commit} or {@link #cancel} before the next claim.
   *
   * @return false when the ring is full: the packet is lost, TCP repairs it
   */
  boolean claim(int bytes, TransmitPacket packet);

  /**
   * How many pieces of payload a packet may have that stay where they are, instead of being copied
   * to the claimed memory; 0: none. Constant while it is open.
   *
   * @see TransmitPacket#add
   */
  default int gatherPieces() {
    return 0;
  }

  /**
   * Memory of the link's own in which frames may lie, for a link that can take payload from nowhere
   * else, or does so best from there: a card reads what was shared with it. Empty: there is none.
   * Constant while it is open; shared: whoever allocates frames divides it, and it can be written
   * to as long as it can be reached, also when the link is closed.
   */
  default MemorySegment frameMemory() {
    return MemorySegment.NULL;
  }

  /** Whether payload in this memory may be such a piece. Only asked where there may be some. */
  default boolean gathers(MemorySegment memory) {
    return memory.isNative();
  }

  /**
   * How many of the packets with pieces, counted from the first that was ever committed, the link
   * will not read again: sent or dropped, in the order of their commits. Until then the stack keeps
   * the pieces as they are.
   */
  default long gathersDone() {
    return 0;
  }

  /** Sends the claimed packet, at the latest on {@link #flush}. */
  void commit(TransmitPacket packet);

  /** Gives a claim back unsent. */
  void cancel(TransmitPacket packet);

  /** Pushes out what was committed. Called once per burst. */
  void flush();

  /**
   * Waits until a packet may be there, {@link #wake} was called or the time is over.
   *
   * @param timeoutNanos at most so long; 0 or less does not wait
   */
  void awaitReadable(long timeoutNanos);

  /** Ends {@link #awaitReadable} early. From any thread. */
  void wake();

  /** Packets lost by the link on our side: ring full, refused by the kernel, too long. */
  default long drops() {
    return 0;
  }

  /** Frees everything. Idempotent. */
  @Override
  void close();
}
