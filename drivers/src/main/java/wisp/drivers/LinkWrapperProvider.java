package wisp.drivers;

import java.util.List;
import java.util.Map;
import wisp.core.spi.Link;
import wisp.core.spi.LinkException;
import wisp.core.spi.Parameter;

/** Puts a {@link LinkWrapper} around any link; found by {@link java.util.ServiceLoader}. */
public interface LinkWrapperProvider {
  /**
   * Short, lower-case letters, unique among wrappers: what follows the {@code +} in {@code --link}.
   * Not one to four of the letters a … f, which could as well be a group of an IPv6 address.
   */
  String name();

  /** One line for {@code wisp list}. */
  String description();

  /**
   * Parameters it understands, with defaults and units. An item of the user's without {@code =} is
   * the value of the first one.
   */
  List<Parameter> parameters();

  /**
   * Refuses parameters that {@link #wrap} would refuse whatever the link. Asked before anything is
   * opened: neither a device nor a file is to be touched for the sake of a slip of the pen. Changes
   * nothing.
   *
   * @throws IllegalArgumentException when a parameter is wrong
   */
  default void check(Map<String, String> parameters) {}

  /**
   * Wraps a link.
   *
   * @param link owned by the wrapper from now on, unless this throws
   * @param parameters the user's {@code name=value} pairs, unchecked
   * @throws LinkException in one line for the user
   * @throws IllegalArgumentException when a parameter is wrong
   */
  Link wrap(Link link, Map<String, String> parameters) throws LinkException;
}
