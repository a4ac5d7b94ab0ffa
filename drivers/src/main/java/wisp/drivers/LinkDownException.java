package wisp.drivers;

import java.io.Serial;

/**
 * The device behind an open link is gone for good: deleted, or its network namespace was. Thrown by
 * {@code receive} and {@code awaitReadable} only, so that it reaches whoever drives the stack
 * between two bursts and never strikes in the middle of a segment; sending on such a link counts
 * drops. The link must still be closed.
 */
public final class LinkDownException extends IllegalStateException {
  @Serial private static final long serialVersionUID = 1;

  /** One line for the user. */
  public LinkDownException(String message) {
    super(message);
  }
}
