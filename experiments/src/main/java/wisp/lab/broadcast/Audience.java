package wisp.lab.broadcast;

import wisp.core.spi.Link;

/** Those who hear a message, on the other end of the speaker's link. */
interface Audience extends AutoCloseable {
  /** The speaker's end. */
  Link link();

  /** Opens what connections it can, and does what is due. Returns what was handled. */
  int poll(long nowNanos);

  /** When it must be polled; {@link Long#MAX_VALUE}: when it is sent something. */
  long nextNanos();

  /** All connections stand: what comes from now on is the message. */
  void listen();

  /** Those who have all of it. */
  int complete();

  /** Pieces that were not the next bytes of the message. */
  long wrong();

  @Override
  void close();
}
