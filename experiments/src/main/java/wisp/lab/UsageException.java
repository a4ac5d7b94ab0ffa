package wisp.lab;

/**
 * What the user asked for can't be done as asked: exit code 2. The message is one line that says
 * what and what to do.
 */
public final class UsageException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** With a message for the user. */
  public UsageException(String message) {
    super(message);
  }
}
