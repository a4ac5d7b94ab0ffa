package wisp.drivers;

import java.util.List;
import java.util.stream.Stream;
import wisp.core.ip.IpPrefix;

/**
 * A parameter with several values, joined by {@code +}: the comma is taken by the link's
 * parameters.
 */
public final class PrefixList {
  private PrefixList() {}

  /**
   * Reads {@code 10.9.1.0/24+fd09::/64}; nothing: none.
   *
   * @throws IllegalArgumentException in one line for the user
   */
  public static List<IpPrefix> parse(String text) {
    return items(text).stream().map(IpPrefix::parse).toList();
  }

  /** The values without the blanks around them. */
  public static List<String> items(String text) {
    return Stream.of(text.split("\\+", -1)).map(String::strip).filter(i -> !i.isEmpty()).toList();
  }
}
