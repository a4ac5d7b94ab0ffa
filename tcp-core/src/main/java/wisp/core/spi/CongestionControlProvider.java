package wisp.core.spi;

/**
 * Makes a {@link CongestionControl}; found by {@link java.util.ServiceLoader} when a context is
 * made. One class, one line in {@code META-INF/services}; a {@code ConnectionProfile} then chooses
 * it by its name.
 */
public interface CongestionControlProvider {
  /** Short, lower case, unique. */
  String name();

  /** One line for {@code wisp list}. */
  String description();

  /** A new instance, for one context. */
  CongestionControl create();
}
