package wisp.lab;

/**
 * Something went wrong that the user did not cause: exit code 1. The message is one line that says
 * what and what to do.
 */
public final class FailedException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** With a message for the user. */
  public FailedException(String message) {
    super(message);
  }

  /** With the cause, which is not shown unless asked for. */
  public FailedException(String message, Throwable cause) {
    super(message, cause);
  }
}
