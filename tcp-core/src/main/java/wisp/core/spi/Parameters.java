package wisp.core.spi;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Values for {@link Parameter}s, checked: unknown names are refused, numbers may carry {@code k},
 * {@code M}, {@code G} (thousands) or {@code Ki}, {@code Mi}, {@code Gi}.
 */
public final class Parameters {
  private final Map<String, String> values = new TreeMap<>();

  private Parameters() {}

  /**
   * Fills defaults in.
   *
   * @param owner named in errors, such as {@code slab}
   * @throws IllegalArgumentException naming an unknown parameter and those that exist
   */
  public static Parameters of(String owner, List<Parameter> known, Map<String, String> given) {
    var result = new Parameters();
    for (Parameter parameter : known) {
      result.values.put(parameter.name(), parameter.defaultValue());
    }
    for (var entry : given.entrySet()) {
      if (!result.values.containsKey(entry.getKey())) {
        throw new IllegalArgumentException(
            owner
                + " has no parameter '"
                + entry.getKey()
                + "'; it has "
                + (known.isEmpty() ? "none" : result.values.keySet()));
      }
      result.values.put(entry.getKey(), entry.getValue());
    }
    return result;
  }

  /** The text of a declared parameter. */
  public String text(String name) {
    String value = values.get(name);
    if (value == null) {
      throw new IllegalArgumentException("undeclared parameter " + name);
    }
    return value;
  }

  /**
   * The value of a declared parameter as a whole number.
   *
   * @throws IllegalArgumentException naming the parameter, the value and the range
   */
  public long number(String name, long least, long most) {
    long number;
    try {
      number = parse(text(name));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          name + "=" + text(name) + " is not a whole number (1k = 1000, 1Ki = 1024)", e);
    }
    if (number < least || number > most) {
      throw new IllegalArgumentException(
          name + "=" + text(name) + " is outside " + least + " … " + most);
    }
    return number;
  }

  /**
   * Whether a declared parameter is {@code on}.
   *
   * @throws IllegalArgumentException when it is neither on nor off
   */
  public boolean isOn(String name) {
    return switch (text(name)) {
      case "on" -> true;
      case "off" -> false;
      default ->
          throw new IllegalArgumentException(name + "=" + text(name) + " is neither on nor off");
    };
  }

  /** A whole number with an optional suffix: {@code 64Ki}, {@code 1.5M}, {@code 250000}. */
  public static long parse(String text) {
    String digits = text.strip();
    long factor = 1;
    int kilo = 1000;
    if (digits.endsWith("i")) {
      kilo = 1024;
      digits = digits.substring(0, digits.length() - 1);
    }
    int scale =
        digits.isEmpty()
            ? -1
            : "kmg".indexOf(Character.toLowerCase(digits.charAt(digits.length() - 1)));
    if (scale >= 0) {
      for (int i = 0; i <= scale; i++) {
        factor *= kilo;
      }
      digits = digits.substring(0, digits.length() - 1);
    } else if (kilo == 1024) {
      throw new NumberFormatException(text);
    }
    int point = digits.indexOf('.');
    if (point < 0) {
      return times(Long.parseLong(digits), factor, text);
    }
    String decimals = digits.substring(point + 1);
    if (!digits.matches("-?[0-9]+\\.[0-9]{1,9}")) {
      throw new NumberFormatException(text);
    }
    // 1.25M = 125 · (1M / 100), which must be whole.
    long divisor = 1;
    for (int i = 0; i < decimals.length(); i++) {
      divisor *= 10;
    }
    long scaled = times(Long.parseLong(digits.replace(".", "")), factor, text);
    if (scaled % divisor != 0) {
      throw new NumberFormatException(text);
    }
    return scaled / divisor;
  }

  private static long times(long number, long factor, String text) {
    try {
      return Math.multiplyExact(number, factor);
    } catch (ArithmeticException e) {
      throw new NumberFormatException(text);
    }
  }
}
