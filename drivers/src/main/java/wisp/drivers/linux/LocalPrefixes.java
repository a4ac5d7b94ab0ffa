package wisp.drivers.linux;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import wisp.core.ip.IpAddress;
import wisp.core.ip.IpPrefix;

/**
 * IPv4 addresses that the kernel takes for this machine's in the calling thread's network
 * namespace: those of interfaces, and prefixes that somebody has made local. They are the leaves of
 * its routing table that say so (Linux {@code net/ipv4/fib_trie.c}, {@code fib_trie_seq_show}):
 *
 * <pre>
 *   |-- 10.9.0.2
 *      /32 host LOCAL
 * </pre>
 */
public final class LocalPrefixes {
  private static final Path TABLE = Path.of("/proc/thread-self/net/fib_trie");
  private static final Pattern LEAF = Pattern.compile("\\|-- (\\S+)");
  private static final Pattern LOCAL = Pattern.compile("/(\\d+) \\S+ LOCAL");

  private LocalPrefixes() {}

  /** All of them; none where the kernel does not tell. */
  public static List<IpPrefix> all() {
    try (Stream<String> lines = Files.lines(TABLE)) {
      return read(lines.toList());
    } catch (IOException | UncheckedIOException e) {
      return List.of();
    }
  }

  /** One that shares addresses with a prefix; {@code null}: none does. */
  public static @Nullable IpPrefix overlapping(IpPrefix prefix) {
    return all().stream()
        .filter(local -> holds(local, prefix.address()) || holds(prefix, local.address()))
        .findFirst()
        .orElse(null);
  }

  private static boolean holds(IpPrefix prefix, IpAddress address) {
    return prefix.contains(address.high(), address.low());
  }

  /** Takes the kernel's text apart. */
  static List<IpPrefix> read(List<String> lines) {
    Set<IpPrefix> all = new LinkedHashSet<>();
    String leaf = "";
    for (String line : lines) {
      Matcher local = LOCAL.matcher(line);
      Matcher begin = LEAF.matcher(line);
      if (begin.find()) {
        leaf = begin.group(1);
      } else if (local.find()) {
        all.add(IpPrefix.parse(leaf + "/" + local.group(1)));
      }
    }
    return List.copyOf(all);
  }
}
