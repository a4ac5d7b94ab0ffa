package wisp.core.stack;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import wisp.core.spi.Entropy;
import wisp.core.spi.Footprint;
import wisp.core.spi.Link;
import wisp.core.spi.MemoryStrategy;

/** SKELETON: signatures only, the lead fills it in. */
public final class Context implements AutoCloseable {
  /** connect: no free port for this destination. Handles are never negative. */
  public static final long NO_PORT = -1;
  /** connect: no memory for a record or block. */
  public static final long NO_MEMORY = -2;
  /** connect: the address can't be reached or is no unicast address. */
  public static final long NO_ROUTE = -3;
  /** frame: no memory. */
  public static final int NO_FRAME = -1;

  /** The context uses memory and link until close; close does NOT close the link or the memory. */
  public Context(ContextConfig config, MemoryStrategy memory, Link link, Entropy entropy) { throw todo(); }

  /** Receives one burst, runs due timers, flushes; returns packets + timers handled (0: nothing to do). nowNanos never goes back. */
  public int poll(long nowNanos) { throw todo(); }
  /** When poll must be called next even if no packet comes; Long.MAX_VALUE: no timer runs. */
  public long nextDeadlineNanos() { throw todo(); }

  /** Accepts connections. Throws IllegalStateException when the endpoint is taken. */
  public void listen(Endpoint local, ConnectionProfile profile, ConnectionHandler handler) { throw todo(); }
  /** Accepts no more; existing connections live on. */
  public void unlisten(Endpoint local) { throw todo(); }
  /** Opens a connection; returns its handle (onOpen or onClosed follows) or NO_PORT / NO_MEMORY / NO_ROUTE. local null: stack chooses address and port. */
  public long connect(@Nullable Endpoint local, Endpoint remote, ConnectionProfile profile, ConnectionHandler handler) { throw todo(); }

  /** A frame with one reference owned by the caller, or NO_FRAME. */
  public int frame(int payloadBytes) { throw todo(); }
  public void retain(int frame) { throw todo(); }
  public void release(int frame) { throw todo(); }
  public MemorySegment memory(int frame) { throw todo(); }
  public long start(int frame) { throw todo(); }
  public int length(int frame) { throw todo(); }
  /** The largest payload of a frame. */
  public int largestFrame() { throw todo(); }

  /** Queues the frame by reference (one more reference until onReleased); false: stale handle, closed for sending, or no memory (onWritable follows). */
  public boolean send(long connection, int frame) { throw todo(); }
  /** Like send; marks the end of this frame as urgent. */
  public boolean sendUrgent(long connection, int frame) { throw todo(); }
  /** Half-close: FIN after all that was sent. */
  public boolean shutdown(long connection) { throw todo(); }
  /** Full close: data that still arrives draws RST. */
  public boolean close(long connection) { throw todo(); }
  /** RST now. */
  public boolean abort(long connection) { throw todo(); }
  public boolean pause(long connection) { throw todo(); }
  public boolean resume(long connection) { throw todo(); }

  /** Whether the handle names a connection that has not ended. */
  public boolean isOpen(long connection) { throw todo(); }
  public @Nullable Endpoint local(long connection) { throw todo(); }
  public @Nullable Endpoint remote(long connection) { throw todo(); }
  /** Slot of the connection's record: small and dense, good as an index into an application's own arrays. */
  public static int slot(long connection) { return (int) connection; }

  /** Live connections (all states but TIME-WAIT). */
  public int connections() { throw todo(); }
  public Counters counters() { throw todo(); }
  /** Adds context's own tables and the strategy's memory. */
  public void footprint(Footprint into) { throw todo(); }
  /** Called with an exception that a handler threw; default: counted only. */
  public void onHandlerFailure(java.util.function.Consumer<Throwable> reporter) { throw todo(); }

  /** Aborts all connections without sending, calls onClosed(ContextClosed) for each. Idempotent. */
  @Override public void close() { throw todo(); }

  private static UnsupportedOperationException todo() { return new UnsupportedOperationException("not there yet"); }
}
