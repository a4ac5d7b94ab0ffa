package wisp.lab.results;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * JSON (RFC 8259) to and from plain Java: {@code Map}, {@code List}, {@code String}, {@code
 * Number}, {@code Boolean}, {@code null}. Enough for {@code run.json} and for lines between
 * processes; a library would be larger than the need.
 */
public final class Json {
  private Json() {}

  /** On one line. */
  public static String line(@Nullable Object value) {
    var text = new StringBuilder();
    write(text, value, -1);
    return text.toString();
  }

  /** Indented by two spaces, with a newline at the end. */
  public static String pretty(@Nullable Object value) {
    var text = new StringBuilder();
    write(text, value, 0);
    return text.append('\n').toString();
  }

  /** What the text says; whole numbers come as {@code Long}, others as {@code Double}. */
  public static @Nullable Object parse(String text) {
    return new JsonReader(text).document();
  }

  /** The text, which must be an object. */
  @SuppressWarnings("unchecked")
  public static Map<String, @Nullable Object> parseObject(String text) {
    if (parse(text) instanceof Map<?, ?> map) {
      return (Map<String, @Nullable Object>) map;
    }
    throw new IllegalArgumentException("not a JSON object: " + abbreviated(text));
  }

  static String abbreviated(String text) {
    return text.length() <= 60 ? text : text.substring(0, 57) + "...";
  }

  private static void write(StringBuilder text, @Nullable Object value, int indent) {
    switch (value) {
      case null -> text.append("null");
      case Map<?, ?> map -> {
        var entries = new ArrayList<Runnable>();
        map.forEach(
            (key, entry) ->
                entries.add(
                    () -> {
                      string(text, String.valueOf(key));
                      text.append(": ");
                      write(text, entry, indent < 0 ? -1 : indent + 1);
                    }));
        group(text, '{', '}', entries, indent);
      }
      case Iterable<?> list -> {
        var entries = new ArrayList<Runnable>();
        list.forEach(entry -> entries.add(() -> write(text, entry, indent < 0 ? -1 : indent + 1)));
        group(text, '[', ']', entries, indent);
      }
      case Double number ->
          text.append(
              Double.isFinite(number)
                  ? number == Math.rint(number) && Math.abs(number) < 1e15
                      ? Long.toString(number.longValue())
                      : number.toString()
                  : "null");
      case Number number -> text.append(number);
      case Boolean bool -> text.append(bool);
      default -> string(text, value.toString());
    }
  }

  private static void group(
      StringBuilder text, char open, char close, List<Runnable> entries, int indent) {
    text.append(open);
    for (int i = 0; i < entries.size(); i++) {
      text.append(i == 0 ? "" : indent < 0 ? ", " : ",");
      newLine(text, indent < 0 ? -1 : indent + 1);
      entries.get(i).run();
    }
    if (!entries.isEmpty()) {
      newLine(text, indent);
    }
    text.append(close);
  }

  private static void newLine(StringBuilder text, int indent) {
    if (indent >= 0) {
      text.append('\n').append("  ".repeat(indent));
    }
  }

  private static void string(StringBuilder text, String value) {
    text.append('"');
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      switch (c) {
        case '"' -> text.append("\\\"");
        case '\\' -> text.append("\\\\");
        case '\n' -> text.append("\\n");
        case '\t' -> text.append("\\t");
        case '\r' -> text.append("\\r");
        default -> {
          if (c < ' ') {
            text.append(String.format("\\u%04x", (int) c));
          } else {
            text.append(c);
          }
        }
      }
    }
    text.append('"');
  }

  /** An object with these entries, in this order: name, value, name, value … */
  public static Map<String, @Nullable Object> object(@Nullable Object... namesAndValues) {
    var map = new LinkedHashMap<String, @Nullable Object>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      map.put(String.valueOf(namesAndValues[i]), namesAndValues[i + 1]);
    }
    return map;
  }
}
