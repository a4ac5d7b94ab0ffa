package wisp.drivers.linux;

import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What a process may do beyond what everybody may (capabilities(7)). */
public enum Capability {
  NET_ADMIN(12),
  NET_RAW(13);

  private final int number;

  Capability(int number) {
    this.number = number;
  }

  /**
   * Which of these this process lacks and what to do, in one line; null when it has all.
   *
   * @param who needs them, such as {@code rawip}
   */
  public static @Nullable String missing(String who, Capability... needed) {
    return missing(who, capability -> Linux.hasCapability(capability.number), needed);
  }

  /** The same, of whom {@code has} tells. */
  static @Nullable String missing(String who, Predicate<Capability> has, Capability... needed) {
    List<Capability> missing = Arrays.stream(needed).filter(has.negate()).toList();
    return missing.isEmpty() ? null : remedy(who, missing);
  }

  /** What to say where the kernel itself has refused. */
  public static String remedy(String who, Capability capability) {
    return remedy(who, List.of(capability));
  }

  private static String remedy(String who, List<Capability> missing) {
    return who
        + " needs "
        + join(missing, "CAP_", " and ")
        + "; run as root: sudo ./wisp … (in a container: "
        + join(missing, "--cap-add ", " ")
        + ")";
  }

  private static String join(List<Capability> all, String prefix, String between) {
    return all.stream().map(each -> prefix + each.name()).collect(Collectors.joining(between));
  }
}
