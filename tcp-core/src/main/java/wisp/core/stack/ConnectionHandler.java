package wisp.core.stack;

import java.lang.foreign.MemorySegment;

/**
 * What an application is told. One handler serves any number of connections, and should: {@code
 * connection} is the handle that every call on {@link Context} takes, and {@link Context#slot} of
 * it finds what an application keeps of a connection. Connections with the same endpoint, handler
 * and profile share one of a context's 65,535 bindings; a handler for each connection uses them up
 * and makes every segment search a chain of them.
 *
 * <p>All calls come from within {@link Context#poll}, or from within the API call that caused them
 * ({@code abort} calls {@code onReleased} and {@code onClosed}; {@code resume} calls {@code onData}
 * when a strategy with socket buffers has kept text), on the context's thread.
 *
 * <p>Every call may use the whole API except {@code poll}: send, close, abort, connect, also on
 * other connections. An exception aborts this one connection with {@link
 * CloseReason.HandlerFailed}, is reported, and harms no other.
 */
public interface ConnectionHandler {
  /**
   * Whether it may send before it has received anything. Who never does, as an HTTP server, says
   * false here; only such a handler can be given a listener with {@link
   * ListenConfig.Cookies#STATELESS}, where {@link #onOpen} comes with the first text.
   */
  default boolean maySpeakFirst() {
    return true;
  }

  /** ESTABLISHED: passive or active. Never called for a connection that fails before. */
  default void onOpen(Context context, long connection) {}

  /**
   * By what a process that comes after this one finds its own handler for these connections, in a
   * memory that outlives its process. Short, and always the same; empty: they do not survive.
   */
  default String name() {
    return "";
  }

  /**
   * The connection was made in a former process and has survived its end: called once, before
   * anything else is told of it, in place of {@link #onOpen}. {@link Context#info} tells how far it
   * is: the peer's FIN may have come ({@code CLOSE_WAIT}), and frames that the former application
   * sent may be unreleased; they are told by {@link #onReleased} as ever.
   *
   * <p>What the former application had been handed by {@link #onData} and had not kept anywhere is
   * lost to it, though the peer was told that it has arrived: only an application that keeps what
   * it needs before it returns from a callback loses nothing.
   */
  default void onRestored(Context context, long connection) {}

  /**
   * Text in order, straight from the link's memory (from a block or a socket buffer when it had to
   * wait there). Called as it arrives; there is no buffer to read from later. While the connection
   * is paused, what the window had promised still comes, except with socket buffers.
   *
   * @param memory borrowed until the call returns: copy what is needed longer
   * @param offset first byte
   * @param length bytes, ≥ 1
   */
  void onData(Context context, long connection, MemorySegment memory, long offset, int length);

  /**
   * The peer has confirmed more of what was sent.
   *
   * @param bytes newly acknowledged payload bytes
   */
  default void onAcknowledged(Context context, long connection, int bytes) {}

  /**
   * A send is over: exactly once for each successful {@link Context#send}, in order, also after
   * reset or abort. The stack's reference is dropped after this call.
   *
   * @param frame as given to send
   * @param acknowledged how many of its bytes the peer has confirmed
   */
  default void onReleased(Context context, long connection, int frame, int acknowledged) {}

  /** A send that was refused for want of memory may succeed now. */
  default void onWritable(Context context, long connection) {}

  /**
   * The peer announced urgent data, or more of it (RFC 9293 §3.8.5). The bytes come in line through
   * {@link #onData}.
   *
   * @param bytesAhead bytes up to and including the last urgent one that have not been delivered
   */
  default void onUrgent(Context context, long connection, int bytesAhead) {}

  /** The peer sent FIN: no more data will come. Ours may still flow. */
  default void onPeerClosed(Context context, long connection) {}

  /**
   * An ICMP error arrived about something in flight. It does not end the connection, which goes on
   * trying (RFC 9293 §3.9.2.2): the application may give it up. Not called when the profile
   * switches error reports off.
   *
   * @param type of the ICMP or ICMPv6 message, by the family of the remote address
   * @param code of the message
   */
  default void onUnreachable(Context context, long connection, int type, int code) {}

  /**
   * What was sent has been resent so often without a word from the peer (R1, RFC 9293 §3.8.3): told
   * once until it answers. The connection goes on trying until its user timeout; the application
   * may give it up. Not called when the profile switches error reports off.
   *
   * @param resends how often
   */
  default void onTrouble(Context context, long connection, int resends) {}

  /** The last call for this connection (at TIME-WAIT's entry); the handle is stale afterwards. */
  default void onClosed(Context context, long connection, CloseReason reason) {}
}
