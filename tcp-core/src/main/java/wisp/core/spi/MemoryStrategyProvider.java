package wisp.core.spi;

import java.util.List;

/**
 * Makes a {@link MemoryStrategy}; found by {@link java.util.ServiceLoader}. One class, one line in
 * {@code META-INF/services}.
 */
public interface MemoryStrategyProvider {
  /** Short, lower case, unique: what {@code --memory} and the charts say. */
  String name();

  /** One line for {@code wisp list}. */
  String description();

  /** Parameters it understands, with defaults and units. */
  default List<Parameter> parameters() {
    return List.of();
  }

  /**
   * A new, empty strategy.
   *
   * @throws IllegalArgumentException in one line for the user, when a parameter is wrong or memory
   *     for a fixed pool is not there
   */
  MemoryStrategy create(StrategyConfig config);
}
