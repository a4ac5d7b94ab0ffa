package wisp.lab.path;

/** One end of a connection, whoever's stack it is on. From any thread. */
public interface End extends AutoCloseable {
  /** Bytes that have come so far. */
  long receivedBytes();

  /** SHA-256 of what has come, once {@link #isDone}; empty when nobody asked for it. */
  String receivedDigest();

  /** SHA-256 of what was sent, once all of it was; empty when nobody asked for it. */
  String sentDigest();

  /** Whether all was sent and the peer has closed. */
  boolean isDone();

  /** What went wrong, in words; empty when nothing did. */
  String trouble();

  /** Sends so many bytes more, and does not wait for it. */
  void send(long bytes);

  /** Ends the connection at once, with a RST when it has not ended by itself. */
  @Override
  void close();
}
