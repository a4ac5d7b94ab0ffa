package wisp.core.spi;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Opens a {@link Link}; found by {@link java.util.ServiceLoader}. */
public interface LinkProvider {
  /** Short, lower case, unique: what {@code --link} says. */
  String name();

  /** One line for {@code wisp list}. */
  String description();

  /** Parameters it understands, with defaults and units. */
  default List<Parameter> parameters() {
    return List.of();
  }

  /**
   * Why this link can't be used here and what would make it so, in one line; {@code null} when it
   * can.
   */
  @Nullable String unavailable();

  /**
   * Why a link with these parameters can't be opened here now and what would make it so, in one
   * line: its interface is missing or down, its device in use. {@code null} when nothing is known
   * to stand in the way. Changes nothing.
   *
   * @throws IllegalArgumentException when a parameter is wrong
   */
  default @Nullable String unavailable(Map<String, String> parameters) {
    return unavailable();
  }

  /**
   * Opens a link.
   *
   * @param parameters the user's {@code name=value} pairs, unchecked
   * @throws LinkException in one line for the user
   * @throws IllegalArgumentException when a parameter is wrong
   */
  Link open(Map<String, String> parameters) throws LinkException;
}
