package wisp.drivers;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Takes link specifications apart: {@code provider[:[name,]parameter=value,…][+wrapper:…]…}.
 *
 * <p>A {@code +} also stands inside values ({@code host=10.9.0.1/16+fd09::1/64}), so it begins a
 * wrapper only when the name of one follows, and after that {@code :}, {@code +} or the end. A name
 * that is followed by {@code :} and is no wrapper's is refused, unless it can be a group of an IPv6
 * address.
 */
final class LinkSpecs {
  /** A word after a plus, and what ends it. */
  private static final Pattern PLUS =
      Pattern.compile("\\+\\s*(?<word>[A-Za-z][A-Za-z0-9-]*)\\s*(?<after>[:+,]|$)");

  private static final Pattern ADDRESS_GROUP = Pattern.compile("[0-9A-Fa-f]{1,4}");

  private final String text;
  private final List<LinkWrapperProvider> wrappers;

  private LinkSpecs(String text, List<LinkWrapperProvider> wrappers) {
    this.text = text;
    this.wrappers = wrappers;
  }

  /**
   * Takes a specification apart.
   *
   * @throws IllegalArgumentException in one line for the user
   */
  static Links.Spec parse(String text, List<LinkWrapperProvider> wrappers) {
    for (LinkWrapperProvider wrapper : wrappers) {
      if (!wrapper.name().matches("[a-z]+") || isAddressGroup(wrapper.name())) {
        throw new IllegalArgumentException(
            "a wrapper can't be called '"
                + wrapper.name()
                + "': lower-case letters, and nothing that could be part of an IPv6 address");
      }
    }
    return new LinkSpecs(text, wrappers).parse();
  }

  private Links.Spec parse() {
    List<String> pieces = pieces();
    String base = pieces.getFirst();
    var stages = new ArrayList<Links.Stage>();
    for (String piece : pieces.subList(1, pieces.size())) {
      String name = name(piece);
      stages.add(new Links.Stage(name, parameters(piece, firstParameter(wrapper(name)))));
    }
    return new Links.Spec(name(base), parameters(base, "name"), List.copyOf(stages));
  }

  /** The link, then each wrapper, without the plus before it. */
  private List<String> pieces() {
    var pieces = new ArrayList<String>();
    int begin = 0;
    boolean hasColon = false;
    Matcher plus = PLUS.matcher(text);
    for (int from = 0; plus.find(from); from = plus.end("word")) {
      hasColon |= text.substring(from, plus.start()).contains(":");
      String word = plus.group("word");
      String after = plus.group("after");
      if (wrapper(word) != null) {
        if (after.equals(",")) {
          throw new IllegalArgumentException(
              "'+"
                  + word
                  + ",' in '"
                  + text
                  + "' could be a wrapper or part of a value; a wrapper's parameters follow a"
                  + " colon: +"
                  + word
                  + ":…");
        }
        pieces.add(text.substring(begin, plus.start()));
        begin = plus.start("word");
        hasColon = false;
      } else if (!hasColon || (after.equals(":") && !isAddressGroup(word))) {
        throw new IllegalArgumentException(
            "there is no wrapper '"
                + word
                + "' as in '"
                + text
                + "'; there are: "
                + wrappers.stream()
                    .map(LinkWrapperProvider::name)
                    .collect(Collectors.joining(", ")));
      }
    }
    pieces.add(text.substring(begin));
    return pieces;
  }

  private static String name(String piece) {
    int colon = piece.indexOf(':');
    return (colon < 0 ? piece : piece.substring(0, colon)).strip();
  }

  private Map<String, String> parameters(String piece, String first) {
    var parameters = new LinkedHashMap<String, String>();
    int colon = piece.indexOf(':');
    if (colon < 0) {
      return parameters;
    }
    String[] items = piece.substring(colon + 1).split(",", -1);
    for (int i = 0; i < items.length; i++) {
      int equals = items[i].indexOf('=');
      if (equals == 0 || (equals < 0 && (i > 0 || items[i].isBlank()))) {
        throw new IllegalArgumentException(
            "'"
                + items[i]
                + "' in '"
                + text
                + "' is not parameter=value; write it like"
                + " tun:wa,host=10.9.0.1/16,mtu=1500");
      }
      String name = equals < 0 ? first : items[i].substring(0, equals).strip();
      String value = items[i].substring(equals + 1).strip();
      if (parameters.put(name, value) != null) {
        throw new IllegalArgumentException("'" + name + "' is given twice in '" + text + "'");
      }
    }
    return parameters;
  }

  private @Nullable LinkWrapperProvider wrapper(String name) {
    return wrappers.stream().filter(w -> w.name().equals(name)).findFirst().orElse(null);
  }

  private static String firstParameter(@Nullable LinkWrapperProvider wrapper) {
    return wrapper == null || wrapper.parameters().isEmpty()
        ? "name"
        : wrapper.parameters().getFirst().name();
  }

  private static boolean isAddressGroup(String word) {
    return ADDRESS_GROUP.matcher(word).matches();
  }
}
