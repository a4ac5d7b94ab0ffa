package wisp.core.spi;

/** A link could not be opened; the message says in one line what and what to do. */
public final class LinkException extends Exception {
  private static final long serialVersionUID = 1;

  /** With a message for the user. */
  public LinkException(String message) {
    super(message);
  }
}
