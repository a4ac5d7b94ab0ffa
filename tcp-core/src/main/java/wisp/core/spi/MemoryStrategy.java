package wisp.core.spi;

import org.jspecify.annotations.Nullable;

/**
 * Where a context's bytes live. A strategy supplies the three kinds of memory that the stack uses
 * and nothing else does:
 *
 * <ul>
 *   <li><b>records</b>, one per connection, fixed size for each of the two classes, whose slot
 *       never moves;
 *   <li><b>blocks</b>, fixed sizes, borrowed only while a connection has something in flight or a
 *       hole;
 *   <li><b>frames</b>, what the application sends, held until every send of it has been
 *       acknowledged.
 * </ul>
 *
 * <p>A strategy belongs to one {@link wisp.core.stack.Context} and therefore to one thread. Running
 * out is an ordinary event: the stores answer {@code NONE}, the stack drops the packet or refuses
 * the call, and TCP resends.
 *
 * <p>The simplest way to a strategy of your own is {@link RecordMemory} under an {@link
 * IndexedRecordStore}: see {@code CONTRIBUTING.md}, and extend the contract test kit of {@code
 * memory-pools} to have it checked.
 */
public interface MemoryStrategy extends AutoCloseable {

  /**
   * The records of a class, the same store each time. Shared: the strategy owns it, the context
   * uses it until {@link #close}. Slots of the two classes are numbered independently.
   *
   * <p>What the class {@link RecordClass#IPV6} needs, an unbounded strategy reserves when it is
   * first asked for: an application without IPv6 never asks, and pays nothing.
   */
  RecordStore records(RecordClass recordClass);

  /** The shared pool that connections in trouble borrow from. */
  BlockPool blocks();

  /** Memory for what the application sends. */
  FrameAllocator frames();

  /**
   * Classic socket buffers for the slots of a class, or {@code null} for both (the normal case):
   * then received text goes straight to the application and what is sent stays in the application's
   * frames. Both classes' buffers are of the same sizes.
   */
  default @Nullable SocketBuffers socketBuffers(RecordClass recordClass) {
    return null;
  }

  /**
   * What of this memory outlives its process, or {@code null}: nothing (the normal case). The same
   * each time; shared.
   */
  default @Nullable Durability durability() {
    return null;
  }

  /**
   * Adds what this strategy has reserved and what of it is in use, by kind, in bytes. Everything
   * counts: index, free lists, bitmaps, rounding.
   */
  void footprint(Footprint into);

  /**
   * Gives all memory back. Idempotent.
   *
   * @throws IllegalStateException naming the kind and the number, when a record, block or frame was
   *     still in use: a leak
   */
  @Override
  void close();
}
