package wisp.core.spi;

/**
 * A parameter of a strategy or a link, as the user sees it.
 *
 * @param name as written on the command line: {@code name=value}
 * @param defaultValue what holds when it is not given
 * @param unit what the number counts, such as {@code bytes}
 * @param description one line
 */
public record Parameter(String name, String defaultValue, String unit, String description) {}
