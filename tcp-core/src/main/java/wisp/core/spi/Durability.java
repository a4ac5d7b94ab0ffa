package wisp.core.spi;

import org.jspecify.annotations.Nullable;

/**
 * What a {@link MemoryStrategy} keeps beyond the end of its process, however sudden that was, so
 * that a new process can go on with the connections: beside records, blocks and frames the secrets,
 * the clock, and notes about what the numbers in the records mean.
 *
 * <p>A process that is killed leaves a prefix of its stores. So what is stored before a packet
 * leaves is there if the packet has left; and of what takes several stores a half may be there:
 * {@link RecordStore#begin} and {@link RecordStore#commit} enclose them.
 *
 * <p>The order of calls: {@link #isFormer}; if so {@link #note}, {@link RecordStore#restore},
 * claims, {@link #claimed}. Until then neither the blocks nor the frames can be used.
 */
public interface Durability {
  /** Notes have at most so many bytes. */
  int NOTE_BYTES = 252;

  /** Notes are numbered 0 … this. */
  int LAST_NOTE = 65_535;

  /** Secrets that a connection's numbers depend on, on the wire or in the application's hands. */
  enum Secret {
    /** Initial sequence numbers (RFC 6528): a new connection must not overlap an old one. */
    INITIAL_SEQUENCE_NUMBERS,
    /** Origins of the timestamp clocks (RFC 7323 §5.4): TSval must not go back. */
    TIMESTAMPS,
    /** SYN cookies that are under way. */
    SYN_COOKIES,
    /** Fast Open cookies that clients have kept. */
    FAST_OPEN_COOKIES,
    /** Handles of connections over IPv6. */
    HANDLES
  }

  /** Whether a former process used this memory, and its connections may be gone on with. */
  boolean isFormer();

  /** The secret: as it was, or when there was none drawn now and kept. */
  KeyedHash secret(Secret secret, Entropy entropy);

  /**
   * Where a context's clock begins, in nanoseconds: at or above {@link #clockIsBelow} of all former
   * processes, with the time that nobody was there added as far as it is known. 0 when there was
   * none.
   */
  long clockNanos();

  /**
   * Stores the mark that the clock stays below until the next one: whatever leaves with a time of
   * this process has one below it.
   */
  void clockIsBelow(long nanos);

  /** What was noted under a number, as an array of its own; {@code null}: nothing. */
  byte @Nullable [] note(int number);

  /**
   * Notes something under a number, in place of what was there. A sudden end leaves the old or the
   * new one, or none; never none where the new one begins as the old one did.
   *
   * @param bytes at most {@link #NOTE_BYTES}
   * @return false: no memory, and the old one may be gone
   */
  boolean note(int number, byte[] bytes);

  /** Forgets what was noted under a number. */
  void forget(int number);

  /**
   * A former process had this block in use and a connection still needs it: it is in use again,
   * with its contents.
   *
   * @return false: there can't be such a block, or it has been claimed before
   */
  boolean claimBlock(int block);

  /**
   * The same of a frame: each claim is one reference.
   *
   * @return false: there can't be such a frame
   */
  boolean claimFrame(int frame);

  /** All blocks and frames that were not claimed are free now. */
  void claimed();

  /** Whether another process has asked for this memory, and waits for us to hand it over. */
  default boolean isWanted() {
    return false;
  }

  /**
   * The process is about to end in order, and what is in use is meant to stay: closing is no leak.
   */
  void handOver();
}
