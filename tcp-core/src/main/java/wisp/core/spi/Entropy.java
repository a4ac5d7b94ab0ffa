package wisp.core.spi;

/**
 * Random bits for secrets (initial sequence numbers, ports, hash keys). A context draws a handful
 * at start and none later, so that one seed replays one history. Outside simulations it must come
 * from a cryptographic source.
 */
@FunctionalInterface
public interface Entropy {
  /** The next 64 bits. */
  long nextLong();
}
