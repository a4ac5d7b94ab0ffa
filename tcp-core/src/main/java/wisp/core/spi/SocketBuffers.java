package wisp.core.spi;

import java.lang.foreign.MemorySegment;

/**
 * The classic arrangement, for comparison: every connection owns a receive and a send buffer from
 * birth. Received text really passes through the former, whose free space is the window; what is
 * sent is copied into the latter and resent from there.
 *
 * <p>The stack treats each buffer as a ring and keeps its fill in the buffer's header words.
 */
public interface SocketBuffers {
  /** Allocates and touches both buffers of a new connection; false: no memory, nothing changed. */
  boolean open(int slot);

  /** Frees the buffers of a connection that ended. */
  void close(int slot);

  /** Bytes in each receive buffer, a power of two. */
  int receiveBytes();

  /** Bytes in each send buffer, a power of two: a byte lies at its sequence number modulo this. */
  int sendBytes();

  /** The memory that holds this connection's buffers; borrowed until {@link #close}. */
  MemorySegment memory(int slot);

  /** Where the receive buffer begins. */
  long receiveStart(int slot);

  /** Where the send buffer begins. */
  long sendStart(int slot);

  /** Bytes received and not yet taken by the application. */
  int receiveFill(int slot);

  /** Remembers {@link #receiveFill}. */
  void receiveFill(int slot, int bytes);
}
